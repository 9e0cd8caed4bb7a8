"""Identifiers in the platform's shapes, the same for the same seed."""

import base64
import random


class Ids:
    """Makes identifiers; each kind has its own random stream, so kinds do not disturb each other."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[str, random.Random] = {}

    def data(self, kind: str, size: int) -> bytes:
        """The next `size` bytes of a kind."""
        stream = self._streams.get(kind)
        if stream is None:
            stream = random.Random(f"{self._seed}/{kind}")  # noqa: S311 - reproducible ids, not secrets
            self._streams[kind] = stream
        return stream.randbytes(size)

    def next(self, kind: str, digits: int = 32) -> str:
        """The next identifier of a kind: `digits` hexadecimal digits, an even number."""
        return self.data(kind, digits // 2).hex()

    def text(self, kind: str, size: int = 24) -> str:
        """The next identifier of a kind, of `size` bytes as URL-safe Base64 without padding."""
        return base64.urlsafe_b64encode(self.data(kind, size)).decode().rstrip("=")

    def key(self, kind: str) -> str:
        """The next AES key of a kind as the console shows it: 43 characters, Base64 of 32 bytes without padding."""
        return base64.b64encode(self.data(kind, 32)).decode().rstrip("=")
