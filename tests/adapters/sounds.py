"""Recordings of a tone."""

import io
import math
import struct
import wave


def wav(seconds: float = 1.0, *, rate: int = 16_000, channels: int = 1) -> bytes:
    """A tone of 440 Hz, uncompressed."""
    samples = (int(9000 * math.sin(2 * math.pi * 440 * number / rate)) for number in range(round(seconds * rate)))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join(struct.pack("<h", sample) * channels for sample in samples))
    return file.getvalue()
