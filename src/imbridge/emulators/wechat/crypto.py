"""The platform's signatures and message encryption.

Rule: https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html. AES-256-CBC with the key
`base64(EncodingAESKey + "=")` and its first 16 bytes as IV over 16 random bytes, the text's length (4 bytes, big
endian), the text and the AppID, padded by PKCS#7 to 32 bytes.
"""

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
RANDOM = 16
LENGTH = 4


class CryptoError(Exception):
    """What was sent cannot be decrypted or is not for this account."""


def signature(*parts: str) -> str:
    """SHA-1 over the sorted and joined parts: token, timestamp, nonce and, for `msg_signature`, the encrypted text."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def same(expected: str, given: str) -> bool:
    """Compares signatures in constant time."""
    return hmac.compare_digest(expected.encode(), given.encode())


def encrypt(aes_key: str, app_id: str, text: str, random: bytes) -> str:
    """Encrypts a text for (or of) an account; `random` is 16 bytes."""
    plain = text.encode()
    filled = random + len(plain).to_bytes(LENGTH, "big") + plain + app_id.encode()
    missing = BLOCK - len(filled) % BLOCK
    encryptor = _cipher(aes_key).encryptor()
    return base64.b64encode(encryptor.update(filled + bytes([missing]) * missing) + encryptor.finalize()).decode()


def decrypt(aes_key: str, app_id: str, encrypted: str) -> str:
    """The text in a passive reply.

    Raises:
        CryptoError: It is no base64, not padded as it must be, cut, no UTF-8, or for another account.
    """
    try:
        data = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        raise CryptoError("Encrypt is no base64") from None
    if not data or len(data) % BLOCK:
        raise CryptoError(f"Encrypt has {len(data)} bytes, not a multiple of {BLOCK}")
    decryptor = _cipher(aes_key).decryptor()
    filled = decryptor.update(data) + decryptor.finalize()
    padding = filled[-1]
    if not 1 <= padding <= BLOCK or filled[-padding:] != bytes([padding]) * padding:
        raise CryptoError("the padding is wrong")
    content = filled[RANDOM:-padding]
    length = int.from_bytes(content[:LENGTH], "big")
    if len(content) < LENGTH + length:
        raise CryptoError("the length is larger than the message")
    if content[LENGTH + length :] != app_id.encode():
        raise CryptoError("the AppID is another account's")
    try:
        return content[LENGTH : LENGTH + length].decode()
    except UnicodeDecodeError:
        raise CryptoError("the message is no UTF-8") from None


def _cipher(aes_key: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
