"""Recordings as platforms play them: Ogg Opus, AMR, SILK. Needs the extra `media` (PyAV, silk-python).

AMR: 8 kHz, 12.2 kbit/s (RFC 4867). Opus: 16 kHz, as open.feishu.cn has it ("upload a file", im-v1/file/create). SILK as
Tencent's clients have it: 24 kHz, a byte of 2 before the header; more than 25 kbit/s is not played on every client.
"""

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from imbridge.media.formats import is_amr, is_opus, is_silk, sound_in

EXTRA = "imbridge[media]"
MOST_SECONDS = 600.0
"""Of a recording that an account says no limit for."""
_RATES = {"opus": 16_000, "amr": 8_000, "silk": 24_000}
_ENCODERS = {"opus": ("libopus", "ogg", 24_000), "amr": ("libopencore_amrnb", "amr", 12_200)}
SUFFIXES = {"opus": ".ogg", "amr": ".amr", "silk": ".silk"}
_SILK_BITS = 24_000
_MOST_SILK = 4 << 20
"""Bytes of SILK that are decoded, all at once: more than ten minutes."""
_SAMPLE = 2


class NotConvertedError(Exception):
    """A recording is not what an account plays, and cannot be made so; its text says why, for people."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is converted.

    Attributes:
        seconds: Of the recording.
        size: Bytes of what comes out; 0 for no bound.
        within: Seconds that the conversion may take.
    """

    seconds: float = MOST_SECONDS
    size: int = 0
    within: float = 60.0


def format_of(head: bytes) -> str:
    """What a recording is in: `opus`, `amr`, `silk`, or the name of its container; empty for what is no known sound."""
    if is_opus(head):
        return "opus"
    if is_amr(head):
        return "amr"
    return "silk" if is_silk(head) else sound_in(head)


def convert(source: bytes | Path, head: bytes, wanted: str, into: Path, bounds: Bounds, stop: threading.Event) -> float:
    """Write a recording in another format. It blocks: call it in a thread.

    Args:
        source: The recording.
        head: Its first bytes, which say what it is: nothing else is tried, for some formats name other files.
        wanted: `opus`, `amr` or `silk`.
        into: The file to write.
        bounds: How much.
        stop: Ends it.

    Returns:
        Its seconds.

    Raises:
        NotConvertedError: the extra is missing, it is no sound that can be read, or more than the bounds allow.
        OSError: a file cannot be read or written.
    """
    found = format_of(head)
    if not found:
        raise NotConvertedError("what it is in is not known")
    run = _Run(bounds, stop, time.monotonic() + bounds.within)
    try:
        with _opened(source) as file, into.open("wb") as out:
            sound = run.checked(_from_silk(file) if found == "silk" else _decoded(file, found, _RATES[wanted]))
            if found == "silk" and wanted != "silk":
                sound = _resampled(sound, _RATES["silk"], _RATES[wanted])
            if wanted == "silk":
                _to_silk(sound, out)
            else:
                _encoded(sound, wanted, out)
            if bounds.size and out.tell() > bounds.size:
                raise NotConvertedError(f"it has more than {bounds.size >> 20} MB even so")
    except ImportError as error:
        raise NotConvertedError(f"other formats are converted with the extra {EXTRA}") from error
    if not run.seconds:
        raise NotConvertedError("there is no sound in it")
    return run.seconds


@dataclass(slots=True)
class _Run:
    """One conversion: how far it is, and whether it may go on."""

    bounds: Bounds
    stop: threading.Event
    until: float
    seconds: float = 0.0

    def checked(self, sound: Iterator[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
        for samples, rate in sound:
            self.seconds += len(samples) / _SAMPLE / rate
            if self.seconds > self.bounds.seconds:
                raise NotConvertedError(f"it is longer than {self.bounds.seconds:g} seconds")
            if self.stop.is_set() or time.monotonic() > self.until:
                raise NotConvertedError(f"it was not converted within {self.bounds.within:g} seconds")
            yield samples, rate


def _opened(source: bytes | Path) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _decoded(file: BinaryIO, container: str, rate: int) -> Iterator[tuple[bytes, int]]:
    """Its first sound, as samples of 16 bits of one channel."""
    import av

    container = {"opus": "ogg"}.get(container, container)
    try:
        with av.open(file, "r", format=container) as source:
            if not source.streams.audio:
                return
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
            for frame in source.decode(source.streams.audio[0]):
                for ready in resampler.resample(frame):
                    yield _samples(ready), rate
            for ready in resampler.resample(None):
                yield _samples(ready), rate
    except (av.FFmpegError, ValueError) as error:  # ValueError: tags that are no text, a rate that changes on the way
        why = error.strerror if isinstance(error, av.FFmpegError) else error
        raise NotConvertedError(f"it cannot be read as {container}: {why}") from error


def _samples(frame: Any) -> bytes:
    return bytes(frame.planes[0])[: frame.samples * _SAMPLE]


def _resampled(sound: Iterator[tuple[bytes, int]], before: int, rate: int) -> Iterator[tuple[bytes, int]]:
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    for samples, _ in sound:
        for ready in resampler.resample(_frame(samples, before)):
            yield _samples(ready), rate


def _frame(samples: bytes, rate: int) -> Any:
    import av

    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // _SAMPLE)
    frame.planes[0].update(samples.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate = rate
    return frame


def _encoded(sound: Iterator[tuple[bytes, int]], wanted: str, out: BinaryIO) -> None:
    import av

    codec, container, bits = _ENCODERS[wanted]
    try:
        with av.open(out, "w", format=container) as sink:
            stream: Any = sink.add_stream(codec, rate=_RATES[wanted])
            stream.layout = "mono"
            stream.bit_rate = bits
            for samples, rate in sound:
                if samples:
                    sink.mux(stream.encode(_frame(samples, rate)))
            sink.mux(stream.encode(None))
    except av.codec.codec.UnknownCodecError as error:
        raise NotConvertedError(f"the installed PyAV writes no {wanted} ({EXTRA} has one that does)") from error
    except av.FFmpegError as error:
        raise NotConvertedError(f"it cannot be written as {wanted}: {error.strerror}") from error


def _from_silk(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    import pysilk

    sound = io.BytesIO()
    try:
        data = file.read(_MOST_SILK + 1)
        if len(data) > _MOST_SILK:
            raise NotConvertedError("it is too long")
        pysilk.decode(io.BytesIO(data), sound, _RATES["silk"])
    except pysilk.SilkError as error:
        raise NotConvertedError(f"it cannot be read as SILK: {error}") from error
    sound.seek(0)
    while piece := sound.read(_RATES["silk"] * _SAMPLE):
        yield piece, _RATES["silk"]


def _to_silk(sound: Iterator[tuple[bytes, int]], out: BinaryIO) -> None:
    import pysilk

    samples = io.BytesIO(b"".join(piece for piece, _ in sound))
    try:
        pysilk.encode(samples, out, _RATES["silk"], _SILK_BITS, tencent=True)
    except pysilk.SilkError as error:
        raise NotConvertedError(f"it cannot be written as SILK: {error}") from error
