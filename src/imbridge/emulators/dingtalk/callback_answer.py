"""What an app's address answered, and how a request to it can be wrong."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """An answer of a callback address.

    Attributes:
        status: HTTP status.
        body: The body, as it is.
        plain: Of the event callback: what is encrypted in it; None: nothing that can be decrypted.
        requests: How many requests it took.
    """

    status: int
    body: str
    plain: str | None = None
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Forged:
    """How a request differs from a proper one.

    Attributes:
        signature: `right`, `wrong`, `missing`, or any text that is the signature.
        age: Seconds that the timestamp lies back; negative: ahead.
        timestamp: The whole timestamp, instead of one of now.
        secret: Of a robot message: sign with this ClientSecret instead of the app's.
        token: Of an event: sign with this token instead of the app's.
        aes_key: Of an event: encrypt with this key instead of the app's.
        receive_id: Of an event: instead of the ClientID.
        padding: Of an event: what the padding is filled with instead of its length.
        encrypt: Of an event: the whole `encrypt`, instead of the encryption of anything.
        body: The whole body, signed as if it were the right one.
        nonce: Of an event: instead of a new one.
        without: Names of query parameters (events) or headers (robot messages) that are left out.
        method: Instead of POST.
    """

    signature: Literal["right", "wrong", "missing"] | str = "right"  # noqa: PYI051 - the three are what is meant
    age: float = 0.0
    timestamp: str | None = None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    aes_key: str | None = field(default=None, repr=False)
    receive_id: str | None = None
    padding: bytes | None = None
    encrypt: str | None = None
    body: bytes | None = None
    nonce: str | None = None
    without: tuple[str, ...] = ()
    method: str = "POST"

    def signed(self, right: str) -> str:
        """The signature that is sent, given the right one."""
        return {"right": right, "wrong": right[::-1]}.get(self.signature, self.signature)


PROPER = Forged()
