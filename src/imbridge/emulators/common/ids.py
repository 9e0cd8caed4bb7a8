"""Identifiers that a seed repeats; their shapes are the platforms'."""

import hashlib
import random
import string

HEX = string.hexdigits[:16]
ALPHANUMERIC = string.ascii_letters + string.digits
URL_SAFE = ALPHANUMERIC + "-_"
LAST_OF_KEY = "AEIMQUYcgkosw048"
"""The characters with which the Base64 of 32 bytes can end, before the `=`."""


class Ids:
    """Makes identifiers; each kind has its own random stream, so that kinds do not disturb each other."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[str, random.Random] = {}

    def data(self, kind: str, size: int) -> bytes:
        """The next `size` bytes of a kind."""
        return self._stream(kind).randbytes(size)

    def hex(self, kind: str, digits: int = 32) -> str:
        """The next `digits` hexadecimal digits of a kind."""
        return f"{self._stream(kind).getrandbits(4 * digits):0{digits}x}"

    def number(self, kind: str, digits: int) -> str:
        """The next number of so many decimal digits, the first not 0."""
        return str(self._stream(kind).randrange(10 ** (digits - 1), 10**digits))

    def text(self, kind: str, length: int, alphabet: str = URL_SAFE) -> str:
        """The next `length` characters of a kind."""
        return "".join(self._stream(kind).choices(alphabet, k=length))

    def aes_key(self, kind: str = "aes_key") -> str:
        """The next EncodingAESKey: 43 letters and digits that are the Base64 of 32 bytes, without the `=`."""
        return self.text(kind, 42, ALPHANUMERIC) + self.text(kind, 1, LAST_OF_KEY)

    def uuid(self, kind: str) -> str:
        """The next 32 hexadecimal digits of a kind, in the five groups of a UUID."""
        raw = self.hex(kind)
        return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))

    def derived(self, *parts: str, digits: int = 32) -> str:
        """Hexadecimal digits that depend on the parts (and the seed) alone."""
        text = "/".join((str(self._seed), *parts))
        return hashlib.sha256(text.encode()).hexdigest()[:digits]

    def _stream(self, kind: str) -> random.Random:
        stream = self._streams.get(kind)
        if stream is None:
            stream = random.Random(f"{self._seed}/{kind}")  # noqa: S311 - reproducible ids, not secrets
            self._streams[kind] = stream
        return stream
