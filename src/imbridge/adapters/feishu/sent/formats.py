"""What a file is, by its first bytes and its name: that decides how the platform shows it. Pure.

Types of upload: open.feishu.cn, im-v1/file/create. Ogg pages: RFC 3533, section 6. Opus in Ogg: RFC 7845, section 4.
"""

from pathlib import PurePath
from typing import Literal

FileType = Literal["opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"]

_PAGE_HEADER = 27
_OPUS_RATE = 48_000  # granule positions count samples at this rate, whatever the recording's own was
_NO_POSITION = (1 << 64) - 1  # of a page on which no packet ends

# Other formats in the same container: QuickTime, sound alone, pictures, protected films.
_NOT_MP4 = frozenset(
    {b"qt  ", b"M4A ", b"M4B ", b"M4P ", b"heic", b"heix", b"heim", b"mif1", b"msf1", b"avif", b"avis"}
)

_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_DOCUMENTS: dict[str, tuple[FileType, bytes]] = {
    ".pdf": ("pdf", b"%PDF"),
    ".doc": ("doc", _OLE), ".docx": ("doc", _ZIP),
    ".xls": ("xls", _OLE), ".xlsx": ("xls", _ZIP),
    ".ppt": ("ppt", _OLE), ".pptx": ("ppt", _ZIP),
}  # fmt: skip


def document_type(name: str, head: bytes) -> FileType:
    """The type of upload for something that is sent as a file: what its name says, if it begins like that.

    Never `opus` or `mp4`: the platform does not send those as files (code 230055).
    """
    found = _DOCUMENTS.get(PurePath(name).suffix.lower())
    if found is not None and head.startswith(found[1]):
        return found[0]
    return "pdf" if found is None and head.startswith(b"%PDF") else "stream"


def is_mp4(head: bytes) -> bool:
    """An MP4 film."""
    return head[4:8] == b"ftyp" and head[8:12] not in _NOT_MP4


def is_opus(head: bytes) -> bool:
    """Opus in Ogg: what the platform plays as a voice message."""
    return head.startswith(b"OggS") and _opus_header(head) is not None


def opus_milliseconds(head: bytes, tail: bytes) -> int | None:
    """How long an Ogg Opus recording is.

    Args:
        head: Its first bytes.
        tail: Its last bytes, at least 65,307 of them if there are so many; both may be all of it.

    Returns:
        Milliseconds; None when the recording does not say it.
    """
    header = _opus_header(head) if head.startswith(b"OggS") else None
    if header is None:
        return None
    skipped = int.from_bytes(header[10:12], "little")  # samples that are decoded and not played
    stream = head[14:18]
    at = len(tail)
    while (at := tail.rfind(b"OggS", 0, at)) >= 0:
        # The same four bytes may stand anywhere in the sound: a page also has version 0 and the number of its stream.
        if len(tail) - at >= _PAGE_HEADER and tail[at + 4] == 0 and tail[at + 14 : at + 18] == stream:
            position = int.from_bytes(tail[at + 6 : at + 14], "little")
            if position != _NO_POSITION:
                return max(0, position - skipped) * 1000 // _OPUS_RATE or None
    return None


def _opus_header(head: bytes) -> bytes | None:
    """The identification header, which is alone on the first page."""
    if len(head) < _PAGE_HEADER:
        return None
    header = head[_PAGE_HEADER + head[26] :]
    return header if header.startswith(b"OpusHead") and len(header) >= 19 else None
