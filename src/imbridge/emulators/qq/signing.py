"""The Ed25519 signature of callbacks.

Rule: bot-docs, `dev-prepare/interface-framework/sign.md`: the seed is the AppSecret, repeated and cut to 32 bytes; what
is signed is the timestamp and the body; of an address validation (op 13), `event_ts` and `plain_token`.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEED = 32


def key_of(secret: str) -> Ed25519PrivateKey:
    """The key behind an AppSecret.

    Raises:
        ValueError: The secret is empty.
    """
    if not secret:
        raise ValueError("an empty AppSecret has no key")
    seed = secret.encode()
    return Ed25519PrivateKey.from_private_bytes((seed * (SEED // len(seed) + 1))[:SEED])


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a timestamp and a body, as hexadecimal digits."""
    return key_of(secret).sign(timestamp.encode() + body).hex()


def is_signed(secret: str, signature: str, timestamp: str, body: bytes) -> bool:
    """Whether a signature is right."""
    try:
        key_of(secret).public_key().verify(bytes.fromhex(signature), timestamp.encode() + body)
    except (InvalidSignature, ValueError):
        return False
    return True
