"""Signatures and envelopes of callbacks.

Source: developers.weixin.qq.com, doc/subscription/guide/dev/push/encryption.html. `signature` covers token, timestamp
and nonce, and nothing of the body: of a plain callback the body is as trustworthy as the connection it came through.
Only `msg_signature` covers what was said. So a plain callback is guarded by HTTPS, the replay window (one body for each
signature) and the cap on its size, and an account that can should be encrypted.
"""

import re
from collections.abc import Mapping

from imbridge.adapters.envelope import Envelope, EnvelopeError, signature
from imbridge.adapters.wechat.config import WeChatConfig
from imbridge.transport import Refused, constant_time_equal

_SEALED = re.compile(rb"<Encrypt>\s*(?:<!\[CDATA\[([A-Za-z0-9+/=]+)\]\]>|([A-Za-z0-9+/=]+))\s*</Encrypt>")
_MOST_SEALED = 4
"""Places at which an envelope is looked for: in compatible mode what a person wrote stands beside it, and may hold the
same word."""


class CallbackKeys:
    """Token and key of one account's callbacks."""

    __slots__ = ("_allow_plain", "_envelope", "_token")

    def __init__(self, token: str, envelope: Envelope | None, *, allow_plain: bool) -> None:
        """For one account.

        Args:
            token: Its token.
            envelope: Its envelope; None for an account in plain mode.
            allow_plain: Plain callbacks are taken although there is an envelope.
        """
        self._token = token
        self._envelope = envelope
        self._allow_plain = allow_plain

    def check(self, query: Mapping[str, str]) -> None:
        """See that `signature` is right.

        Raises:
            Refused: it is missing or wrong.
        """
        given, timestamp, nonce = query.get("signature", ""), query.get("timestamp", ""), query.get("nonce", "")
        if not given or not timestamp or not nonce:
            raise Refused(400, "not signed")
        if not constant_time_equal(given, signature(self._token, timestamp, nonce)):
            raise Refused(403, "wrong signature")

    def open(self, query: Mapping[str, str], body: bytes) -> tuple[bytes, bool]:
        """The XML in a callback that is the platform's, and whether it came encrypted.

        Raises:
            Refused: it is not.
        """
        envelope = self._envelope
        encrypted = query.get("encrypt_type") == "aes" or "msg_signature" in query
        if envelope is None or (not encrypted and self._allow_plain):
            self.check(query)
            if encrypted and b"<Encrypt>" in body and b"<MsgType>" not in body:
                raise Refused(400, "encrypted, and there is no aes_key")
            return body, False
        if not encrypted:
            raise Refused(403, "not encrypted")
        return self._opened(envelope, query, body), True

    def seal(self, content: bytes, timestamp: str, nonce: str) -> dict[str, str | int]:
        """The fields of an encrypted answer."""
        if self._envelope is None:
            raise RuntimeError("an account without aes_key has no envelope")
        sealed = self._envelope.seal(content)
        signed = self._envelope.sign(timestamp, nonce, sealed)
        return {"Encrypt": sealed, "MsgSignature": signed, "TimeStamp": int(timestamp), "Nonce": nonce}

    def _opened(self, envelope: Envelope, query: Mapping[str, str], body: bytes) -> bytes:
        given, timestamp, nonce = query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", "")
        if not given or not timestamp or not nonce:
            raise Refused(400, "not signed")
        found = _SEALED.finditer(body)
        sealed = [(match[1] or match[2]).decode("ascii") for match, _ in zip(found, range(_MOST_SEALED), strict=False)]
        if not sealed:
            raise Refused(400, "no envelope")
        for one in sealed:
            if envelope.is_signed(given, timestamp, nonce, one):
                try:
                    return envelope.open(one)
                except EnvelopeError:
                    raise Refused(403, "cannot be decrypted") from None
        raise Refused(403, "wrong signature")


def keys_of(config: WeChatConfig) -> CallbackKeys | None:
    """None when callbacks are not set up."""
    if config.token is None:
        return None
    token = config.token.get_secret_value()
    envelope = None
    if config.aes_key is not None:
        envelope = Envelope(token, config.aes_key.get_secret_value(), config.app_id)
    return CallbackKeys(token, envelope, allow_plain=config.allow_plain)
