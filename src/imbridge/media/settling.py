"""What media of a reply are, looked at before anything is rendered: their size, and whether a picture is one there."""

import asyncio
import os
import stat
from pathlib import Path

from imbridge.media.formats import picture_in
from imbridge.protocol import Capabilities, Degradation, Element, Image, Loss, Media, Sticker, Text
from imbridge.rendering.media import as_file, link_to, word_for

_HEAD = 4096
NAMES = {
    "png": "PNG", "jpg": "JPG", "gif": "GIF", "webp": "WebP", "bmp": "BMP", "tiff": "TIFF", "ico": "ICO",
    "heic": "HEIC", "avif": "AVIF", "svg": "SVG",
}  # fmt: skip
"""What people call the formats of pictures."""


def is_looked_at(element: Element, capabilities: Capabilities) -> bool:
    """Whether there is something to be found out about it."""
    if not isinstance(element, Media) or element.is_at_hand is False:
        return False
    pictured = isinstance(element, Image | Sticker) and bool(capabilities.images)
    return pictured or (element.data is None and element.size is None)


async def settled(
    elements: tuple[Element, ...], capabilities: Capabilities
) -> tuple[tuple[Element, ...], list[Degradation]]:
    """The elements with their sizes, and files in place of pictures that the account does not show.

    What cannot be read is left as it is: whoever sends it says so.
    """
    made: list[Element] = []
    lost: list[Degradation] = []
    for element in elements:
        if isinstance(element, Media) and is_looked_at(element, capabilities):
            made.append(await _one(element, capabilities, lost))
        else:
            made.append(element)
    return tuple(made), lost


async def _one(media: Media, capabilities: Capabilities, lost: list[Degradation]) -> Element:
    try:
        size, head = await asyncio.to_thread(_look, media)
    except (OSError, ValueError):
        return media
    if media.data is None and media.size is None:
        media = media.model_copy(update={"size": size})
    if not isinstance(media, Image | Sticker) or not capabilities.images or not size:
        return media
    found = picture_in(head)
    if found in capabilities.images:
        return media
    shown = ", ".join(NAMES[name] for name in capabilities.images)
    why = f"this account shows {shown} as images, and this is {NAMES.get(found, 'none of them')}"
    word = word_for(media)
    if "file" in capabilities.sends:
        lost.append(Degradation(loss=Loss.REPLACED, what=word, how="file", why=why))
        return as_file(media, head)
    if media.url:
        lost.append(Degradation(loss=Loss.REPLACED, what=word, how="link", why=why))
        return link_to(media)
    lost.append(Degradation(loss=Loss.AS_TEXT, what=word, how="text", why=why))
    return Text(media.as_text())


def _look(media: Media) -> tuple[int, bytes]:
    if media.data is not None:
        return len(media.data), media.data[:_HEAD]
    path = Path(media.path or "")
    if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe waits for somebody to write to it
        raise OSError("no file")
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_size, file.read(_HEAD)
