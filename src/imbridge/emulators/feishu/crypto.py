"""The callback mode's encryption and signature.

Rules: https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case
AES-256-CBC with the SHA-256 of the Encrypt Key as key, PKCS#7 padding, the IV in front, all in Base64; the signature
is the SHA-256 of timestamp, nonce, Encrypt Key and body, in hexadecimal.
"""

import base64
import hashlib

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK_BITS = 128


def encrypt(encrypt_key: str, plain: bytes, iv: bytes) -> str:
    """The value of the `encrypt` field for a plain body; `iv` has 16 bytes."""
    padder = padding.PKCS7(BLOCK_BITS).padder()
    padded = padder.update(plain) + padder.finalize()
    key = hashlib.sha256(encrypt_key.encode()).digest()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return base64.b64encode(iv + encryptor.update(padded) + encryptor.finalize()).decode()


def signature(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """The `X-Lark-Signature` header of a body."""
    return hashlib.sha256((timestamp + nonce + encrypt_key).encode() + body).hexdigest()
