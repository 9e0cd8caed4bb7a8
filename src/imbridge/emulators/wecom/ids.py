"""Identifiers in the platform's shapes, the same for the same seed."""

import base64
import random


class Ids:
    """Makes identifiers; each kind has its own random stream, so kinds do not disturb each other."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[str, random.Random] = {}

    def bytes(self, kind: str, size: int) -> bytes:
        """The next `size` bytes of a kind."""
        return self._stream(kind).randbytes(size)

    def hex(self, kind: str, digits: int = 32) -> str:
        """The next `digits` hexadecimal digits of a kind."""
        return f"{self._stream(kind).getrandbits(4 * digits):0{digits}x}"

    def digits(self, kind: str, length: int = 19) -> str:
        """The next decimal number of `length` digits, as text."""
        low = 10 ** (length - 1)
        return str(self._stream(kind).randrange(low, 10 * low))

    def text(self, kind: str, length: int) -> str:
        """The next `length` characters of the URL-safe Base64 alphabet."""
        return base64.urlsafe_b64encode(self.bytes(kind, length)).decode()[:length]

    def aes_key(self) -> str:
        """The next EncodingAESKey: 43 characters that are the Base64 of 32 bytes, without the `=`."""
        return base64.b64encode(self.bytes("aes_key", 32)).decode()[:43]

    def _stream(self, kind: str) -> random.Random:
        stream = self._streams.get(kind)
        if stream is None:
            stream = random.Random(f"{self._seed}/{kind}")  # noqa: S311 - reproducible ids, not secrets
            self._streams[kind] = stream
        return stream
