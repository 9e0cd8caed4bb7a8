"""Callbacks: verify, decrypt, take in, answer.

Source: developers.weixin.qq.com, doc/service/guide/dev/push/ (signatures), and Passive_user_reply_message.html (what is
answered, and when). A callback is authenticated before anything in it is parsed; see `crypto` for how much that is
worth in plain mode.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable

from imbridge.adapters.base import Inbound, Intake, Verdict
from imbridge.adapters.pending import Answer
from imbridge.adapters.wechat.crypto import CallbackKeys
from imbridge.adapters.wechat.inbound import Identity, can_be_answered, decode, unreadable
from imbridge.adapters.wechat.received.stamps import Stamp, Stamps
from imbridge.adapters.wechat.received.tries import CUT, TRIES, Exchange, Exchanges, all_tries_take
from imbridge.adapters.wechat.sent.rest import Rest
from imbridge.adapters.xml import read_xml, write_xml
from imbridge.protocol import BotAdded, Channel, DecodeError, Event, Message, Text
from imbridge.transport import Refused, ReplayWindow, WebhookRequest, WebhookResponse, WebhookRoute

log = logging.getLogger(__name__)

_MAX_BODY = 64 * 1024
_MAX_ECHO = 1024
_WINDOW = 300.0
"""Seconds that a callback may be from our clock."""
_PAST_THE_CUT = 0.5
_TEXT = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
_XML = {"Content-Type": "application/xml; charset=utf-8"}
_OVERLOADED = WebhookResponse(503, b"", {"Retry-After": "5"})
_LEFT = WebhookResponse(503)
"""To a try that the platform has given up by itself."""

PassiveWriter = Callable[[Message | Event, Answer], str | None]
"""Writes the XML of a passive reply; None for what cannot be one."""


class WeChatWebhook:
    """The callback URL of one account, `/wechat/<account>`."""

    def __init__(
        self,
        name: str,
        keys: CallbackKeys,
        me: Identity,
        intake: Intake,
        *,
        write: PassiveWriter,
        waits: float,
        holds: Callable[[], bool],
        rest: Callable[[], Rest | None] = lambda: None,
        welcome: str = "",
        cut: float = CUT,
    ) -> None:
        """For one account.

        Args:
            name: The account's name.
            keys: Its token and key.
            me: Who receives.
            intake: Where it goes.
            write: Writes a passive reply.
            waits: Seconds to wait for one; 0 answers at once.
            holds: Whether a try whose answer is late is left without one, so that the platform tries again.
            rest: What could not be said yet, of an account that has no other way to say it.
            welcome: What a new follower is told when no skill says anything.
            cut: Seconds after which the platform cuts a try.
        """
        self._keys = keys
        self._me = me
        self._intake = intake
        self._write = write
        self._waits = waits
        self._holds = holds
        self._rest = rest
        self._welcome = welcome
        self._cut = cut
        self._replay = ReplayWindow(_WINDOW)
        self._stamps = Stamps(all_tries_take(cut))
        self._reading = True
        self._path = f"/wechat/{name}"
        self.exchanges = Exchanges(cut)
        self.counts = {"passive_replies": 0, "tries_left": 0, "answers_late": 0}

    def route(self) -> WebhookRoute:
        """Where it is."""
        timeout = self._cut + 2.0
        return WebhookRoute(
            self._path, ("GET", "POST"), self.handle, max_body=_MAX_BODY, timeout=timeout, while_stopping=True
        )

    def stop_reading(self) -> None:
        """Take nothing new. The platform still gets the answers that it comes back for."""
        self._reading = False

    async def answer(self, message_id: str | None, channel: Channel, said: Answer) -> bool:
        """Give this as the answer to a callback; False when nobody waits for it (any more)."""
        return await self.exchanges.answer(message_id, channel.address, said, any_message=self._holds())

    async def handle(self, request: WebhookRequest) -> WebhookResponse:
        """Answer one callback.

        Raises:
            Refused: it is not the platform's.
        """
        received = time.monotonic()
        if request.method == "GET":
            return self._echo(request)
        content, encrypted = self._keys.open(request.query, request.body)
        stamp = _stamp(request)
        if not self._stamps.repeats(stamp, content):
            self._replay.check(*stamp)
            self._stamps.note(stamp, content)
        response = None
        try:
            response = await self._take_in(self._decode(content), received, encrypted=encrypted)
        finally:
            if response is None or response is _OVERLOADED:  # it comes again
                self._replay.forget(*stamp)
                self._stamps.forget(stamp)
        return response

    def _echo(self, request: WebhookRequest) -> WebhookResponse:
        self._keys.check(request.query)
        echo = request.query.get("echostr", "")
        if not 0 < len(echo) <= _MAX_ECHO:
            raise Refused(400, "no echostr")
        return WebhookResponse(200, echo.encode(), _TEXT)

    async def _take_in(self, inbound: Inbound, received: float, *, encrypted: bool) -> WebhookResponse:
        rest = self._rest()
        if rest is not None and isinstance(inbound.item, Message):
            kept = rest.given_to(inbound.item)
            if kept is not None:
                return self._replied(inbound.item, kept, encrypted=encrypted)
        exchange = self.exchanges.of(inbound.dedup_keys[0])
        if exchange is None and not self._reading:
            return _OVERLOADED
        if not self._waits or not can_be_answered(inbound.item):
            offered = self._intake.offer(inbound)
            # Shielded: when the time to answer is over, what is being stored must still be handled.
            verdict = offered.result() if offered.done() else await asyncio.shield(offered)
            return _OVERLOADED if verdict is Verdict.OVERLOADED else WebhookResponse(200)
        if exchange is None:
            exchange = self.exchanges.open(inbound)
        number = exchange.begin_try()
        if exchange.given is not None:
            return self._replied(exchange.item, exchange.given, encrypted=encrypted)
        try:
            if exchange.verdict is None:
                exchange.verdict = self._intake.offer(inbound)
            offered = exchange.verdict
            verdict = offered.result() if offered.done() else await asyncio.shield(offered)
        except Exception:
            exchange.close()
            raise
        if verdict is Verdict.ACCEPTED:
            return await self._answered(exchange, number, received, encrypted=encrypted)
        exchange.close()
        return _OVERLOADED if verdict is Verdict.OVERLOADED else WebhookResponse(200)

    async def _answered(self, exchange: Exchange, number: int, received: float, *, encrypted: bool) -> WebhookResponse:
        await exchange.pending.wait(self._waits - (time.monotonic() - received))
        if exchange.given is not None or (exchange.pending.over and number < exchange.tries):
            # Another try is here at the same time: the platform has cut this one, if one of them, and awaits that one.
            return WebhookResponse(200)
        if exchange.pending.abandoned:
            exchange.close()
            return _OVERLOADED  # whoever is there at the next try may handle it
        if exchange.pending.over:
            return self._passive(exchange, encrypted=encrypted)
        if number < TRIES and self._holds():
            # Neither answered nor refused: the platform gives this try up by itself, and sends the next one.
            self.counts["tries_left"] += 1
            await asyncio.sleep(self._cut + _PAST_THE_CUT - (time.monotonic() - received))
            return _LEFT
        self.counts["answers_late"] += 1
        rest = self._rest()
        told: Answer = ()
        if rest is not None and isinstance(exchange.item, Message):
            told = rest.expect(exchange.item.sender.id, exchange.pending)
        exchange.give(told, shown=False)
        return self._replied(exchange.item, told, encrypted=encrypted)

    def _passive(self, exchange: Exchange, *, encrypted: bool) -> WebhookResponse:
        """The answer that was said; the greeting in place of none; nothing for what cannot be a passive reply."""
        item, said, rest = exchange.item, exchange.pending.said, self._rest()
        answer = said
        if not said and self._welcome and isinstance(item, BotAdded):
            answer = (Text(self._welcome),)
        elif said and rest is not None and isinstance(item, Message):
            answer = rest.hinted(item.sender.id, said)
        try:
            response = self._replied(item, answer, encrypted=encrypted)
        except BaseException:
            exchange.give((), shown=False)
            raise
        exchange.give(answer, shown=response.body != b"")
        return response

    def _replied(self, item: Message | Event, said: Answer, *, encrypted: bool) -> WebhookResponse:
        """A passive reply; empty for what cannot be one."""
        xml = self._write(item, said) if said else None
        if xml is None:
            return WebhookResponse(200)
        self.counts["passive_replies"] += 1
        if not encrypted:
            return WebhookResponse(200, xml.encode(), _XML)
        sealed = self._keys.seal(xml.encode(), str(int(time.time())), secrets.token_hex(8))
        return WebhookResponse(200, write_xml(sealed).encode(), _XML)

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


def _stamp(request: WebhookRequest) -> Stamp:
    return request.query.get("timestamp", ""), request.query.get("nonce", "")
