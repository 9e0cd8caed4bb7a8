"""What a file is, by its first bytes: that decides as which kind it is uploaded. Pure.

Source: developer.work.weixin.qq.com, "upload temporary media" (path/90253): images are JPG or PNG, voices AMR of at
most 60 seconds, videos MP4. AMR: RFC 4867, section 5.
"""

_AMR = b"#!AMR\n"
_FRAME_BYTES = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)
"""Of a frame of 20 ms, its first byte included, by the type in that byte."""
_FRAMES_A_SECOND = 50
# Other formats in the same container: QuickTime, sound alone, pictures.
_NOT_MP4 = frozenset({b"qt  ", b"M4A ", b"M4B ", b"M4P ", b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"})


def is_picture(head: bytes) -> bool:
    """JPG or PNG."""
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def is_mp4(head: bytes) -> bool:
    """An MP4 film."""
    return head[4:8] == b"ftyp" and head[8:12] not in _NOT_MP4


def is_amr(head: bytes) -> bool:
    """AMR with one channel: what the platform plays as a voice message."""
    return head.startswith(_AMR)


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
