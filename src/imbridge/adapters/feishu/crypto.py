"""Signature and encryption of Feishu's callbacks, and the signature of what is posted to a custom bot.

Source: open.feishu.cn, "Configure Encrypt Key" and "verify that an event comes from Feishu": the signature is
`sha256(timestamp + nonce + encrypt_key + body)` in hex; the body is AES-256-CBC with key `sha256(encrypt_key)`, the
first 16 bytes being the IV, PKCS#7 padding.
"""

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from imbridge.protocol import DecodeError

_BLOCK = 16


def signature(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """What `X-Lark-Signature` has to be; over the raw bytes of the body."""
    return hashlib.sha256(f"{timestamp}{nonce}{encrypt_key}".encode() + body).hexdigest()


def old_signature(timestamp: str, nonce: str, verification_token: str, body: bytes) -> str:
    """What the header has to be for the older callback of a card, which is never encrypted.

    Source: open.feishu.cn, "configure the card's request URL" (historic): SHA-1, and the token in place of the key.
    """
    return hashlib.sha1(f"{timestamp}{nonce}{verification_token}".encode() + body).hexdigest()  # noqa: S324 - theirs


def hook_signature(timestamp: str, secret: str) -> str:
    """The `sign` of a custom bot's message: HMAC-SHA256 of nothing, the key being `timestamp`, line feed, `secret`.

    Source: open.feishu.cn, client-docs/bot-v3/add-custom-bot, "signature verification"; the timestamp is in seconds.
    """
    return base64.b64encode(hmac.digest(f"{timestamp}\n{secret}".encode(), b"", "sha256")).decode()


def decrypt(encrypted: str, encrypt_key: str) -> bytes:
    """The plain bytes of an `encrypt` field.

    Raises:
        DecodeError: it was not made with this key, or is damaged: one message for all reasons.
    """
    try:
        data = base64.b64decode(encrypted, validate=True)
        # A text of the wrong length makes one of these three raise.
        decryptor = Cipher(_aes(encrypt_key), modes.CBC(data[:_BLOCK])).decryptor()
        padded = decryptor.update(data[_BLOCK:]) + decryptor.finalize()
        unpadder = PKCS7(8 * _BLOCK).unpadder()
        return unpadder.update(padded) + unpadder.finalize()
    except (binascii.Error, ValueError):
        raise DecodeError("a callback that cannot be decrypted") from None


@lru_cache(maxsize=64)
def _aes(encrypt_key: str) -> algorithms.AES:
    """The same for every callback of an account: making it anew is a fifth of what decrypting costs."""
    return algorithms.AES(hashlib.sha256(encrypt_key.encode()).digest())
