"""What a file is, by its first bytes: that decides as which kind of media it is uploaded. Pure.

Source: developers.weixin.qq.com, doc/service/api/material/temporary/api_uploadtempmedia.
"""

from dataclasses import dataclass

from imbridge.protocol import Audio, Image, Media, Sticker, Video


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of upload.

    Attributes:
        kind: The platform's word.
        most: Bytes at most.
        shown: What it takes, for people.
    """

    kind: str
    most: int
    shown: str


IMAGE = Format("image", 10 << 20, "a JPG, PNG or GIF of at most 10 MB")
VOICE = Format("voice", 2 << 20, "an AMR or MP3 of at most 2 MB and 60 s")
VIDEO = Format("video", 10 << 20, "an MP4 of at most 10 MB")
COVER = Format("thumb", 64 << 10, "a JPG of at most 64 KB")

_NOT_MP4 = frozenset({b"qt  ", b"M4A ", b"M4B ", b"M4P ", b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"})


def format_of(media: Media) -> Format | None:
    """As what an element is uploaded; None when there is nothing like it."""
    if isinstance(media, Image | Sticker):
        return IMAGE
    if isinstance(media, Audio):
        return VOICE
    return VIDEO if isinstance(media, Video) else None


def suffix_of(head: bytes, wanted: Format) -> str:
    """The suffix of a file's name, by which the platform goes; empty when the content is not of this format."""
    if wanted is IMAGE:
        return next((suffix for start, suffix in _IMAGES if head.startswith(start)), "")
    if wanted is COVER:
        return ".jpg" if head.startswith(b"\xff\xd8\xff") else ""
    if wanted is VOICE:
        mp3 = head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2)
        return ".amr" if head.startswith(b"#!AMR") else ".mp3" if mp3 else ""
    return ".mp4" if head[4:8] == b"ftyp" and head[8:12] not in _NOT_MP4 else ""


_IMAGES = ((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG\r\n\x1a\n", ".png"), (b"GIF8", ".gif"))
