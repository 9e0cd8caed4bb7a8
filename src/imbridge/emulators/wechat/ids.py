"""Identifiers in the platform's shapes."""

from imbridge.emulators.common import ids
from imbridge.emulators.common.ids import HEX


class Ids(ids.Ids):
    """Makes identifiers."""

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
