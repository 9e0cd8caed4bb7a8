"""Received media are encrypted: AES-256-CBC, IV the first 16 bytes of the key, padded by PKCS#7 to 32 bytes.

Source: developer.work.weixin.qq.com, path/100719, path/101463. Some files were seen to be padded to 16 only.
"""

import base64
import binascii
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK, _PADDING = 16, 32


class NotDecryptedError(ValueError):
    """What came is not what the key is for."""


def media_key(text: str) -> bytes:
    """The key in an `aeskey` or an EncodingAESKey.

    Raises:
        NotDecryptedError: it is none.
    """
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise NotDecryptedError("no AES-256 key")
    return key


class Decrypting:
    """Writes into a file what is decrypted, piece by piece.

    It holds back the end, in which the padding is, until `finish`.
    """

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        """Into a file that is open for writing and empty."""
        self._file = file
        self._decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:_BLOCK])).decryptor()
        self._held = b""
        self._size = 0

    def write(self, data: bytes) -> int:
        """Take the next piece of what came."""
        self._size += len(data)
        plain = self._held + self._decryptor.update(data)
        self._file.write(plain[:-_PADDING])
        self._held = plain[-_PADDING:]
        return len(data)

    def finish(self) -> None:
        """All came.

        Raises:
            NotDecryptedError: it is damaged, or was made with another key.
        """
        padding = self._held[-1] if self._held else 0
        if self._size % _BLOCK or not 1 <= padding <= len(self._held):
            raise NotDecryptedError("a length or a padding that is wrong")
        if self._held[-padding:] != bytes((padding,)) * padding:
            raise NotDecryptedError("a padding that is wrong")
        self._file.write(self._held[:-padding])
