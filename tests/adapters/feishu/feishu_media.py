"""Recordings and films that are as short as the formats allow."""

import random

PNG = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(5000)
_PRE_SKIP = 312


def ogg_page(payload: bytes, *, granule: int = 0, serial: int = 7, flags: int = 0) -> bytes:
    """One Ogg page (RFC 3533); the checksum is left out, for nobody here plays it."""
    segments = [255] * (len(payload) // 255) + [len(payload) % 255]
    header = b"OggS" + bytes([0, flags]) + granule.to_bytes(8, "little") + serial.to_bytes(4, "little") + bytes(8)
    return header + bytes([len(segments), *segments]) + payload


def opus(seconds: float, *, sound: bytes = b"sound") -> bytes:
    """An Ogg Opus recording (RFC 7845) of this length."""
    head = b"OpusHead" + bytes([1, 1]) + _PRE_SKIP.to_bytes(2, "little") + (16_000).to_bytes(4, "little") + bytes(3)
    end = _PRE_SKIP + round(seconds * 48_000)
    return (
        ogg_page(head, flags=2)
        + ogg_page(b"OpusTags" + bytes(8))
        + ogg_page(sound, granule=end // 2)
        + ogg_page(sound, granule=end, flags=4)
    )


def mp4(brand: bytes = b"isom") -> bytes:
    """The beginning of an MP4 file, and something after it."""
    return (20).to_bytes(4, "big") + b"ftyp" + brand + bytes(8) + (16).to_bytes(4, "big") + b"mdat" + b"pictures"
