"""What a bot's address answered, and how a request to it can be wrong."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """An answer of a callback address.

    Attributes:
        status: HTTP status.
        body: The body, as it is.
        acked: Whether it is the acknowledgement `{"op": 12}`.
        signature: Of an op 13: the signature in the answer; empty: there is none.
        requests: How many requests it took.
    """

    status: int
    body: str
    acked: bool = False
    signature: str = field(default="", repr=False)
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Forged:
    """How a request differs from a proper one.

    Attributes:
        signature: `right`, `wrong`, `missing`, or any text that is the signature.
        age: Seconds that the timestamp lies back; negative: ahead.
        timestamp: The whole timestamp, instead of one of now.
        secret: Sign with this AppSecret instead of the bot's.
        app_id: What `X-Bot-Appid` says, instead of the bot's.
        body: The whole body, signed as if it were the right one.
        tampered: The body that is sent, with the signature of the right one.
        without: Names of headers that are left out.
        method: Instead of POST.
    """

    signature: Literal["right", "wrong", "missing"] | str = "right"  # noqa: PYI051 - the three are what is meant
    age: float = 0.0
    timestamp: str | None = None
    secret: str | None = field(default=None, repr=False)
    app_id: str | None = None
    body: bytes | None = None
    tampered: bytes | None = None
    without: tuple[str, ...] = ()
    method: str = "POST"

    def signed(self, right: str) -> str:
        """The signature that is sent, given the right one."""
        return {"right": right, "wrong": right[::-1]}.get(self.signature, self.signature)


PROPER = Forged()
