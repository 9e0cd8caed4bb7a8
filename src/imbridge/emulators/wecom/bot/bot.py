"""A smart bot."""

from dataclasses import dataclass, field
from typing import Literal

from imbridge.emulators.common.crypto import Crypto


@dataclass(slots=True, eq=False)
class Bot:
    """A smart bot as its console shows it. Made by `WeComBotEmulator.add_bot`.

    Attributes:
        bot_id: `aib...`, the `aibotid` of callbacks.
        secret: The secret of the long connection.
        name: What people mention it by.
        token: The token that signs callbacks.
        aes_key: The EncodingAESKey of callbacks: 43 characters.
        mode: How it gets its callbacks; the console offers one of the two.
    """

    bot_id: str
    secret: str = field(repr=False)
    name: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    mode: Literal["long_connection", "callback"] = "long_connection"

    @property
    def crypto(self) -> Crypto:
        """The encryption of its callbacks, whose receiver has no id."""
        return Crypto(self.token, self.aes_key, "")
