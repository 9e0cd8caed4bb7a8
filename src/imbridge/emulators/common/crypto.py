"""The encryption and the signature that WeCom, its smart bots and WeChat share.

Rules: https://developer.work.weixin.qq.com/document/path/90968, /path/101033 and
https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html. The key is the Base64 decoding of
EncodingAESKey and `=`; AES-256-CBC with the key's first 16 bytes as IV; PKCS#7 padding to a multiple of 32; the plain
text is 16 random bytes, the message's length (4 bytes, big endian), the message and the receiver's id. The signature is
the SHA-1 of the sorted and joined token, timestamp, nonce and encrypted text.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
SALT = 16
HEAD = SALT + 4
"""Bytes before the message: random ones and the length."""


class CryptoError(Exception):
    """Something that was to be decrypted is not right."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """The encryption of one callback configuration.

    Attributes:
        token: The configuration's Token.
        aes_key: Its EncodingAESKey, 43 characters.
        receive_id: Whom the messages are for: the id of the corp or the account; of a smart bot, nothing.
    """

    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    receive_id: str

    def sign(self, *parts: str) -> str:
        """The signature of a timestamp, a nonce and, for `msg_signature`, an encrypted text."""
        return hashlib.sha1("".join(sorted((self.token, *parts))).encode(), usedforsecurity=False).hexdigest()

    def is_signed(self, signature: str, *parts: str) -> bool:
        """Whether a signature is right."""
        return hmac.compare_digest(self.sign(*parts).encode(), signature.encode())

    def encrypt(self, message: bytes, salt: bytes, padding: bytes | None = None) -> str:
        """The encrypted text of a message.

        Args:
            message: What to encrypt.
            salt: 16 random bytes.
            padding: What the padding is filled with instead of its length, for requests that are to be wrong.
        """
        plain = salt + len(message).to_bytes(4, "big") + message + self.receive_id.encode()
        return base64.b64encode(encrypt_bytes(key_of(self.aes_key), plain, padding)).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """The message in an encrypted text.

        Raises:
            CryptoError: It is no Base64, of a wrong size, wrongly padded, or for somebody else.
        """
        try:
            data = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise CryptoError("the encrypted text is no Base64") from None
        if not data or len(data) % BLOCK:
            raise CryptoError(f"{len(data)} encrypted bytes are no whole blocks of {BLOCK}")
        decryptor = _cipher(key_of(self.aes_key)).decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad or len(plain) - pad < HEAD:
            raise CryptoError("the padding is wrong")
        plain = plain[:-pad]
        length = int.from_bytes(plain[SALT:HEAD], "big")
        if length > len(plain) - HEAD:
            raise CryptoError("the length is wrong")
        receiver = plain[HEAD + length :]
        if not hmac.compare_digest(receiver, self.receive_id.encode()):
            shown = receiver[:64].decode("utf-8", "replace")
            raise CryptoError(f"its receiveid is {shown!r}, not {self.receive_id!r}")
        return plain[HEAD : HEAD + length]

    def decrypt_text(self, encrypted: str) -> str:
        """The message in an encrypted text, as text.

        Raises:
            CryptoError: As of `decrypt`, or it is no UTF-8.
        """
        try:
            return self.decrypt(encrypted).decode()
        except UnicodeDecodeError:
            raise CryptoError("the message is no UTF-8") from None


def key_of(aes_key: str) -> bytes:
    """The 32 bytes behind the 43 characters of an EncodingAESKey."""
    return base64.b64decode(aes_key + "=")


def encrypt_bytes(key: bytes, plain: bytes, padding: bytes | None = None) -> bytes:
    """Encrypts bytes as they are: a file, or what `Crypto.encrypt` puts around a message.

    Args:
        key: 32 bytes.
        plain: What to encrypt.
        padding: What the padding is filled with instead of its length.
    """
    missing = BLOCK - len(plain) % BLOCK
    filling = ((padding or bytes([missing])) * missing)[-missing:]
    encryptor = _cipher(key).encryptor()
    return encryptor.update(plain + filling) + encryptor.finalize()


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
