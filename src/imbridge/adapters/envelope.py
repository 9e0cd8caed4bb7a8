"""The signed AES envelope in which WeCom, WeChat and DingTalk deliver their callbacks.

Source: developer.work.weixin.qq.com, "encryption and decryption" (path/90968) and "callback" (path/90930): the
signature is the SHA-1 of token, timestamp, nonce and cipher text, sorted and joined; the plain text is 16 random bytes,
the length of the content in four bytes, big-endian, the content, and the receiver; padded by PKCS#7 to 32 bytes;
AES-256-CBC, whose IV is the first 16 bytes of the key.
"""

import base64
import binascii
import hashlib
import re
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from imbridge.protocol import DecodeError
from imbridge.transport import constant_time_equal

_BLOCK = 32
_RANDOM = 16
_HEAD = _RANDOM + 4
_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
_SEALED_JSON = re.compile(rb'"encrypt"\s{0,20}:\s{0,20}"((?:[A-Za-z0-9+/=]|\\/)+)"')
_SEALED = re.compile(rb"<Encrypt>\s*(?:<!\[CDATA\[([A-Za-z0-9+/=]+)\]\]>|([A-Za-z0-9+/=]+))\s*</Encrypt>")


class EnvelopeError(DecodeError):
    """An envelope that is not the platform's, or is damaged: one message for all reasons, so none can be probed."""

    def __init__(self) -> None:
        super().__init__("an envelope that cannot be opened")


def signature(*parts: str) -> str:
    """The SHA-1 of the parts, sorted and joined, in hex; the token is one of them."""
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324 - theirs


def is_key(text: str) -> bool:
    """Whether this can be an EncodingAESKey: 43 characters of Base64, in practice letters and digits."""
    return _KEY.fullmatch(text) is not None


def sealed_in(body: bytes) -> str:
    """The cipher text in the XML of a callback, which is not parsed: nobody has proved yet that he may send it.

    Raises:
        EnvelopeError: there is none, or more than one.
    """
    if body.count(b"<Encrypt>") != 1:
        raise EnvelopeError
    found = _SEALED.search(body)
    if found is None:
        raise EnvelopeError
    return (found[1] or found[2]).decode("ascii")


def sealed_in_json(body: bytes) -> str:
    """The same of a callback in JSON.

    Raises:
        EnvelopeError: there is none, or more than one.
    """
    found = _SEALED_JSON.findall(body) if body.count(b'"encrypt"') == 1 else []
    if len(found) != 1:
        raise EnvelopeError
    return bytes(found[0]).replace(b"\\/", b"/").decode("ascii")


class Envelope:
    """Opens and closes the envelopes of one account.

    Args:
        token: The callback's token.
        aes_key: The callback's EncodingAESKey.
        receiver: Whom envelopes are for: the corp id, the app id or client id, or nothing for a smart bot.
    """

    __slots__ = ("_cipher", "_receiver", "_token")

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._token = token
        self._receiver = receiver.encode()

    def sign(self, timestamp: str, nonce: str, sealed: str) -> str:
        """The signature of a cipher text."""
        return signature(self._token, timestamp, nonce, sealed)

    def is_signed(self, given: str, timestamp: str, nonce: str, sealed: str) -> bool:
        """Whether the signature is right; compared in constant time."""
        return constant_time_equal(given, self.sign(timestamp, nonce, sealed))

    def open(self, sealed: str) -> bytes:
        """The content of a cipher text.

        Raises:
            EnvelopeError: it was not made with this key, is damaged, or is for somebody else.
        """
        try:
            data = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise EnvelopeError from None
        if not data or len(data) % _BLOCK:
            raise EnvelopeError
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        padding = plain[-1]
        if not 1 <= padding <= _BLOCK or plain[-padding:] != bytes((padding,)) * padding:
            raise EnvelopeError
        end = len(plain) - padding
        content_end = _HEAD + int.from_bytes(plain[_RANDOM:_HEAD], "big")
        if end < _HEAD or content_end > end or not constant_time_equal(plain[content_end:end], self._receiver):
            raise EnvelopeError
        return plain[_HEAD:content_end]

    def seal(self, content: bytes) -> str:
        """The cipher text of a content."""
        plain = secrets.token_bytes(_RANDOM) + len(content).to_bytes(4, "big") + content + self._receiver
        padding = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes((padding,)) * padding) + encryptor.finalize()
        return base64.b64encode(sealed).decode("ascii")
