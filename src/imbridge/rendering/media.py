"""Media against what an account can send: as it is, as a file, or as a line of text that names it."""

from pathlib import Path

from imbridge.protocol import Capabilities, Degradation, Element, File, Image, Link, Loss, Media, Sticker, Text
from imbridge.rendering.parts import Part

_SUFFIXES = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp",
    "audio/ogg": ".ogg", "audio/opus": ".opus", "audio/mpeg": ".mp3", "audio/amr": ".amr", "audio/wav": ".wav",
    "audio/mp4": ".m4a", "video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm",
}  # fmt: skip
_SIGNATURES = (
    (0, b"\x89PNG", ".png"), (0, b"\xff\xd8\xff", ".jpg"), (0, b"GIF8", ".gif"), (8, b"WEBP", ".webp"),
    (0, b"OggS", ".ogg"), (0, b"ID3", ".mp3"), (0, b"#!AMR", ".amr"), (8, b"WAVE", ".wav"), (0, b"%PDF", ".pdf"),
    (4, b"ftypM4A", ".m4a"), (4, b"ftypqt", ".mov"), (4, b"ftyp", ".mp4"),
)  # fmt: skip


def place(media: Media, capabilities: Capabilities) -> tuple[Element, Degradation | None]:
    """What to send for a media element: itself, a `File` or `Image` with the same bytes, or words for it.

    Those are a `Link` to it when it came by address, else a `Text` that names it.

    A limit of 0 bytes means that the adapter knows none. Media without content (they carry a platform's key) are sent
    as what they are or not at all, for a key belongs to its type.
    """
    kind = word_for(media)
    refusal = _refusal(media, kind, capabilities)
    if refusal is None:
        return media, None
    for stand_in in _stand_ins(media):
        if _refusal(stand_in, word_for(stand_in), capabilities) is None:
            return stand_in, Degradation(loss=Loss.REPLACED, what=kind, how=word_for(stand_in), why=refusal)
    if media.url:
        return link_to(media), Degradation(loss=Loss.REPLACED, what=kind, how="link", why=refusal)
    return Text(_note(media, kind)), Degradation(loss=Loss.AS_TEXT, what=kind, how="text", why=refusal)


def link_to(media: Media) -> Link:
    """A link to where it came from."""
    return Link(url=media.url or "", title=getattr(media, "name", "") or getattr(media, "alt", ""))


def word_for(element: Element) -> str:
    """The element's discriminator: the word for it in capabilities and degradations."""
    word = getattr(element, "type", None)
    return word if isinstance(word, str) else type(element).__name__.lower()


def word_for_part(part: Part) -> str:
    """The word for a part: that of the element which it is, or of its kind (`text`, `rich`, `markdown`)."""
    return word_for(part.elements[0]) if part.kind.alone else part.kind.value


def _refusal(media: Media, kind: str, capabilities: Capabilities) -> str | None:
    """Why this cannot be sent as what it is."""
    if kind not in capabilities.sends:
        return f"this account cannot send {kind}"
    limit = capabilities.image_bytes if isinstance(media, Image | Sticker) else capabilities.file_bytes
    size = _size(media)
    if limit and size is not None and size > limit:
        return f"its {readable(size)} are more than the {readable(limit)} allowed"
    return None


def _stand_ins(media: Media) -> list[Media]:
    """What else the same content can be sent as, best first."""
    if not media.has_content:
        return []
    others: list[Media] = []
    if isinstance(media, Sticker):
        others.append(Image(data=media.data, path=media.path, url=media.url, mime=media.mime, size=media.size))
    if not isinstance(media, File):
        others.append(as_file(media, media.data or b""))
    return others


def as_file(media: Media, head: bytes) -> File:
    """The same content as a file with a name; `head` is its beginning, as far as it is at hand."""
    name = getattr(media, "name", "") or (Path(media.path).name if media.path else "")
    if not name:
        name = f"{word_for(media)}{suffix_for(media.mime, head)}"
    return File(data=media.data, path=media.path, url=media.url, mime=media.mime, size=media.size, name=name)


def suffix_for(mime: str | None, head: bytes) -> str:
    """The suffix of a file's name (`.png`), by its media type or its first bytes; empty when neither tells."""
    suffix = _SUFFIXES.get(mime or "")
    if suffix is None:
        found = (suffix for start, signature, suffix in _SIGNATURES if head.startswith(signature, start))
        suffix = next(found, "")
    return suffix


def _note(media: Media, kind: str) -> str:
    """Names what is missing, with its size, as `[file: report.pdf, 31.2 MB]`; a transcript speaks for itself."""
    shown = media.as_text() or f"[{kind}]"
    size = _size(media)
    if size is None or not shown.endswith("]"):
        return shown
    return f"{shown[:-1]}, {readable(size)}]"


def _size(media: Media) -> int | None:
    return media.size if media.data is None else len(media.data)


def readable(size: int) -> str:
    """A number of bytes, for people."""
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024:.1f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"
