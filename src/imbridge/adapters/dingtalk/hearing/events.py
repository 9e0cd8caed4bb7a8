"""The callback of an app's events, which is encrypted: verify, decrypt, take in, answer.

Source: open.dingtalk.com, "event subscription, HTTP push": the query has `msg_signature` (or `signature`, the same),
`timestamp` and `nonce`, the body `encrypt`; the answer is `success`, encrypted, within 1.5 s. A new address has to
answer the event `check_url` the same way. What is not answered so is delivered again.
"""

import asyncio
import logging
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.base import Intake, Verdict
from imbridge.adapters.dingtalk.crypto import EventEnvelope
from imbridge.adapters.dingtalk.frames import EVENT, Frame
from imbridge.adapters.dingtalk.hearing.base import Decoder
from imbridge.adapters.envelope import Envelope, EnvelopeError, sealed_in_json
from imbridge.adapters.json_text import read_json
from imbridge.adapters.unexpected import digest
from imbridge.transport import Refused, ReplayWindow, WebhookRequest, WebhookResponse, WebhookRoute

log = logging.getLogger(__name__)

_MAX_BODY = 256 * 1024
_WINDOW = 300.0
"""Seconds that a callback may be from our clock: it is not written whether its repetitions are signed anew."""
_TIMEOUT = 1.4
_KEPT = 60.0
"""Seconds for which it is known that a request was answered with success, in case the answer got lost."""
_MOST_KEPT = 2000
_SUCCESS = b"success"
_CHECKS = frozenset({"check_url", "check_create_suite_url", "check_update_suite_url"})
"""Events that only ask whether we are here."""
_JSON = {"Content-Type": "application/json"}
_LATER = {"Retry-After": "5"}


class EventWebhook:
    """The callback URL of one app's events, `/dingtalk/<account>/events`."""

    def __init__(
        self, name: str, envelope: EventEnvelope, intake: Intake, decode: Decoder, counts: Counter[str]
    ) -> None:
        """For one account; `decode` reads an event, and never fails."""
        self._envelope = envelope
        self._intake = intake
        self._decode = decode
        self._counts = counts
        self._replay = ReplayWindow(_WINDOW)
        self._taken: OrderedDict[str, float] = OrderedDict()
        self._path = f"/dingtalk/{name}/events"
        self.reading = True

    def route(self) -> WebhookRoute:
        """Where it is."""
        return WebhookRoute(self._path, ("POST",), self.handle, max_body=_MAX_BODY, timeout=_TIMEOUT)

    async def handle(self, request: WebhookRequest) -> WebhookResponse:
        """Answer one event.

        Raises:
            Refused: it is not the platform's. One answer for all, so that nothing can be found out by trying.
        """
        signature, timestamp, nonce = _signed(request)
        content, envelope = self._opened(request.body, signature, timestamp, nonce)
        if self._taken.get(signature, 0.0) > time.monotonic():  # our answer got lost, or somebody plays it back
            return _success(envelope)
        self._replay.check(timestamp, nonce)
        said = _read(content)
        taken = said.get("EventType") in _CHECKS
        try:
            taken = taken or await self._take_in(_frame_of(said, content))
        finally:
            if not taken:
                self._replay.forget(timestamp, nonce)  # it comes again
        if not taken:
            return WebhookResponse(503, b"", _LATER)
        self._keep(signature)
        return _success(envelope)

    def _opened(self, body: bytes, signature: str, timestamp: str, nonce: str) -> tuple[bytes, Envelope]:
        try:
            sealed = sealed_in_json(body)
        except EnvelopeError:
            raise Refused(403, "not encrypted") from None
        if not self._envelope.is_signed(signature, timestamp, nonce, sealed):
            raise Refused(403, "wrong signature")
        try:
            return self._envelope.open(sealed)
        except EnvelopeError:
            raise Refused(403, "cannot be decrypted") from None

    async def _take_in(self, frame: Frame) -> bool:
        if not self.reading:
            self._counts["after_stop"] += 1
            return False
        self._counts["events"] += 1
        offered = self._intake.offer(self._decode(frame))
        # Shielded: when the time to answer is over, what is being stored must still be handled.
        verdict = offered.result() if offered.done() else await asyncio.shield(offered)
        self._counts[verdict.value] += 1
        return verdict is not Verdict.OVERLOADED

    def _keep(self, signature: str) -> None:
        self._taken[signature] = time.monotonic() + _KEPT
        while len(self._taken) > _MOST_KEPT:
            self._taken.popitem(last=False)


def _signed(request: WebhookRequest) -> tuple[str, str, str]:
    query = request.query
    signature = query.get("msg_signature") or query.get("signature", "")
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not signature or not timestamp or not nonce:
        raise Refused(403, "not signed")
    return signature, timestamp, nonce


def _success(envelope: Envelope) -> WebhookResponse:
    timestamp, nonce = str(int(time.time() * 1000)), secrets.token_hex(8)
    sealed = envelope.seal(_SUCCESS)
    made = {
        "msg_signature": envelope.sign(timestamp, nonce, sealed),
        "timeStamp": timestamp,
        "nonce": nonce,
        "encrypt": sealed,
    }
    return WebhookResponse(200, to_json(made), _JSON)


def _read(content: bytes) -> Mapping[str, Any]:
    """The event; empty when it is no JSON object, which is passed on whole."""
    try:
        said = read_json(content.decode("utf-8"))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _frame_of(said: Mapping[str, Any], content: bytes) -> Frame:
    """The frame by which the same event comes over stream.

    What stream has in the headers stands among the data here, some of which begin with a capital letter. They stand
    under both names then.
    """
    event_id = said.get("eventId") or said.get("EventId")
    if not isinstance(event_id, str):
        event_id = digest(content)
    if not said:
        return Frame(EVENT, "*", event_id, {}, content.decode("utf-8", "replace"))
    headers = {
        "eventId": event_id,
        "eventType": said.get("EventType", said.get("eventType")),
        "eventBornTime": next((said[name] for name in _TIMES if name in said), None),
        "eventCorpId": said.get("CorpId", said.get("corpId")),
    }
    data = {**{name[:1].lower() + name[1:]: value for name, value in said.items()}, **said}
    return Frame(EVENT, "*", event_id, headers, to_json(data).decode())


_TIMES = ("eventBornTime", "EventTime", "TimeStamp", "timeStamp")
