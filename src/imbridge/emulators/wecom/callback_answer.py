"""What an app's address answered, and how a request to it can be wrong."""

from dataclasses import dataclass, field
from typing import Literal

from imbridge.emulators.wecom.message import AppMessage


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """An answer of a callback address.

    Attributes:
        status: HTTP status.
        body: The body, as it is.
        passive: The message in it, if it is a passive reply that was shown.
        requests: How many requests it took.
    """

    status: int
    body: str
    passive: AppMessage | None = None
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Forged:
    """How a request differs from a proper one.

    Attributes:
        signature: `right`, `wrong`, `missing`, or any text that is the signature.
        age: Seconds that the timestamp lies back.
        token: Sign with this Token instead of the app's.
        aes_key: Encrypt with this EncodingAESKey instead of the app's.
        receive_id: Instead of the corp's id.
        padding: What the padding is filled with instead of its length.
        encrypt: The whole Encrypt, instead of the encryption of anything.
        body: The whole body, instead of the XML around Encrypt; signed as if it held the right one.
        nonce: Instead of a new one.
        without: Names of query parameters that are left out.
        method: Instead of POST.
    """

    signature: Literal["right", "wrong", "missing"] | str = "right"  # noqa: PYI051 - the three are what is meant
    age: float = 0.0
    token: str | None = field(default=None, repr=False)
    aes_key: str | None = field(default=None, repr=False)
    receive_id: str | None = None
    padding: bytes | None = None
    encrypt: str | None = None
    body: bytes | None = None
    nonce: str | None = None
    without: tuple[str, ...] = ()
    method: str = "POST"


PROPER = Forged()
