"""Callback requests that are not as the platform makes them: what an attacker or a wrong setting sends."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Forged:
    """How a callback request differs from a proper one.

    Attributes:
        signature: `right`, `wrong` or `missing`.
        without: One parameter of the query to leave out, for instance `nonce`.
        age: Seconds by which the signed timestamp lies in the past (negative: in the future).
        aes_key: Encrypt with this key instead of the bot's.
        token: Sign with this token instead of the bot's.
        receiveid: What stands for the receiveid, which is empty for smart bots.
        encrypt: This `encrypt` field instead of a proper one; it is signed all the same.
        body: This request body instead of a proper one.
    """

    signature: Literal["right", "wrong", "missing"] = "right"
    without: str = ""
    age: float = 0.0
    aes_key: str | None = None
    token: str | None = None
    receiveid: str = ""
    encrypt: str | None = None
    body: bytes | None = None


PROPER = Forged()


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What the address answered.

    Attributes:
        status: The HTTP status.
        body: The body as it came.
        nonce: The nonce of the request, which an encrypted answer has to repeat.
    """

    status: int
    body: str
    nonce: str
