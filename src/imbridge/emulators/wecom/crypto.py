"""The callbacks' encryption and signature.

Rules: https://developer.work.weixin.qq.com/document/path/90968. The key is the Base64 decoding of EncodingAESKey and
`=`; AES-256-CBC with the key's first 16 bytes as IV; PKCS#7 padding to a multiple of 32; the plain text is 16 random
bytes, the message's length (4 bytes, big endian), the message and the receiveid. The signature is the SHA-1 of the
sorted and joined token, timestamp, nonce and encrypted text.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
HEAD = 20
"""Bytes before the message: 16 random ones and the length."""


class CryptoError(Exception):
    """Something that was to be decrypted is not right."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """The encryption of one callback configuration.

    Attributes:
        token: The configuration's Token.
        aes_key: Its EncodingAESKey, 43 characters.
        receive_id: The corp's id.
    """

    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    receive_id: str

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """The `msg_signature` of an encrypted text."""
        joined = "".join(sorted((self.token, timestamp, nonce, encrypted)))
        return hashlib.sha1(joined.encode()).hexdigest()  # noqa: S324 - the platform's choice

    def encrypt(self, message: bytes, salt: bytes, padding: bytes | None = None) -> str:
        """The encrypted text of a message.

        Args:
            message: What to encrypt.
            salt: 16 random bytes.
            padding: What the padding is filled with instead of its length, for requests that are to be wrong.
        """
        plain = salt + len(message).to_bytes(4, "big") + message + self.receive_id.encode()
        missing = BLOCK - len(plain) % BLOCK
        padding = ((padding or bytes([missing])) * missing)[-missing:]
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + padding) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """The message in an encrypted text.

        Raises:
            CryptoError: It is no Base64, of a wrong size, wrongly padded, or for somebody else.
        """
        try:
            data = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise CryptoError("the encrypted text is no Base64") from None
        if not data or len(data) % 16:
            raise CryptoError(f"{len(data)} encrypted bytes are no whole AES blocks")
        decryptor = self._cipher().decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad or len(plain) - pad < HEAD:
            raise CryptoError("the padding is wrong")
        plain = plain[:-pad]
        length = int.from_bytes(plain[16:HEAD], "big")
        if length > len(plain) - HEAD:
            raise CryptoError("the length is wrong")
        receiver = plain[HEAD + length :]
        if not hmac.compare_digest(receiver, self.receive_id.encode()):
            raise CryptoError(f"the receiveid is {receiver[:64]!r}")
        return plain[HEAD : HEAD + length]

    def _cipher(self) -> "Cipher[modes.CBC]":
        key = base64.b64decode(self.aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
