"""An app's callbacks: verify, decrypt, take in, answer.

Source: developer.work.weixin.qq.com, "receive messages and events" (path/90238, 90930): the platform waits 5 s, and
sends again, three times in all. A callback is authenticated before anything in it is parsed.
"""

import asyncio
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from imbridge.adapters.base import Inbound, Intake, Verdict
from imbridge.adapters.envelope import Envelope, EnvelopeError, sealed_in
from imbridge.adapters.pending import Answer, PendingAnswer
from imbridge.adapters.wecom.inbound import Identity, decode, unreadable
from imbridge.adapters.wecom.sent.answers import ANSWER_WITHIN
from imbridge.adapters.xml import read_xml, write_xml
from imbridge.protocol import ButtonClicked, DecodeError, Event, Message
from imbridge.transport import Refused, ReplayWindow, WebhookRequest, WebhookResponse, WebhookRoute

log = logging.getLogger(__name__)

_MAX_BODY = 64 * 1024
_WINDOW = 300.0
"""Seconds that a callback may be from our clock: its repetitions come with the time of the first."""
_TIMEOUT = 4.8
_TEXT = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
_ECHO = re.compile(rb"[^\s<{]{1,4096}")
"""What an `echostr` can say: digits in practice, and neither the XML nor the JSON of a callback."""
_XML = {"Content-Type": "application/xml; charset=utf-8"}
_KEPT = 60.0
"""Seconds for which a passive reply is kept: three tries of 5 s each, and as much again."""
_MOST_GIVEN = 2000
"""Names under which passive replies are kept, two for each."""
_LATER = {"Retry-After": "5"}

PassiveWriter = Callable[[Message, Answer], str]
"""Writes the XML of a passive reply to a message."""
ClickAnswerer = Callable[[Inbound, float], Awaitable[tuple[Mapping[str, Any], Answer]]]
"""Waits so many seconds for what a skill says to a click: the fields of the answer (or none), and what they show."""


class WeComWebhook:
    """The callback URL of one app, `/wecom/<account>`."""

    def __init__(
        self,
        name: str,
        envelope: Envelope,
        me: Identity,
        intake: Intake,
        *,
        write: PassiveWriter,
        answer_click: ClickAnswerer,
        waits: float = 0.0,
    ) -> None:
        """For one app.

        Args:
            name: The account's name.
            envelope: Its token and key.
            me: Who receives.
            intake: Where it goes.
            write: Writes a passive reply.
            answer_click: Answers clicks in cards.
            waits: Seconds that a message waits for a passive reply; 0 answers at once.
        """
        self._envelope = envelope
        self._me = me
        self._intake = intake
        self._waits = waits
        self._write = write
        self._answer_click = answer_click
        self._waiting: dict[str, PendingAnswer] = {}
        self._given: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._replay = ReplayWindow(_WINDOW)
        self._path = f"/wecom/{name}"

    def route(self) -> WebhookRoute:
        """Where it is."""
        return WebhookRoute(self._path, ("GET", "POST"), self.handle, max_body=_MAX_BODY, timeout=_TIMEOUT)

    async def handle(self, request: WebhookRequest) -> WebhookResponse:
        """Answer one callback.

        Raises:
            Refused: it is not the platform's.
        """
        received = time.monotonic()
        if request.method == "GET":
            return echoed(self._envelope, request, self._replay)
        content = opened(self._envelope, request, self._sealed(request.body))
        signature = request.query["msg_signature"]
        if (kept := self._kept(signature)) is not None:
            return self._sealed_answer(kept)
        self._replay.check(*stamp(request))
        response = None
        try:
            response = await self._take_in(self._decode(content), received, signature)
        finally:
            if response is None or response.status != 200:
                self._replay.forget(*stamp(request))  # it comes again
        return response

    async def answer(self, message_id: str | None, said: Answer) -> bool:
        """Give this as the answer to the callback that brought a message, which the platform shows as a message.

        Returns:
            False when nobody waits for it (any more): it has to be sent.
        """
        waiting = self._waiting.get(message_id or "")
        return waiting is not None and not await waiting.show(said)

    def _sealed(self, body: bytes) -> str:
        try:
            return sealed_in(body)
        except EnvelopeError:
            raise Refused(400, "not encrypted") from None

    async def _take_in(self, inbound: Inbound, received: float, signature: str) -> WebhookResponse:
        item, waiting = inbound.item, None
        if isinstance(item, ButtonClicked):
            self._me.cards.clicked(_said(item, "TaskId"), _said(item, "FromUserName"), _said(item, "ResponseCode"))
            waiting = inbound.answer = PendingAnswer()
        elif self._waits and isinstance(item, Message) and item.id not in self._waiting:
            waiting = inbound.answer = self._waiting[item.id] = PendingAnswer()
        try:
            offered = self._intake.offer(inbound)
            # Shielded: when the time to answer is over, what is being stored must still be handled.
            verdict = offered.result() if offered.done() else await asyncio.shield(offered)
            if verdict is Verdict.OVERLOADED:
                return WebhookResponse(503, b"", _LATER)
            if verdict is Verdict.DUPLICATE and (kept := self._kept(item.id)) is not None:
                return self._sealed_answer(kept)
            if waiting is None or verdict is Verdict.DUPLICATE:
                return WebhookResponse(200)
            passed = time.monotonic() - received
            if isinstance(item, Message):
                said = await waiting.wait(self._waits - passed)
                answer = self._write(item, said) if said else ""
            else:
                fields, said = await self._answer_click(inbound, ANSWER_WITHIN - passed)
                answer = write_xml({**self._head(item), **fields}) if fields else ""
            if not answer:
                return WebhookResponse(200)
            response = self._sealed_answer(answer)
            self._keep((item.id, signature), answer)
            waiting.shown(said)
            return response
        finally:
            if waiting is not None:
                if isinstance(item, Message):
                    del self._waiting[item.id]
                waiting.shown(())

    def _keep(self, names: tuple[str, ...], answer: str) -> None:
        """For when the connection broke on its way: the platform delivers again within seconds.

        Whether it signs what it delivers again anew is written nowhere: the answer is known by the signature, too.
        """
        until = time.monotonic() + _KEPT
        for name in names:
            self._given[name] = (until, answer)
        while len(self._given) > _MOST_GIVEN:
            self._given.popitem(last=False)

    def _kept(self, name: str) -> str | None:
        """The answer that the platform has not got, or it would not ask; None when there is none."""
        until, answer = self._given.get(name, (0.0, None))
        return answer if until > time.monotonic() else None

    def _head(self, event: Event) -> dict[str, Any]:
        user = event.actor.id if event.actor is not None else ""
        return {"ToUserName": user, "FromUserName": self._me.corp_id, "CreateTime": int(time.time())}

    def _sealed_answer(self, xml: str) -> WebhookResponse:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
        sealed = self._envelope.seal(xml.encode())
        answer = (  # Base64, hexadecimal and digits: nothing in it could leave its field
            f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{self._envelope.sign(timestamp, nonce, sealed)}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )
        return WebhookResponse(200, answer.encode(), _XML)

    def _decode(self, content: bytes) -> Inbound:
        try:
            return decode(read_xml(content), self._me)
        except DecodeError as error:
            log.warning("%s: %s; it is passed on as unknown", self._path, error)
        except Exception as error:  # noqa: BLE001 - told, without its text; our mistake must not lose the event
            log.warning(
                "%s: the decoder failed on a callback (%s), which is passed on whole", self._path, type(error).__name__
            )
        return unreadable(content.decode("utf-8", "replace"), content, self._me)


def echoed(envelope: Envelope, request: WebhookRequest, replay: ReplayWindow) -> WebhookResponse:
    """The answer to the platform's check of an address: what its `echostr` says, alone.

    A signature covers no method: whoever has seen a callback pass by could have it decrypted here, were anything
    answered.

    Raises:
        Refused: it is not the platform's.
    """
    content = opened(envelope, request, request.query.get("echostr", ""))
    replay.check(*stamp(request))
    replay.forget(*stamp(request))  # whether a check comes again with the same nonce is written nowhere
    if _ECHO.fullmatch(content) is None:
        raise Refused(403, "no echostr")
    return WebhookResponse(200, content, _TEXT)


def opened(envelope: Envelope, request: WebhookRequest, sealed: str) -> bytes:
    """What a callback's cipher text says, once its signature has been checked.

    Raises:
        Refused: it is not the platform's.
    """
    given, (timestamp, nonce) = request.query.get("msg_signature", ""), stamp(request)
    if not sealed or not given or not timestamp or not nonce:
        raise Refused(400, "not signed")
    if not envelope.is_signed(given, timestamp, nonce, sealed):
        raise Refused(403, "wrong signature")
    try:
        return envelope.open(sealed)
    except EnvelopeError:
        raise Refused(403, "cannot be decrypted") from None


def stamp(request: WebhookRequest) -> tuple[str, str]:
    """What tells a callback from its replay."""
    return request.query.get("timestamp", ""), request.query.get("nonce", "")


def _said(event: Event, name: str) -> str:
    """A field of the callback that is a text."""
    value = event.payload.get(name, "") if isinstance(event.payload, Mapping) else ""
    return value if isinstance(value, str) else ""
