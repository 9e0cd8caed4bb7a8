"""Media against what an account can send: as it is, as a file, or as a line of text that names it."""

from imbridge.protocol import Capabilities, Degradation, Element, File, Image, Media, Sticker, Text, Video

_SUFFIXES = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp",
    "audio/ogg": ".ogg", "audio/opus": ".opus", "audio/mpeg": ".mp3", "audio/amr": ".amr", "audio/wav": ".wav",
    "audio/mp4": ".m4a", "video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm",
}  # fmt: skip
_SIGNATURES = ((b"\x89PNG", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"OggS", ".ogg"))


def place(media: Media, capabilities: Capabilities) -> tuple[Element, Degradation | None]:
    """What to send for a media element: itself, a `File` or `Image` with the same bytes, or a `Text` that names it.

    A limit of 0 bytes means that the adapter knows none. Media without bytes (they carry a platform's key) are sent as
    what they are or not at all, for a key belongs to its type.
    """
    kind = word_for(media)
    refusal = _refusal(media, kind, capabilities)
    if refusal is None:
        return media, None
    for stand_in in _stand_ins(media):
        if _refusal(stand_in, word_for(stand_in), capabilities) is None:
            return stand_in, Degradation(what=kind, how=word_for(stand_in), why=refusal)
    return Text(_note(media, kind)), Degradation(what=kind, how="text", why=refusal)


def word_for(element: Element) -> str:
    """The element's discriminator: the word for it in capabilities and degradations."""
    word = getattr(element, "type", None)
    return word if isinstance(word, str) else type(element).__name__.lower()


def _refusal(media: Media, kind: str, capabilities: Capabilities) -> str | None:
    """Why this cannot be sent as what it is."""
    if kind not in capabilities.sends:
        return f"this account cannot send {kind}"
    limit = capabilities.image_bytes if isinstance(media, Image | Sticker) else capabilities.file_bytes
    size = _size(media)
    if limit and size is not None and size > limit:
        return f"its {_readable(size)} are more than the {_readable(limit)} allowed"
    return None


def _stand_ins(media: Media) -> list[Media]:
    """What else the same bytes can be sent as, best first."""
    if media.data is None:
        return []
    others: list[Media] = []
    if isinstance(media, Sticker):
        others.append(Image(data=media.data, mime=media.mime, size=media.size))
    if not isinstance(media, File):
        others.append(File(data=media.data, mime=media.mime, size=media.size, name=_file_name(media)))
    return others


def _file_name(media: Media) -> str:
    if isinstance(media, Video) and media.name:
        return media.name
    suffix = _SUFFIXES.get(media.mime or "")
    if suffix is None:
        data = media.data or b""
        suffix = next((suffix for signature, suffix in _SIGNATURES if data.startswith(signature)), "")
    return f"{word_for(media)}{suffix}"


def _note(media: Media, kind: str) -> str:
    """Names what is missing, with its size, as `[file: report.pdf, 31.2 MB]`; a transcript speaks for itself."""
    shown = media.as_text() or f"[{kind}]"
    size = _size(media)
    if size is None or not shown.endswith("]"):
        return shown
    return f"{shown[:-1]}, {_readable(size)}]"


def _size(media: Media) -> int | None:
    return media.size if media.data is None else len(media.data)


def _readable(size: int) -> str:
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024:.1f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"
