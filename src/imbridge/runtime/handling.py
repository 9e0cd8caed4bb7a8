"""From the inbox to the answer: one delivery, its skills, and what they say."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from imbridge.adapters.base import Adapter
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
from imbridge.runtime.answers import abandon, abandoning, give, release
from imbridge.runtime.away import when_back
from imbridge.runtime.bot_loops import BotLoops
from imbridge.runtime.bots import Bots
from imbridge.runtime.conversation import MessageConversation
from imbridge.runtime.delivery import Delivery, answer_key
from imbridge.runtime.event_answers import answer_event
from imbridge.runtime.failures import is_cancelled, note_failure
from imbridge.runtime.hops import led_by
from imbridge.runtime.intake.gate import Gate
from imbridge.runtime.intake.inbox import Inbox
from imbridge.runtime.intake.joining import joined
from imbridge.runtime.refusing import Refusing
from imbridge.runtime.scheduling.planner import Planner
from imbridge.runtime.session import Session
from imbridge.runtime.stopping import STOP_ACTION, OvertakenError, StoppedError, Work, is_stop_button
from imbridge.runtime.words import SLOW_DOWN, SORRY, STOP, STOPPED
from imbridge.skills import Outcome, SkillSet
from imbridge.storage import BaseStorage, InboxEntry, StaleLeaseError, StorageError

log = logging.getLogger(__name__)


class Handling:
    """Sees each delivery through to its answer."""

    def __init__(
        self,
        storage: BaseStorage,
        skills: SkillSet,
        delivery: Delivery,
        gate: Gate,
        adapter_of: Callable[[str], Adapter],
        bots: Bots,
        planner: Planner,
        options: BridgeOptions,
    ) -> None:
        """Wire the stages together."""
        self.bots = bots
        self.planner = planner
        self.storage = storage
        self.skills = skills
        self.delivery = delivery
        self.adapter_of = adapter_of
        self.counts: Counter[str] = Counter()
        self._language = options.language
        self.thinking = options.thinking
        self.stop_button = Button(STOP[options.language], action=STOP_ACTION)
        self._refusing = Refusing(options.language)
        self._typing_after = options.typing_after
        self.inbox = Inbox(
            storage,
            self._handle,
            skills,
            gate,
            BotLoops(bots, delivery, options.bot_notice),
            delivery.choices,
            self._refusing,
            self.counts,
            options,
        )

    # -- one delivery --------------------------------------------------------------------------------------------------

    async def _handle(self, entry: InboxEntry) -> None:
        item = entry.item
        handled = False
        try:
            if isinstance(item, Message):
                await self._handle_message(entry, item)
            else:
                try:
                    with abandoning(entry.answer):
                        await self._handle_event(item, entry.answer)
                finally:
                    release(entry.answer)
            for one in entry.joined or (entry,):
                self.storage.finish_inbound(one)
            handled = True
        finally:
            # After what they answer: without them it would wait for them once more, should the process end in between.
            self.inbox.dialogues.ended(entry, handled=handled)

    async def completed(self, message: Message) -> Message:
        """The message with what it quotes and what is forwarded with it, as far as the platform tells."""
        if message.joined:
            return joined(await asyncio.gather(*map(self.completed, message.joined)))
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

    async def _handle_message(self, entry: InboxEntry, message: Message) -> None:
        conversation = MessageConversation(self, message, Session(entry.session))
        waiting = entry.answer
        conversation.owe(waiting)
        try:
            await self._converse(entry.lane, await self.completed(message), conversation)
        except asyncio.CancelledError:
            if not conversation.has_spoken:
                abandon(waiting)
            raise
        finally:
            conversation.release_when_said()

    async def _converse(self, lane: str, message: Message, conversation: MessageConversation) -> None:
        conversation.connect(message)
        led_by(message.hops)
        try:
            with self.inbox.stops.over(message.channel, message.sender, conversation) as work:
                await self._run(lane, message, conversation, work)
        except OvertakenError:
            self.counts["interrupted"] += 1  # nothing is said: what comes next is
        except StaleLeaseError:
            raise  # another process goes on with it: nobody here says anything more
        except StoppedError:
            await self._tell_stopped(conversation)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the user is told and the log has it
            await self._apologise(conversation, message, failure)
        except asyncio.CancelledError as failure:
            if is_cancelled():
                raise
            await self._apologise(conversation, message, failure)  # the skill awaited something that was cancelled
        if (state := conversation.kept.changed) is not None:
            try:
                await self.storage.save_session(lane, state)
            except StorageError as error:
                await when_back(lambda: self.storage.save_session(lane, state), lane, error)

    async def _run(self, lane: str, message: Message, conversation: MessageConversation, work: Work) -> None:
        """The skills, and all that they say."""
        typing = self._typing_later(conversation, message.channel)
        done = False
        try:
            with work:
                if conversation.kept.state is None:
                    try:
                        conversation.kept.state = await self.storage.load_session(lane)
                    except StorageError as error:
                        again = when_back(lambda: self.storage.load_session(lane), lane, error)
                        conversation.kept.state = await again
                entering = self.inbox.overlaps.entering(lane, work, conversation.enter)
                outcome = await self.skills.run(message, entering)
                self.counts["handled" if outcome.handled else "unhandled"] += 1
                if outcome.denied and not outcome.handled:
                    self.counts["not_permitted"] += 1
                    log.info("%s: %s may not use %s", lane, message.sender.id, ", ".join(outcome.denied))
                await self._answer(conversation, outcome)
            done = True
        finally:
            if typing is not None:
                typing.cancel()
            if conversation.shows_progress:
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
                with self.inbox.stops.over(event.channel, event.actor) as work, work:
                    await self._run_event(event, waiting)
        except StoppedError:
            self.counts["stopped"] += 1
            if event.channel is not None:
                key = answer_key(event.channel.account_key, event.id, 0)
                await self.delivery.post(event.channel, to_reply(STOPPED[self._language]), key=key)
        except StaleLeaseError:
            raise
        except Exception as failure:  # noqa: BLE001 - nobody can be told but the log
            note_failure(self.counts, f"event {event.id}", failure)
        except asyncio.CancelledError as failure:
            if is_cancelled():
                raise
            note_failure(self.counts, f"event {event.id}", failure)

    async def _answer_stop(self, event: ButtonClicked, waiting: PendingAnswer | None) -> None:
        self.counts["stop_clicks"] += 1
        said = Toast(self.inbox.stops.click(event)[self._language])
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
        if self.inbox.questions.closed and isinstance(failure.__cause__, AskTimeoutError):
            log.info("message %s: its question was given up, because the bridge stops", message.id)
            return
        failure_id = note_failure(self.counts, f"message {message.id}", failure)
        text = SORRY[self._language].format(id=failure_id)
        await conversation.post(Reply(elements=(Text(text),)))
