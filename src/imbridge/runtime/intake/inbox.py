"""The inbox: what a platform delivers is kept once, then waits in its lane for its turn."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from imbridge.adapters.base import Inbound, Verdict
from imbridge.adapters.card_seals import RefusedClick
from imbridge.adapters.pending import PendingAnswer
from imbridge.config.options import BridgeOptions
from imbridge.protocol import ButtonClicked, Channel, Event, Message
from imbridge.runtime.account_lanes import AccountLanes
from imbridge.runtime.answers import abandon, release
from imbridge.runtime.bot_loops import BotLoops
from imbridge.runtime.bots import is_made_here
from imbridge.runtime.choices import Choices
from imbridge.runtime.conversation import lane_of
from imbridge.runtime.intake.beginning import noted
from imbridge.runtime.intake.dialogues import Dialogues, is_answer
from imbridge.runtime.intake.foretelling import Debounce
from imbridge.runtime.intake.gate import Gate, Pass, log_turned_away
from imbridge.runtime.intake.joining import Joining
from imbridge.runtime.intake.overlap import Overlaps
from imbridge.runtime.intake.storing import Storing
from imbridge.runtime.intake.suspects import Suspects
from imbridge.runtime.intake.unstored import Unstored
from imbridge.runtime.questions import Questions
from imbridge.runtime.refusing import Refusing
from imbridge.runtime.stopping import Stops, is_stop_button
from imbridge.skills import SkillSet
from imbridge.storage import BaseStorage, InboxEntry


class Inbox:
    """Takes deliveries in: dedup, gate, room, lane.

    Attributes:
        questions: Who is asked something, and waits for the answer.
        stops: Who works for whom, and the words that stop it.
        overlaps: What becomes of messages for a skill that still works for the same person.
        dialogues: Which answers belong to what is under way.
    """

    def __init__(
        self,
        storage: BaseStorage,
        handle: Callable[[InboxEntry], Awaitable[None]],
        skills: SkillSet,
        gate: Gate,
        loops: BotLoops,
        choices: Choices,
        refusing: Refusing,
        counts: Counter[str],
        options: BridgeOptions,
    ) -> None:
        """`handle` is given one entry of a lane after another; `counts` is where what happens is counted."""
        self._storage = storage
        self._skills = skills
        self._gate = gate
        self._loops = loops
        self._choices = choices
        self._counts = counts
        self.questions = Questions()
        self.stops = Stops(options.stop_words)
        self.overlaps = Overlaps(skills, counts, self._let_go)
        self._debounce = Debounce(skills, options.debounce)
        self._joining = Joining(self._debounce, self._let_wait, off=self._debounce.is_off)
        self._refusing = refusing
        self._command_prefix = options.command_prefix
        self.dialogues = Dialogues(self._finish, self._keeps_answers, options.command_prefix)
        self._owed: dict[tuple[str, str], PendingAnswer] = {}
        self._max_waiting = options.max_waiting
        self._storing = Storing(self._refuse)
        self._unstored = Unstored()
        self._refused: Counter[str] = Counter()
        self._suspects = Suspects()
        self._lanes: AccountLanes[InboxEntry] = AccountLanes(
            self.overlaps.taking_turns(noted(storage, self._suspects, handle)),
            name="inbox",
            max_running=options.max_lanes,
            max_length=options.lane_length,
            max_waiting=options.max_waiting,
        )

    def offer(self, account: str, inbound: Inbound) -> "asyncio.Future[Verdict]":
        """Keep a delivery; done when the platform may be told so."""
        item = self._meant(inbound.item)
        message = item if isinstance(item, Message) else None
        lane = lane_of(item, account) if message is None else message.channel.address
        loop = asyncio.get_running_loop()
        verdict: asyncio.Future[Verdict] = loop.create_future()
        if message is None and isinstance(item, RefusedClick):
            self._counts["clicks_refused"] += 1
            self._refusing.refuse(account, inbound, item)
            verdict.set_result(Verdict.ACCEPTED)
            return verdict
        full = (self._storing.since and self._storing.hangs) or not (
            self._has_room(account, lane) or self.overlaps.needs_no_room(lane, item)
        )
        # Neither an answer nor a word that stops needs room, and whoever it is for may hold the very lane that is full.
        if full and not (message is not None and (self.questions.awaits(message) or self.stops.means(message))):
            # Before it is stored: what is refused must be new again when the platform delivers it again.
            verdict.set_result(self._refuse(account))
            return verdict
        beside = "" if message is not None else _chat_beside(item)
        entry = InboxEntry(account, inbound.dedup_keys, lane, item, inbound.answer, chat=beside)
        if self._storage.survives:
            entry.at_once = self._begins_at_once(account, lane)
        stored = self._storage.add_inbound(entry)
        if stored.done() and not self._storing.since and stored.exception() is None:
            verdict.set_result(self._stored(entry, stored.result()))
        else:
            comes_again = inbound.answer is None and not (message is not None and is_made_here(message))
            then = partial(self._stored_later, entry, verdict)
            self._storing.watch(account, lane, stored, then, verdict if comes_again else None)
            if isinstance(item, ButtonClicked) and item.said_in:
                self._choices.claim(item, stored)
        return verdict

    def _has_room(self, account: str, lane: str) -> bool:
        """Also for what is being stored: else it would be stored for nothing, and what comes next overtake it."""
        lanes, storing, held = self._lanes.of(account), self._storing, self._joining
        if not storing.since and not held.held:
            return lanes.has_room(lane)
        beside = held.of(account) + storing.of(account)
        return lanes.has_room(lane, beside=beside, beside_here=held.in_lane(lane) + storing.in_lane(lane))

    def _begins_at_once(self, account: str, lane: str) -> bool:
        """Whether nothing stands before a delivery: that it is handled is written down with it then."""
        if self._debounce.holds or self._joining or self._suspects.hold_up or self._storing.in_lane(lane):
            return False
        return self._lanes.of(account).begins_at_once(lane, beside=self._storing.of(account))

    def _stored_later(
        self, entry: InboxEntry, verdict: "asyncio.Future[Verdict]", stored: "asyncio.Future[bool]"
    ) -> None:
        if stored.cancelled() or (error := stored.exception()) is not None:
            self._counts["storage_failed"] += 1
            self._unstored.refused(entry.lane, None if stored.cancelled() else error)
            self._refused[entry.account] += not verdict.done()
            result = Verdict.OVERLOADED
        else:
            # Also when nobody waits for the verdict any more: what is stored counts as known, so it must be handled.
            self._unstored.stored()
            result = self._stored(entry, stored.result())
        if not verdict.done():
            verdict.set_result(result)

    def _meant(self, item: Message | Event) -> Message | Event:
        """A number that answers a card which had to be text is a click, unless it answers a question."""
        if not self._choices.any_open or not isinstance(item, Message):
            return item
        if self.questions.awaits(item) or self.stops.means(item):
            return item
        return self._choices.find(item) or item

    def _refuse(self, account: str) -> Verdict:
        self._counts["overloaded"] += 1
        self._refused[account] += 1
        return Verdict.OVERLOADED

    def _stored(self, entry: InboxEntry, new: bool) -> Verdict:
        if not new:
            self._counts["duplicate"] += 1
            release(entry.answer)
            return Verdict.DUPLICATE
        self._counts["accepted"] += 1
        if entry.handed_over:
            self._counts["handed_over"] += 1
            release(entry.answer)
            return Verdict.ACCEPTED
        return self._admit(entry)

    def take_in(self, entry: InboxEntry) -> None:
        """Go on with what another process has taken in for this one."""
        entry.item = self._meant(entry.item)
        entry.lane = lane_of(entry.item, entry.account)
        self._admit(entry, always=True)

    def _admit(self, entry: InboxEntry, *, always: bool = False) -> Verdict:
        """What is stored goes to whoever waits for it, into its lane, or no further. `always`: it is not refused."""
        message = entry.item if isinstance(entry.item, Message) else None
        decision = self._gate.check(entry.item)
        if message is not None and message.sender.is_bot:
            decision = self._loops.check(message, decision)
        if decision is not Pass.GO:
            self._counts[decision.value] += 1
            log_turned_away(entry.lane, entry.item, decision, self._counts[decision.value])
            self._let_go(entry)
        elif message is not None and self.questions.any_open and self.questions.answer(message):
            self._counts["answers"] += 1
            self._owe(entry)
            self._storage.delay_inbound(entry)  # it may be kept as long as whoever asks is at work, and is not blamed
            self.dialogues.heard(entry, self._lanes.of(entry.account).at_work(entry.lane))
        elif message is not None and self.stops.stop(message):
            self._counts["stop_words"] += 1
            self._let_go(entry)
        elif self._joining.hold(entry):
            self._counts["held"] += 1
            self._storage.delay_inbound(entry)
        elif not self._push(entry, always=always):
            self._storage.forget_inbound(entry)
            return self._refuse(entry.account)
        elif isinstance(entry.item, ButtonClicked) and entry.item.said_in:
            self._counts["choices"] += 1
            self._choices.taken(entry.item)
        return Verdict.ACCEPTED

    def _push(self, entry: InboxEntry, *, always: bool) -> bool:
        lanes = self._lanes.of(entry.account)
        if entry.at_once and not lanes.begins_at_once(entry.lane):
            self._storage.delay_inbound(entry)  # something else has taken the place
        return self.overlaps.push(lanes, entry, always=always)

    def take_waiting(self, channel: Channel, sender_id: str) -> Message | None:
        """Somebody's next message of a conversation, if it came before the question that it answers.

        It would wait behind the skill that asks, and the skill for it. A command is no answer.
        """
        prefix = self._command_prefix

        def wanted(entry: InboxEntry) -> bool:
            item = entry.item
            return isinstance(item, Message) and item.sender.id == sender_id and is_answer(item, prefix)

        lanes = self._lanes.of(channel.account_key)
        entry = lanes.take(channel.address, wanted)
        if entry is None:
            entry = self._joining.take(channel.address, sender_id)
        if entry is None or not isinstance(entry.item, Message):
            return None
        self._counts["answers"] += 1
        self.overlaps.left(entry)
        self._owe(entry)
        self.dialogues.heard(entry, lanes.at_work(channel.address))
        return entry.item

    def _let_go(self, entry: InboxEntry) -> None:
        """It is not handled, and nothing will be said."""
        release(entry.answer)
        self._finish(entry)

    def _finish(self, entry: InboxEntry) -> None:
        for one in entry.deliveries:
            self._storage.finish_inbound(one)

    def _let_wait(self, entry: InboxEntry) -> None:
        """What was held takes its place; it was acknowledged, so there is room."""
        self._counts["joined"] += len(entry.joined)
        self.overlaps.push(self._lanes.of(entry.account), entry, always=True)

    def _owe(self, entry: InboxEntry) -> None:
        if entry.answer is not None:
            self._owed[entry.account, entry.item.id] = entry.answer

    def take_owed(self, answer: Message) -> PendingAnswer | None:
        """Where the platform waits for an answer to this answer to a question; whoever takes it releases it."""
        return self._owed.pop((answer.channel.account_key, answer.id), None) if self._owed else None

    # -- life ----------------------------------------------------------------------------------------------------------

    def restore(self, entries: Iterable[InboxEntry]) -> None:
        """Go on with what another process left; it was acknowledged, so it is handled whatever its age."""
        for entry in self._joining.together(entries):
            if entry.suspect:
                self._lanes.of(entry.account).restore(entry.lane, entry)
            else:
                self.overlaps.push(self._lanes.of(entry.account), entry, always=True)

    def drop(self, fence: int) -> int:
        """Break off what is handled under a number that is over; what waits finds out itself. How many."""
        return self._lanes.break_off(lambda entry: entry.fence == fence)

    @property
    def has_room(self) -> bool:
        """Whether others may hand something over."""
        return self._lanes.waiting < self._max_waiting

    async def drain(self) -> None:
        """Wait until everything taken in is handled; where it survives, who waits for an answer is left as it is."""
        if self._storage.survives:
            self.questions.leave(self._leave_asking)
        else:
            self.questions.close()
        await self._storing.none()
        self._joining.end()
        await self._lanes.drain()
        await self._loops.drain()

    async def cancel(self) -> int:
        """Stop at once; how many deliveries were left unhandled."""
        self.questions.close()
        await self._loops.cancel()
        held = self._joining.cancel()
        left = await self._lanes.cancel()
        for entry in left:
            abandon(entry.answer)
        return held + sum(len(entry.deliveries) for entry in left) + self._lanes.interrupted

    def _keeps_answers(self) -> bool:
        """Not where messages supersede each other: answers that wait would, too."""
        return self._storage.survives and not self._skills.overlap

    def _leave_asking(self) -> None:
        """Skills that wait for an answer end without one, and with them all that waits behind them."""
        self._lanes.leave(lambda entry: isinstance(entry.item, Message) and self.questions.awaits(entry.item))

    @property
    def idle(self) -> bool:
        """Nothing is being taken in or handled."""
        return not self._storing and not self._joining and self._lanes.idle

    @property
    def waiting(self) -> int:
        """Deliveries that wait for their turn."""
        return self._lanes.waiting + len(self._joining)

    def counters_of(self, account: str) -> dict[str, int]:
        """What of an account waits for its turn, is on its way into the storage, and was refused for want of room."""
        return {
            "waiting": self._lanes.of(account).waiting + self._joining.of(account),
            "storing": self._storing.of(account),
            "refused": self._refused[account],
        }

    @property
    def storing(self) -> int:
        """Deliveries on their way into the storage."""
        return len(self._storing)


def _chat_beside(item: Message | Event) -> str:
    """Where somebody is at work whom a click is about, though its lane is beside theirs."""
    stops = isinstance(item, Event) and item.channel is not None and is_stop_button(item)
    return item.channel.address if stops and item.channel is not None else ""
