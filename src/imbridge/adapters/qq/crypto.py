"""The Ed25519 signatures of webhooks.

Source: bot.q.qq.com, "security and authorisation": the seed is the AppSecret, repeated and cut to 32 bytes; what is
signed is the timestamp and the body. With the same key an address proves itself (op 13) by signing what it is told to.
"""

import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SEED = 32
_TIME = re.compile(r"[0-9]{1,16}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9A-Fa-f]{128}", re.ASCII)


class Signer:
    """The key behind an AppSecret."""

    def __init__(self, secret: str) -> None:
        """The key of this secret.

        Raises:
            ValueError: it is empty.
        """
        if not secret:
            raise ValueError("an empty AppSecret has no key")
        seed = secret.encode()
        self._private = Ed25519PrivateKey.from_private_bytes((seed * (_SEED // len(seed) + 1))[:_SEED])
        self._public = self._private.public_key()

    def __repr__(self) -> str:
        return "Signer()"

    def is_signed(self, signature: str, timestamp: str, body: bytes) -> bool:
        """Whether the platform has signed this body at this time."""
        if _SIGNATURE.fullmatch(signature) is None or _TIME.fullmatch(timestamp) is None:
            return False
        try:
            self._public.verify(bytes.fromhex(signature), timestamp.encode() + body)
        except InvalidSignature:
            return False
        return True

    def prove(self, plain_token: object, event_ts: object) -> str | None:
        """The signature that proves our address; None for what no platform asks to have signed.

        Whoever asks need not have signed the question, so nothing is signed here that could pass for an event: digits
        and letters are no JSON.
        """
        if not isinstance(plain_token, str) or not isinstance(event_ts, str):
            return None
        if _TOKEN.fullmatch(plain_token) is None or _TIME.fullmatch(event_ts) is None:
            return None
        return self._private.sign((event_ts + plain_token).encode()).hex()
