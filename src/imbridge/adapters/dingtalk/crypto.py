"""What proves that a callback is the platform's: the robot's signature, and the envelope of events.

Sources: open.dingtalk.com, "receive messages of a robot": Base64 of the HMAC-SHA256 of the timestamp in milliseconds, a
line feed and the app's secret, whose key is the secret; "event subscription, HTTP push": WeCom's envelope, which is for
the app, or for the organisation where the subscription is of the older kind.
"""

import base64
import hashlib
import hmac

from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.envelope import Envelope, EnvelopeError


def robot_signature(timestamp: str, secret: str) -> str:
    """The signature of a robot message. It does not cover the message."""
    said = f"{timestamp}\n{secret}".encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.new(secret.encode(), said, hashlib.sha256).digest()).decode("ascii")


class EventEnvelope:
    """Opens the envelopes of one app's events, whomever of the two they are for."""

    def __init__(self, token: str, aes_key: str, receivers: tuple[str, ...]) -> None:
        """With the callback's token and key; `receivers` are the app and, if it is known, the organisation."""
        self._envelopes = [Envelope(token, aes_key, receiver) for receiver in receivers]

    def is_signed(self, given: str, timestamp: str, nonce: str, sealed: str) -> bool:
        """Whether the signature is right; compared in constant time."""
        return self._envelopes[0].is_signed(given, timestamp, nonce, sealed)

    def open(self, sealed: str) -> tuple[bytes, Envelope]:
        """The content, and the envelope that the answer belongs into.

        Raises:
            EnvelopeError: it was not made with this key, is damaged, or is for somebody else.
        """
        for envelope in self._envelopes:
            try:
                return envelope.open(sealed), envelope
            except EnvelopeError:
                continue
        raise EnvelopeError


def envelope_of(config: DingTalkConfig) -> EventEnvelope | None:
    """None when the event callback is not set up."""
    if config.token is None or config.aes_key is None:
        return None
    receivers = tuple(receiver for receiver in (config.client_id, config.corp_id) if receiver)
    return EventEnvelope(config.token.get_secret_value(), config.aes_key.get_secret_value(), receivers)
