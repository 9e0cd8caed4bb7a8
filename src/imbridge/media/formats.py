"""What a file is, by its first bytes, and how long it plays: that decides as which kind it is sent. Pure.

AMR: RFC 4867, section 5. Ogg pages: RFC 3533, section 6. Opus in Ogg: RFC 7845, section 4. MP4: ISO/IEC 14496-12.
"""

_AMR = b"#!AMR\n"
_FRAME_BYTES = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)
"""Of a frame of 20 ms, its first byte included, by the type in that byte."""
_FRAMES_A_SECOND = 50
_PAGE_HEADER = 27
_OPUS_RATE = 48_000  # granule positions count samples at this rate, whatever the recording's own was
_NO_POSITION = (1 << 64) - 1  # of a page on which no packet ends

# Other formats in the same container: QuickTime, sound alone, pictures, protected films.
_NOT_MP4 = frozenset(
    {b"qt  ", b"M4A ", b"M4B ", b"M4P ", b"heic", b"heix", b"heim", b"mif1", b"msf1", b"avif", b"avis"}
)


def is_picture(head: bytes) -> bool:
    """JPG or PNG."""
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def picture_in(head: bytes) -> str:
    """The format of a picture; empty when it is none that is known."""
    found = next((name for start, name in _PICTURES if head.startswith(start)), "")
    if found:
        return found
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in _PICTURES_IN_MP4:
        return "avif" if head[8:11] == b"avi" else "heic"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:512].lower()
    return "svg" if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text) else ""


_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"), (b"BM", "bmp"),
    (b"II*\0", "tiff"), (b"MM\0*", "tiff"), (b"\0\0\1\0", "ico"),
)  # fmt: skip
_PICTURES_IN_MP4 = frozenset({b"heic", b"heix", b"heim", b"mif1", b"msf1", b"avif", b"avis"})


def is_page(head: bytes) -> bool:
    """A page of HTML: what servers answer with in place of a file that is not there."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:14].lower()
    return text.startswith((b"<!doctype html", b"<html"))


def is_mp4(head: bytes) -> bool:
    """An MP4 film."""
    return head[4:8] == b"ftyp" and head[8:12] not in _NOT_MP4


def is_amr(head: bytes) -> bool:
    """AMR with one channel."""
    return head.startswith(_AMR)


def is_silk(head: bytes) -> bool:
    """SILK, as it is or as Tencent's clients have it, with one byte in front."""
    return head.startswith((b"#!SILK", b"\x02#!SILK"))


def sound_in(head: bytes) -> str:
    """The container of a recording, as FFmpeg calls it; empty when it is none that is known.

    None of them names other files or addresses, as playlists do.
    """
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "wav"
    if head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] == b"ftyp":
        return "mov"
    found = next((name for start, name in _SOUNDS if head.startswith(start)), "")
    if found or len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return found
    return "mp3" if head[1] & 0x06 else "aac"  # ISO/IEC 11172-3 and 13818-7: layer 0 is ADTS


_SOUNDS = (
    (b"ID3", "mp3"), (b"fLaC", "flac"), (b"OggS", "ogg"), (b"#!AMR", "amr"), (b"\x1aE\xdf\xa3", "matroska"),
    (b"caff", "caf"), (b".snd", "au"),
)  # fmt: skip


def amr_seconds(head: bytes, size: int) -> float | None:
    """How long an AMR recording is, if all of it is as its first frames are.

    Args:
        head: Its first bytes.
        size: Bytes of all of it.

    Returns:
        Seconds; None when the first bytes are no frames. Pauses take less room, so it may be longer.
    """
    at, frames = len(_AMR), 0
    while at < len(head):
        length = _FRAME_BYTES[(head[at] >> 3) & 15]
        if not length:
            return None
        at += length
        frames += 1
    if not frames:
        return None
    return frames * (size - len(_AMR)) / (at - len(_AMR)) / _FRAMES_A_SECOND


def is_opus(head: bytes) -> bool:
    """Opus in Ogg."""
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


def mp4_seconds(head: bytes, tail: bytes) -> float | None:
    """How long an MP4 film is, by its `mvhd` box, which stands near its beginning or its end.

    Args:
        head: Its first bytes.
        tail: Its last bytes; both may be all of it.

    Returns:
        Seconds; None when the box is not among these bytes.
    """
    for part in (head, tail):
        at = part.find(b"mvhd")
        if at < 0 or len(part) < at + 36:
            continue
        wide = part[at + 4] == 1  # of version 1, which has 64 bits for each time
        start, size = (at + 24, 8) if wide else (at + 16, 4)
        scale = int.from_bytes(part[start : start + 4])
        length = int.from_bytes(part[start + 4 : start + 4 + size])
        if scale and 0 < length < (1 << (8 * size)) - 1:
            return length / scale
    return None
