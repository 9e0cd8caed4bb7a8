"""Encryption and signature, of callbacks and of media.

Rules: https://developer.work.weixin.qq.com/document/path/101033 and 90968: AES-256-CBC, the IV is the key's first 16
bytes, PKCS#7 padding to 32 bytes; a callback is 16 random bytes, the length in 4 bytes (big endian), the text and the
receiveid, which is empty for smart bots; the signature is the SHA-1 of token, timestamp, nonce and ciphertext, sorted.
"""

import base64
import binascii
import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class UnreadableError(ValueError):
    """A ciphertext is not what the platform can read."""


def key_of(aes_key: str) -> bytes:
    """The 32 bytes behind the 43 characters of an EncodingAESKey."""
    return base64.b64decode(aes_key + "=")


def encrypt_bytes(key: bytes, plain: bytes) -> bytes:
    """Encrypts a medium, or the envelope of a callback."""
    missing = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()


def encrypt_text(aes_key: str, text: str, random16: bytes, receiveid: str = "") -> str:
    """The `encrypt` field for a text."""
    data = text.encode()
    envelope = random16 + struct.pack(">I", len(data)) + data + receiveid.encode()
    return base64.b64encode(encrypt_bytes(key_of(aes_key), envelope)).decode()


def decrypt_text(aes_key: str, encrypted: str) -> tuple[str, str]:
    """Text and receiveid behind an `encrypt` field.

    Raises:
        UnreadableError: It is not Base64, not of whole blocks, padded wrongly, or its length is wrong.
    """
    try:
        data = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableError("not Base64") from None
    if not data or len(data) % BLOCK:
        raise UnreadableError("not whole blocks of 32 bytes")
    key = key_of(aes_key)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    padding = plain[-1]
    if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise UnreadableError("wrong padding")
    plain = plain[:-padding]
    if len(plain) < 20:
        raise UnreadableError("too short")
    (length,) = struct.unpack(">I", plain[16:20])
    if length > len(plain) - 20:
        raise UnreadableError("wrong length")
    try:
        return plain[20 : 20 + length].decode(), plain[20 + length :].decode()
    except UnicodeDecodeError:
        raise UnreadableError("not UTF-8") from None


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """The `msg_signature` of a ciphertext, in hexadecimal."""
    return hashlib.sha1("".join(sorted((token, timestamp, nonce, encrypted))).encode()).hexdigest()  # noqa: S324 - the platform's choice
