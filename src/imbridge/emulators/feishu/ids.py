"""Identifiers in the platform's shapes, the same for the same seed."""

import hashlib
import random


class Ids:
    """Makes identifiers; each kind has its own random stream, so kinds do not disturb each other."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[str, random.Random] = {}

    def next(self, kind: str, digits: int = 32) -> str:
        """The next identifier of a kind: `digits` hexadecimal digits."""
        stream = self._streams.get(kind)
        if stream is None:
            stream = random.Random(f"{self._seed}/{kind}")  # noqa: S311 - reproducible ids, not secrets
            self._streams[kind] = stream
        return f"{stream.getrandbits(4 * digits):0{digits}x}"

    def derived(self, *parts: str, digits: int = 32) -> str:
        """An identifier that depends on its parts (and the seed) alone."""
        text = "/".join((str(self._seed), *parts))
        return hashlib.sha256(text.encode()).hexdigest()[:digits]
