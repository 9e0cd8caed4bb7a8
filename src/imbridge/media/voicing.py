"""Recordings of a reply, made into what the account plays; else files, with the reason."""

import asyncio
import threading
from pathlib import Path

from imbridge.media.voices import MOST_SECONDS, SUFFIXES, Bounds, NotConvertedError, convert, format_of
from imbridge.protocol import Audio, Capabilities, Degradation, Element, Loss, Text
from imbridge.rendering.media import as_file, link_to

_HEAD = 4096
NAMES = {"opus": "Ogg Opus", "amr": "AMR", "silk": "SILK", "mp3": "MP3", "wav": "WAV", "flac": "FLAC"}
"""What people call the formats of recordings."""


def may_need_voice(element: Element, capabilities: Capabilities) -> bool:
    """Whether it is a recording that is to be looked at: the account plays some formats, and not all."""
    if not isinstance(element, Audio) or not capabilities.voices or "audio" not in capabilities.sends:
        return False
    return element.is_at_hand or bool(element.url)


async def voiced(
    elements: tuple[Element, ...], capabilities: Capabilities, folder: Path
) -> tuple[tuple[Element, ...], list[Degradation]]:
    """The elements with recordings in a format that the account plays.

    Args:
        elements: With their media at hand.
        capabilities: What the account plays.
        folder: Where new files go.
    """
    lost: list[Degradation] = []
    made: list[Element] = []
    for number, element in enumerate(elements):
        if isinstance(element, Audio) and element.is_at_hand and may_need_voice(element, capabilities):
            made.append(await _one(element, capabilities, folder / f"voice-{number}", lost))
        else:
            made.append(element)
    return tuple(made), lost


async def _one(audio: Audio, capabilities: Capabilities, folder: Path, lost: list[Degradation]) -> Element:
    try:
        head = await asyncio.to_thread(_head_of, audio)
    except (OSError, ValueError):
        return audio  # what is wrong with the file is said where it is sent
    if not head or format_of(head) in capabilities.voices:
        return audio
    wanted = capabilities.voices[0]
    bounds = Bounds(seconds=capabilities.voice_seconds or MOST_SECONDS, size=capabilities.voice_bytes)
    stem = Path(audio.path).stem if audio.path else "audio"
    await asyncio.to_thread(folder.mkdir)
    into = folder / f"{stem}{SUFFIXES[wanted]}"
    source = audio.data if audio.data is not None else Path(audio.path or "")
    try:
        seconds = await _converted(source, head, wanted, into, bounds)
    except NotConvertedError as error:
        played = " and ".join(NAMES[voice] for voice in capabilities.voices)
        return _stand_in(audio, head, f"this account plays {played} as a voice message: {error}", capabilities, lost)
    size = (await asyncio.to_thread(into.stat)).st_size
    return audio.model_copy(
        update={"data": None, "path": str(into), "size": size, "mime": None, "duration": round(seconds, 3)}
    )


async def _converted(source: bytes | Path, head: bytes, wanted: str, into: Path, bounds: Bounds) -> float:
    """In a thread, which is told when nobody waits any more, and then waited for: the file is gone after this."""
    stop = threading.Event()
    converting = asyncio.ensure_future(asyncio.to_thread(convert, source, head, wanted, into, bounds, stop))
    try:
        return await asyncio.shield(converting)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait((converting,))
        if not converting.cancelled():
            converting.exception()  # that it was ended
        raise


def _stand_in(audio: Audio, head: bytes, why: str, capabilities: Capabilities, lost: list[Degradation]) -> Element:
    if "file" in capabilities.sends:
        lost.append(Degradation(loss=Loss.REPLACED, what="audio", how="file", why=why))
        return as_file(audio, head)
    if audio.url:
        lost.append(Degradation(loss=Loss.REPLACED, what="audio", how="link", why=why))
        return link_to(audio)
    lost.append(Degradation(loss=Loss.AS_TEXT, what="audio", how="text", why=why))
    return Text(audio.as_text())


def _head_of(audio: Audio) -> bytes:
    if audio.data is not None:
        return audio.data[:_HEAD]
    path = Path(audio.path or "")
    if not path.is_file():  # opening a pipe waits for somebody to write to it
        return b""
    with path.open("rb") as file:
        return file.read(_HEAD)
