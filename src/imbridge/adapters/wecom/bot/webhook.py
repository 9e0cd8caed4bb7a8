"""A smart bot's callbacks: verify, decrypt, take in, answer, and answer again while an answer grows.

Source: developer.work.weixin.qq.com, path/101033 (form), 100719 (messages), 101027 (events), 101031 (answers): JSON
with `encrypt`, receiver empty; the platform waits 5 s. A callback is authenticated before its content is parsed.
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from pydantic_core import from_json, to_json

from imbridge.adapters.base import Intake, Verdict
from imbridge.adapters.envelope import Envelope, EnvelopeError, sealed_in_json
from imbridge.adapters.pending import PendingAnswer
from imbridge.adapters.wecom.bot.awaited import ANSWER_WITHIN, expects_answer, written_answer
from imbridge.adapters.wecom.bot.facts import BotIdentity
from imbridge.adapters.wecom.bot.inbound import Received, decode, unreadable
from imbridge.adapters.wecom.bot.turn import Turn
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.adapters.wecom.webhook import echoed, opened, stamp
from imbridge.protocol import DecodeError, Message
from imbridge.transport import Refused, ReplayWindow, WebhookRequest, WebhookResponse, WebhookRoute

log = logging.getLogger(__name__)

_MAX_BODY = 256 * 1024
_WINDOW = 300.0
"""Seconds that a callback may be from our clock: its repetitions may come with the time of the first."""
_GIVEN_AGAIN = 60.0
"""Seconds after a message in which the answer to it is given to a repetition, which reports say is not signed anew."""
_TIMEOUT = 4.9
_FIRST_WITHIN = 4.0
"""Seconds for a skill to say the first thing; the rest of the platform's 5 is for the way."""
_SETTLES = 0.25
"""Seconds to see whether what was said is all of it."""
_END_WITHIN = 1.5
"""Seconds at the stop for the platform to come for the end of what it was shown the beginning of."""
_ON_ITS_WAY = 0.1
"""Seconds for an answer to leave."""
_LONGEST = 1200.0
"""Seconds after which the platform asks for nothing any more."""
_MOST_TURNS = 5_000
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_LATER = {"Retry-After": "5"}


class TurnAnswer(PendingAnswer):
    """The runtime's end of a turn: it says when nothing more will be said."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn

    def release(self) -> None:
        """Nothing will be said: nobody need wait."""
        super().release()
        self._turn.release()


class BotWebhook:
    """The callback URL of one smart bot, `/wecom/<account>`.

    Attributes:
        counts: What came in, and what was refused.
    """

    def __init__(
        self,
        settings: WeComConfig,
        envelope: Envelope,
        me: BotIdentity,
        intake: Intake,
        on_received: Callable[[Received], None],
    ) -> None:
        """For one bot; `on_received` is told of each callback before it goes into the inbox."""
        self._settings = settings
        self._envelope = envelope
        self._me = me
        self._intake = intake
        self._on_received = on_received
        self._replay = ReplayWindow(_WINDOW)
        self._reading = True
        self._path = f"/wecom/{settings.name}"
        self._turns: OrderedDict[str, Turn] = OrderedDict()
        self._streams: dict[str, str] = {}
        self.counts: Counter[str] = Counter()

    def route(self) -> WebhookRoute:
        """Where it is."""
        return WebhookRoute(
            self._path, ("GET", "POST"), self.handle, max_body=_MAX_BODY, timeout=_TIMEOUT, while_stopping=True
        )

    def turn(self, message_id: str | None) -> Turn | None:
        """The answer to a message, while it can be added to."""
        turn = self._turns.get(message_id or "")
        return turn if turn is not None and turn.is_open else None

    async def after_answer(self, message_id: str | None) -> None:
        """Wait until the answer to a message's callback is on its way: what goes otherwise comes after it."""
        turn = self._turns.get(message_id or "")
        if turn is not None and not turn.left.is_set():
            waiting = asyncio.ensure_future(turn.left.wait())
            try:
                await asyncio.wait((waiting,), timeout=_TIMEOUT)
            finally:
                waiting.cancel()
            await asyncio.sleep(_ON_ITS_WAY)

    def stop_reading(self) -> None:
        """Take nothing new. The platform still gets the rest of what is being answered, if it comes for it soon."""
        self._reading = False
        for turn in self._turns.values():
            turn.hurry()

    async def close(self) -> None:
        """Nothing more will be said; the platform is told so if it comes for it soon: left open, it seems to go on."""
        for turn in self._turns.values():
            turn.release()
        if ends := [asyncio.create_task(turn.ended.wait()) for turn in self._turns.values() if turn.is_awaited]:
            _, late = await asyncio.wait(ends, timeout=_END_WITHIN)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def handle(self, request: WebhookRequest) -> WebhookResponse:
        """Answer one callback.

        Raises:
            Refused: it is not the platform's.
        """
        received = time.monotonic()
        if request.method == "GET":
            return echoed(self._envelope, request, self._replay)
        content = opened(self._envelope, request, _sealed(request.body))
        try:
            self._replay.check(*stamp(request))
        except Refused:
            if (answer := self._given_again(content)) is None:
                raise
            return self._response(request, answer)
        response = None
        try:
            response = await self._answered(content, request, received)
        finally:
            if response is None or response.status != 200:
                self._replay.forget(*stamp(request))  # it comes again
        return response

    async def _answered(self, content: bytes, request: WebhookRequest, received: float) -> WebhookResponse:
        body = self._read(content)
        if isinstance(body, dict) and body.get("msgtype") == "stream":
            self.counts["polls"] += 1
            return self._response(request, self._next_state(body))
        if not self._reading:
            return WebhookResponse(503, b"", _LATER)
        self.counts["callbacks"] += 1
        got = self._decode(body, content)
        item = got.inbound.item
        if isinstance(item, Message):
            return await self._message(got, item, request, received)
        if expects_answer(item):
            got.inbound.answer = PendingAnswer()
        waiting = got.inbound.answer
        try:
            self._on_received(got)
            verdict = await self._take_in(got)
            if verdict is Verdict.OVERLOADED:
                return WebhookResponse(503, b"", _LATER)
            if waiting is None or verdict is Verdict.DUPLICATE:
                return WebhookResponse(200)
            left = ANSWER_WITHIN - (time.monotonic() - received)
            answer, shown = await written_answer(
                got.inbound, left, self._settings.welcome, self._me.seal(got.inbound.item.channel)
            )
            response = self._response(request, answer)
            waiting.shown(shown)
            return response
        finally:
            if waiting is not None:
                waiting.shown(())

    async def _message(
        self, got: Received, message: Message, request: WebhookRequest, received: float
    ) -> WebhookResponse:
        turn = self._turns.get(message.id)
        if turn is None:
            turn = Turn(uuid4().hex, self._settings.stream_window, feedback=self._settings.feedback)
            self._keep(message.id, turn)
            got.inbound.answer = TurnAnswer(turn)
            self._on_received(got)
            verdict = Verdict.OVERLOADED
            try:
                verdict = await self._take_in(got)
            finally:
                if verdict is not Verdict.ACCEPTED:
                    self._forget(message.id, turn)
            if verdict is Verdict.OVERLOADED:
                return WebhookResponse(503, b"", _LATER)
            if verdict is Verdict.DUPLICATE:
                return WebhookResponse(200)
        else:
            self.counts["repeated"] += 1
        try:
            answer = await self._first_state(turn, received + _FIRST_WITHIN)
        finally:
            turn.left.set()
        if self._turns.get(message.id) is not turn:
            return WebhookResponse(503, b"", _LATER)  # it came twice at once, and the first was not taken in
        return self._response(request, answer)

    def _given_again(self, content: bytes) -> dict[str, Any] | None:
        """What was said to a message whose very request comes once more: the platform may not have got the answer.

        For a minute after it came, and nothing is handled twice; None for whatever else is repeated.
        """
        body = self._read(content)
        message_id = body.get("msgid") if isinstance(body, dict) else None
        turn = self._turns.get(message_id) if isinstance(message_id, str) else None
        if turn is None or turn.is_empty or turn.age > _GIVEN_AGAIN or body.get("msgtype") == "stream":
            return None
        self.counts["repeated"] += 1
        return turn.take(first=True)

    async def _first_state(self, turn: Turn, until: float) -> dict[str, Any] | None:
        await turn.ready(until - time.monotonic())
        answer = turn.take(first=True)
        settled = min(until, time.monotonic() + _SETTLES)
        while turn.is_open and not (turn.is_empty or turn.growing) and (left := settled - time.monotonic()) > 0:
            # What was said counts as fetched now, and may have been the last thing: then it is the end, too.
            await turn.ready(left)
            answer = turn.take(first=True)
        return answer

    async def _take_in(self, got: Received) -> Verdict:
        offered = self._intake.offer(got.inbound)
        # Shielded: when the time to answer is over, what is being stored must still be handled.
        verdict = offered.result() if offered.done() else await asyncio.shield(offered)
        self.counts[verdict.value] += 1
        return verdict

    def _next_state(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        stream = body.get("stream")
        stream_id = stream.get("id") if isinstance(stream, dict) else None
        turn = self._turns.get(self._streams.get(stream_id, "")) if isinstance(stream_id, str) else None
        if turn is not None:
            return turn.take(first=False)
        if isinstance(stream_id, str):  # of an earlier process: nobody will add to it
            return {"msgtype": "stream", "stream": {"id": stream_id, "finish": True, "content": ""}}
        return None

    def _keep(self, message_id: str, turn: Turn) -> None:
        self._turns[message_id] = turn
        self._streams[turn.stream_id] = message_id
        while len(self._turns) > _MOST_TURNS or next(iter(self._turns.values())).age > _LONGEST:
            self._forget(*next(iter(self._turns.items())))

    def _forget(self, message_id: str, turn: Turn) -> None:
        turn.release()
        self._turns.pop(message_id, None)
        self._streams.pop(turn.stream_id, None)

    # -- form ----------------------------------------------------------------------------------------------------------

    def _response(self, request: WebhookRequest, answer: dict[str, Any] | None) -> WebhookResponse:
        if answer is None:
            return WebhookResponse(200)
        timestamp, nonce = str(int(time.time())), stamp(request)[1]
        sealed = self._envelope.seal(to_json(answer))
        made = {
            "encrypt": sealed,
            "msgsignature": self._envelope.sign(timestamp, nonce, sealed),
            "timestamp": int(timestamp),
            "nonce": nonce,
        }
        return WebhookResponse(200, to_json(made), _JSON)

    def _read(self, content: bytes) -> Any:
        try:
            return from_json(content, allow_inf_nan=False)
        except ValueError:
            return None

    def _decode(self, body: Any, content: bytes) -> Received:
        try:
            if isinstance(body, dict):
                return decode(body, self._me)
            log.warning("%s: a callback that is no JSON object; it is passed on as unknown", self._path)
        except DecodeError as error:
            log.warning("%s: %s; it is passed on as unknown", self._path, error)
        except Exception as error:  # noqa: BLE001 - told, without its text; our mistake must not lose the event
            log.warning(
                "%s: the decoder failed on a callback (%s), which is passed on whole", self._path, type(error).__name__
            )
        return unreadable(body if body is not None else content.decode("utf-8", "replace"), content, self._me)


def _sealed(body: bytes) -> str:
    try:
        return sealed_in_json(body)
    except EnvelopeError:
        raise Refused(400, "not encrypted") from None
