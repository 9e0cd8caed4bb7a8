"""Identifiers in the platform's shapes, the same for the same seed."""

import random
import string

URL_SAFE = string.ascii_letters + string.digits + "-_"
ALPHANUMERIC = string.ascii_letters + string.digits
HEX = string.hexdigits[:16]


class Ids:
    """Makes identifiers; each kind has its own random stream, so that kinds do not disturb each other."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[str, random.Random] = {}

    def text(self, kind: str, length: int, alphabet: str = URL_SAFE) -> str:
        """The next identifier of a kind."""
        return "".join(self._stream(kind).choices(alphabet, k=length))

    def app_id(self) -> str:
        """`wx` and 16 hexadecimal digits."""
        return f"wx{self.text('app', 16, HEX)}"

    def original_id(self) -> str:
        """The account's own name in messages: `gh_` and 12 hexadecimal digits."""
        return f"gh_{self.text('original', 12, HEX)}"

    def openid(self) -> str:
        """28 characters, the first an `o`."""
        return f"o{self.text('openid', 27)}"

    def msg_id(self) -> int:
        """A 64-bit number."""
        return self._stream("message").randrange(10**18, 9 * 10**18)

    def number(self, kind: str, digits: int) -> str:
        """A number of so many digits, the first not 0."""
        return str(self._stream(kind).randrange(10 ** (digits - 1), 10**digits))

    def random_bytes(self, kind: str, length: int) -> bytes:
        """Bytes for padding; no secret."""
        return self._stream(kind).randbytes(length)

    def _stream(self, kind: str) -> random.Random:
        stream = self._streams.get(kind)
        if stream is None:
            stream = random.Random(f"{self._seed}/{kind}")  # noqa: S311 - reproducible ids, not secrets
            self._streams[kind] = stream
        return stream
