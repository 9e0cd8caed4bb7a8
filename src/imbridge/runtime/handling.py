"""From the inbox to the skill: dedup, gate, lane, skill, answer."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from imbridge.adapters.base import Adapter, Inbound, Verdict
from imbridge.adapters.card_seals import RefusedClick
from imbridge.adapters.pending import PendingAnswer
from imbridge.config.options import BridgeOptions
from imbridge.protocol import (
    AskTimeoutError,
    Button,
    ButtonClicked,
    Channel,
    Event,
    ImbridgeError,
    Message,
    Reply,
    Text,
    Toast,
    to_reply,
)
from imbridge.runtime.account_lanes import AccountLanes
from imbridge.runtime.answers import abandon, give, release
from imbridge.runtime.beginning import noted
from imbridge.runtime.bot_loops import BotLoops
from imbridge.runtime.bots import Bots
from imbridge.runtime.conversation import MessageConversation, lane_of
from imbridge.runtime.delivery import Delivery, answer_key
from imbridge.runtime.event_answers import answer_event
from imbridge.runtime.failures import is_cancelled, note_failure
from imbridge.runtime.gate import Gate, Pass, log_turned_away
from imbridge.runtime.hops import led_by
from imbridge.runtime.questions import Questions
from imbridge.runtime.refusing import Refusing
from imbridge.runtime.stopping import STOP_ACTION, StoppedError, Stops, Work, is_stop_button
from imbridge.runtime.words import SLOW_DOWN, SORRY, STOP, STOPPED
from imbridge.skills import Outcome, SkillSet
from imbridge.storage import BaseStorage, InboxEntry

log = logging.getLogger(__name__)


class Handling:
    """Takes deliveries in and sees each one through to its answer."""

    def __init__(
        self,
        storage: BaseStorage,
        skills: SkillSet,
        delivery: Delivery,
        gate: Gate,
        adapter_of: Callable[[str], Adapter],
        bots: Bots,
        options: BridgeOptions,
    ) -> None:
        """Wire the stages together."""
        self.bots = bots
        self._loops = BotLoops(bots, delivery, options.bot_notice)
        self.storage = storage
        self.skills = skills
        self.delivery = delivery
        self.gate = gate
        self.adapter_of = adapter_of
        self.questions = Questions()
        self.stops = Stops(options.stop_words)
        self._owed: dict[tuple[str, str], PendingAnswer] = {}
        self.counts: Counter[str] = Counter()
        self._language = options.language
        self.thinking = options.thinking
        self.stop_button = Button(STOP[options.language], action=STOP_ACTION)
        self._refusing = Refusing(options.language)
        self._typing_after = options.typing_after
        self._max_storing = options.max_waiting
        self._storing = 0
        self._all_stored = asyncio.Event()
        self._all_stored.set()
        self._lanes: AccountLanes[InboxEntry] = AccountLanes(
            noted(storage, self._handle),
            name="inbox",
            max_running=options.max_lanes,
            max_length=options.lane_length,
            max_waiting=options.max_waiting,
        )

    # -- taking in -----------------------------------------------------------------------------------------------------

    def offer(self, account: str, inbound: Inbound) -> "asyncio.Future[Verdict]":
        """Keep a delivery; done when the platform may be told so."""
        item = inbound.item
        if isinstance(item, Message) and not (self.questions.awaits(item) or self.stops.means(item)):
            item = self.delivery.choices.find(item) or item
        lane = lane_of(item, account)
        loop = asyncio.get_running_loop()
        verdict: asyncio.Future[Verdict] = loop.create_future()
        if isinstance(item, RefusedClick):
            self.counts["clicks_refused"] += 1
            self._refusing.refuse(account, inbound, item)
            verdict.set_result(Verdict.ACCEPTED)
            return verdict
        full = self._storing >= self._max_storing or not self._lanes.of(account).has_room(lane)
        # Neither an answer nor a word that stops needs room, and whoever it is for may hold the very lane that is full.
        if full and not (isinstance(item, Message) and (self.questions.awaits(item) or self.stops.means(item))):
            # Before it is stored: what is refused must be new again when the platform delivers it again.
            self.counts["overloaded"] += 1
            verdict.set_result(Verdict.OVERLOADED)
            return verdict
        entry = InboxEntry(account, inbound.dedup_keys, lane, item, inbound.answer)
        stored = self.storage.add_inbound(entry)
        if stored.done() and not self._storing and stored.exception() is None:
            verdict.set_result(self._stored(entry, stored.result()))
        else:
            self._storing += 1
            self._all_stored.clear()
            stored.add_done_callback(lambda future: self._stored_later(entry, future, verdict))
            if isinstance(item, ButtonClicked) and item.said_in:
                self.delivery.choices.claim(item, stored)
        return verdict

    def _stored_later(
        self, entry: InboxEntry, stored: "asyncio.Future[bool]", verdict: "asyncio.Future[Verdict]"
    ) -> None:
        self._storing -= 1
        if stored.cancelled() or (error := stored.exception()) is not None:
            self.counts["storage_failed"] += 1
            why = "cancelled" if stored.cancelled() else f"{type(error).__name__}: {error}"
            log.error("%s: a delivery could not be stored (%s); the platform is to deliver it again", entry.lane, why)
            result = Verdict.OVERLOADED
        else:
            # Also when nobody waits for the verdict any more: what is stored counts as known, so it must be handled.
            result = self._stored(entry, stored.result())
        if not verdict.done():
            verdict.set_result(result)
        if not self._storing:
            self._all_stored.set()

    def _stored(self, entry: InboxEntry, new: bool) -> Verdict:
        if not new:
            self.counts["duplicate"] += 1
            release(entry.answer)
            return Verdict.DUPLICATE
        self.counts["accepted"] += 1
        decision = self._loops.check(entry.item, self.gate.check(entry.item))
        if decision is not Pass.GO:
            self.counts[decision.value] += 1
            log_turned_away(entry.lane, entry.item, decision, self.counts[decision.value])
            release(entry.answer)
            self.storage.finish_inbound(entry)
        elif isinstance(entry.item, Message) and self.questions.answer(entry.item):
            self.counts["answers"] += 1
            self._owe(entry)
            self.storage.finish_inbound(entry)
        elif isinstance(entry.item, Message) and self.stops.stop(entry.item):
            self.counts["stop_words"] += 1
            release(entry.answer)
            self.storage.finish_inbound(entry)
        elif not self._lanes.of(entry.account).push(entry.lane, entry):
            self.storage.forget_inbound(entry)
            self.counts["overloaded"] += 1
            return Verdict.OVERLOADED
        elif isinstance(entry.item, ButtonClicked) and entry.item.said_in:
            self.counts["choices"] += 1
            self.delivery.choices.taken(entry.item)
        return Verdict.ACCEPTED

    def take_waiting(self, channel: Channel, sender_id: str) -> Message | None:
        """Somebody's next message of a conversation, if it came before the question that it answers.

        It would wait behind the skill that asks, and the skill for it. A command is no answer.
        """
        prefix = self.skills.command_prefix

        def wanted(entry: InboxEntry) -> bool:
            item = entry.item
            return isinstance(item, Message) and item.sender.id == sender_id and not item.text.startswith(prefix)

        entry = self._lanes.of(channel.account_key).take(channel.address, wanted)
        if entry is None or not isinstance(entry.item, Message):
            return None
        self.counts["answers"] += 1
        self._owe(entry)
        self.storage.finish_inbound(entry)
        return entry.item

    def _owe(self, entry: InboxEntry) -> None:
        if entry.answer is not None:
            self._owed[entry.account, entry.item.id] = entry.answer

    def take_owed(self, answer: Message) -> PendingAnswer | None:
        """Where the platform waits for an answer to this answer to a question; whoever takes it releases it."""
        return self._owed.pop((answer.channel.account_key, answer.id), None) if self._owed else None

    # -- handling ------------------------------------------------------------------------------------------------------

    async def _handle(self, entry: InboxEntry) -> None:
        item = entry.item
        if isinstance(item, Message):
            await self._handle_message(entry.lane, item, entry.answer)
        else:
            try:
                await self._handle_event(item, entry.answer)
            except asyncio.CancelledError:
                abandon(entry.answer)
                raise
            finally:
                release(entry.answer)
        self.storage.finish_inbound(entry)

    async def completed(self, message: Message) -> Message:
        """The message with what it quotes and what is forwarded with it, as far as the platform tells."""
        adapter = self.adapter_of(message.channel.account_key)
        if adapter.is_complete(message):
            return message
        try:
            return await adapter.complete(message)
        except Exception as error:
            self.counts["incomplete"] += 1
            known = isinstance(error, ImbridgeError)
            text = "message %s: handled without what belongs to it: %s"
            log.warning(text, message.id, error, exc_info=None if known else error)
            return message

    async def _handle_message(self, lane: str, message: Message, waiting: PendingAnswer | None) -> None:
        conversation = MessageConversation(self, message)
        conversation.owe(waiting)
        try:
            await self._converse(lane, await self.completed(message), conversation)
        except asyncio.CancelledError:
            if not conversation.has_spoken:
                abandon(waiting)
            raise
        finally:
            conversation.release_when_said()

    async def _converse(self, lane: str, message: Message, conversation: MessageConversation) -> None:
        if message.content_type != "text" or message.media:
            message.bind(conversation, conversation.read, conversation.save)
        else:
            message.bind(conversation)
        try:
            with led_by(message.hops), self.stops.over(message.channel, message.sender, conversation) as work:
                await self._run(lane, message, conversation, work)
        except StoppedError:
            await self._tell_stopped(conversation)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the user is told and the log has it
            await self._apologise(conversation, message, failure)
        except asyncio.CancelledError as failure:
            if is_cancelled():
                raise
            await self._apologise(conversation, message, failure)  # the skill awaited something that was cancelled
        if conversation.session_state:
            await self.storage.save_session(lane, conversation.session_state)

    async def _run(self, lane: str, message: Message, conversation: MessageConversation, work: Work) -> None:
        """The skills, and all that they say."""
        typing = self._typing_later(conversation, message.channel)
        done = False
        try:
            with work:
                conversation.set_session(await self.storage.load_session(lane))
                outcome = await self.skills.run(message, conversation.enter)
                self.counts["handled" if outcome.handled else "unhandled"] += 1
                if outcome.denied and not outcome.handled:
                    self.counts["not_permitted"] += 1
                    log.info("%s: %s may not use %s", lane, message.sender.id, ", ".join(outcome.denied))
                await self._answer(conversation, outcome)
            done = True
        finally:
            if typing is not None:
                typing.cancel()
            try:
                await conversation.finish_streams(broken_off=not done)
            finally:
                await conversation.end_typing()

    def _typing_later(self, conversation: MessageConversation, channel: Channel) -> asyncio.TimerHandle | None:
        """The sign that an answer is on its way, for when it takes long."""
        if self._typing_after is None or not self.adapter_of(channel.account_key).capabilities.typing:
            return None
        return asyncio.get_running_loop().call_later(self._typing_after, conversation.show_typing)

    async def _answer(self, conversation: MessageConversation, outcome: Outcome) -> None:
        if outcome.retry_after > 0:
            text = SLOW_DOWN[self._language].format(seconds=max(1, round(outcome.retry_after)))
            await conversation.post(text)
            return
        content = outcome.content
        if content is None:
            return
        if hasattr(content, "__aiter__"):
            await conversation.reply(content)
            return
        # Not waited for: the outbox keeps the order, and the lane can go on.
        await conversation.post(content)

    async def _handle_event(self, event: Event, waiting: PendingAnswer | None) -> None:
        try:
            if is_stop_button(event):
                await self._answer_stop(event, waiting)
            elif event.channel is None or event.actor is None:
                await self._run_event(event, waiting)
            else:
                with self.stops.over(event.channel, event.actor) as work, work:
                    await self._run_event(event, waiting)
        except StoppedError:
            self.counts["stopped"] += 1
            if event.channel is not None:
                key = answer_key(event.channel.account_key, event.id, 0)
                await self.delivery.post(event.channel, to_reply(STOPPED[self._language]), key=key)
        except Exception as failure:  # noqa: BLE001 - nobody can be told but the log
            note_failure(self.counts, f"event {event.id}", failure)
        except asyncio.CancelledError as failure:
            if is_cancelled():
                raise
            note_failure(self.counts, f"event {event.id}", failure)

    async def _answer_stop(self, event: ButtonClicked, waiting: PendingAnswer | None) -> None:
        self.counts["stop_clicks"] += 1
        said = Toast(self.stops.click(event)[self._language])
        await give(event, (said,), waiting, self.adapter_of(f"{event.platform}:{event.account}"))

    async def _run_event(self, event: Event, waiting: PendingAnswer | None) -> None:
        outcome = await self.skills.run(event)
        self.counts["events_handled" if outcome.handled else "events_unhandled"] += 1
        if not outcome.handled and isinstance(event, ButtonClicked) and not event.verified:
            self.counts["clicks_unverified"] += 1
            self._refusing.note_unheard(event)
        if outcome.content is not None:
            adapter = self.adapter_of(f"{event.platform}:{event.account}")
            await answer_event(event, outcome, waiting, adapter, self.delivery, self.counts, self.thinking)

    async def _tell_stopped(self, conversation: MessageConversation) -> None:
        """The person sees that it stopped: in what grew until then, or in a word."""
        self.counts["stopped"] += 1
        if not conversation.shows_stop:
            await conversation.post(STOPPED[self._language])

    async def _apologise(self, conversation: MessageConversation, message: Message, failure: BaseException) -> None:
        """The user gets a sentence with an id, the log the traceback with the same id."""
        if self.questions.closed and isinstance(failure.__cause__, AskTimeoutError):
            log.info("message %s: its question was given up, because the bridge stops", message.id)
            return
        failure_id = note_failure(self.counts, f"message {message.id}", failure)
        text = SORRY[self._language].format(id=failure_id)
        await conversation.post(Reply(elements=(Text(text),)))

    # -- stopping ------------------------------------------------------------------------------------------------------

    async def recover(self) -> int:
        """Go on with what an earlier process left; how many."""
        left = await self.storage.unfinished_inbound()
        for entry in left:
            self._lanes.of(entry.account).restore(entry.lane, entry)
        return len(left)

    async def drain(self) -> None:
        """Wait until everything taken in is handled."""
        self.questions.close()
        await self._all_stored.wait()
        await self._lanes.drain()
        await self._loops.drain()

    async def cancel(self) -> int:
        """Stop at once; how many deliveries were left unhandled."""
        self.questions.close()
        await self._loops.cancel()
        left = await self._lanes.cancel()
        for entry in left:
            abandon(entry.answer)
        return len(left) + self._lanes.interrupted

    @property
    def idle(self) -> bool:
        """Nothing is being taken in or handled."""
        return self._all_stored.is_set() and self._lanes.idle

    @property
    def waiting(self) -> int:
        """Deliveries that wait for their turn."""
        return self._lanes.waiting
