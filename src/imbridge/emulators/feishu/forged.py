"""Callback requests that are not as the platform makes them: what an attacker or a wrong setting sends."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Forged:
    """How a callback request differs from a proper one.

    Attributes:
        encrypted: Whether the body is encrypted; None: if the app has an Encrypt Key, as the platform does.
        signature: `right`; `wrong`; or `missing`, with none of the three headers. None: right if the app has a key.
        without: One header to leave out, for instance `X-Lark-Request-Nonce`.
        age: Seconds by which the signed timestamp lies in the past (negative: in the future).
        key: Encrypt and sign with this key instead of the app's.
        token: This verification token in the body instead of the app's.
    """

    encrypted: bool | None = None
    signature: Literal["right", "wrong", "missing"] | None = None
    without: str = ""
    age: float = 0.0
    key: str | None = None
    token: str | None = None


PROPER = Forged()


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What the address answered: HTTP status, and the body, parsed if it is JSON."""

    status: int
    body: Any
