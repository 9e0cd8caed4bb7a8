"""The callback address: prove it (op 13), verify, take in, acknowledge (op 12).

Source: bot.q.qq.com, "event subscription and notification" and "security and authorisation". How long the platform
waits, and how often it sends again what was not acknowledged, is written nowhere.
"""

import asyncio
import hashlib
import logging
import time
from collections import Counter, OrderedDict
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.base import Intake, Verdict
from imbridge.adapters.json_text import read_json
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.qq.crypto import Signer
from imbridge.adapters.qq.hearing.base import Decoder
from imbridge.transport import Refused, ReplayWindow, WebhookRequest, WebhookResponse, WebhookRoute

log = logging.getLogger(__name__)

DISPATCH, VALIDATION = 0, 13
_MAX_BODY = 512 * 1024
_MOST_PROVED = 4096
"""Bytes of a request that need not be signed."""
_WINDOW = 300.0
"""Seconds that a request may be from our clock."""
_MOST = 500_000
"""Requests that are remembered: 1,600 a second for the whole window."""
_TIMEOUT = 4.5
_JSON = {"Content-Type": "application/json"}
_LATER = {"Retry-After": "5"}
_ACK = b'{"op":12}'


class QQWebhook:
    """The callback URL of one bot, `/qq/<account>`.

    Attributes:
        reading: False: nothing more is taken in, and the platform is told to come again.
    """

    def __init__(self, config: QQConfig, intake: Intake, decode: Decoder, counts: Counter[str]) -> None:
        """For one account; `decode` reads a payload, and never fails."""
        self._signer = Signer(config.secret.get_secret_value())
        self._intake = intake
        self._decode = decode
        self._counts = counts
        self._replay = ReplayWindow(_WINDOW, max_entries=_MOST)
        self._taken: OrderedDict[tuple[str, str], float] = OrderedDict()
        """What was acknowledged, and until when a repetition is, too: our answer may have got lost."""
        self._path = f"/qq/{config.name}"
        self._told: set[str] = set()
        self.reading = True

    def route(self) -> WebhookRoute:
        """Where it is."""
        return WebhookRoute(self._path, ("POST",), self.handle, max_body=_MAX_BODY, timeout=_TIMEOUT)

    async def handle(self, request: WebhookRequest) -> WebhookResponse:
        """Answer one request.

        Raises:
            Refused: it is not the platform's. One answer for all, so that nothing can be found out by trying.
        """
        body = request.body
        timestamp = request.headers.get("X-Signature-Timestamp", "")
        signed = self._signer.is_signed(request.headers.get("X-Signature-Ed25519", ""), timestamp, body)
        if not signed and len(body) > _MOST_PROVED:
            raise Refused(403, "wrong signature")
        payload = _read(body)
        if payload is not None and payload.get("op") == VALIDATION:
            return self._proved(payload.get("d"))
        if not signed:
            raise Refused(403, "wrong signature")
        return await self._event(payload, timestamp, hashlib.sha256(body).hexdigest())

    def _proved(self, data: Any) -> WebhookResponse:
        """Prove that the address is ours; the question itself need not be signed."""
        data = data if isinstance(data, dict) else {}
        token = data.get("plain_token")
        signature = self._signer.prove(token, data.get("event_ts"))
        if signature is None:
            raise Refused(403, "not a token to prove")
        self._counts["validations"] += 1
        return WebhookResponse(200, to_json({"plain_token": token, "signature": signature}), _JSON)

    async def _event(self, payload: dict[str, Any] | None, timestamp: str, digest: str) -> WebhookResponse:
        key = (timestamp, digest)
        if self._taken.get(key, 0.0) > time.monotonic():  # our answer got lost, or somebody plays it back
            self._counts["repeated"] += 1
            return _acknowledged()
        self._replay.check(timestamp, digest)
        taken = False
        try:
            taken = await self._take_in(payload)
        finally:
            if not taken:
                self._replay.forget(timestamp, digest)  # it comes again
        if not taken:
            return WebhookResponse(503, b"", _LATER)
        self._taken[key] = time.monotonic() + _WINDOW
        self._forget_old()
        return _acknowledged()

    async def _take_in(self, payload: dict[str, Any] | None) -> bool:
        if not self.reading:
            self._counts["after_stop"] += 1
            return False
        if payload is None:
            self._bad("frame", "a signed request that is no JSON object")
            return True
        if payload.get("op") != DISPATCH:
            self._bad("op", "a signed request with an op that this version does not know")
            return True
        self._counts["events"] += 1
        inbound = self._decode(payload)
        if inbound is None:
            return True
        offered = self._intake.offer(inbound)
        # Shielded: when the time to answer is over, what is being stored must still be handled.
        verdict = offered.result() if offered.done() else await asyncio.shield(offered)
        self._counts[verdict.value] += 1
        return verdict is not Verdict.OVERLOADED

    def _forget_old(self) -> None:
        now = time.monotonic()
        while self._taken and (len(self._taken) > _MOST or next(iter(self._taken.values())) < now):
            self._taken.popitem(last=False)

    def _bad(self, kind: str, what: str) -> None:
        """Count what cannot be used; log each kind once, without its content. The platform need not send it again."""
        self._counts[f"bad_{kind}"] += 1
        if kind not in self._told:
            self._told.add(kind)
            log.warning("%s: %s. Further ones of this kind are counted, not logged.", self._path, what)


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        payload = read_json(body)
    except ValueError:
        return None
    return payload if isinstance(payload, dict) else None


def _acknowledged() -> WebhookResponse:
    return WebhookResponse(200, _ACK, _JSON)
