"""Messages for a skill that still works for the same person: they wait, take the place of one that waits, or stop it.

Which skill answers a message is known only when it has answered. Here it is foretold: by the triggers and permissions
that will be asked when its turn comes, so it is the skill that is asked first.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from imbridge.protocol import Message
from imbridge.protocol.overlap import Overlap
from imbridge.runtime.intake.foretelling import foretold
from imbridge.runtime.lanes import Lanes
from imbridge.runtime.stopping import OvertakenError, Work
from imbridge.skills import BaseSkill, SkillSet
from imbridge.storage import InboxEntry

log = logging.getLogger(__name__)

_Key = tuple[str, str, str]
"""Lane, person, skill."""


@dataclass(slots=True)
class _Turn:
    """A message whose turn it is.

    Attributes:
        entry: The message.
        skill: Who is asked; before that, who will be.
        work: What can be stopped, once a skill is asked.
        overtaken: A newer message has come that stops it.
    """

    entry: InboxEntry
    skill: BaseSkill | None
    work: Work | None = None
    overtaken: bool = False

    @property
    def can_be_overtaken(self) -> bool:
        """Whether nothing has stopped it: what a skill does while it is stopped is not cut short a second time."""
        return not self.overtaken and (self.work is None or not self.work.stopped)


class Overlaps:
    """Follows `on_overlap` of the skills. As long as all of them queue, nothing is matched twice and nothing kept."""

    def __init__(self, skills: SkillSet, counts: Counter[str], drop: Callable[[InboxEntry], None]) -> None:
        """`drop` ends an entry that is not handled, since a newer one is."""
        self._skills = skills
        self._counts = counts
        self._drop = drop
        self._waiting: dict[_Key, InboxEntry] = {}
        self._keys: dict[int, _Key] = {}
        self._turns: dict[str, _Turn] = {}

    def needs_no_room(self, lane: str, item: object) -> bool:
        """Whether a message will take the place of one that waits."""
        if not self._waiting or not isinstance(item, Message):
            return False
        skill = self._foretold(item)
        return skill is not None and (lane, item.sender.id, skill.name) in self._waiting

    def push(self, lanes: Lanes[InboxEntry], entry: InboxEntry, *, always: bool = False) -> bool:
        """Give an entry its place in its lane; False when there is no room. `always`: also then."""
        if not self._skills.overlap:  # nearly always
            return _push(lanes, entry, always=True) if always else lanes.push(entry.lane, entry)
        item = entry.item
        skill = self._foretold(item) if isinstance(item, Message) else None
        if skill is None or skill.on_overlap == Overlap.QUEUE or not isinstance(item, Message):
            return _push(lanes, entry, always=always)
        key = (entry.lane, item.sender.id, skill.name)
        turn = self._turn(key, skill) if skill.on_overlap == Overlap.INTERRUPT else None
        older = self._waiting.get(key)
        if older is not None and lanes.replace(entry.lane, older, entry):
            self._counts["superseded"] += 1
            text = "%s: message %s is not handled: message %s came after it, and %s answers the latest (on_overlap)"
            log.info(text, entry.lane, older.item.id, item.id, skill.name)
            self._forget(older)
            self._drop(older)
        elif not _push(lanes, entry, always=always, first=turn is not None):
            return False
        self._waiting[key], self._keys[id(entry)] = entry, key
        if turn is not None and turn.can_be_overtaken:
            text = "%s: message %s stops what %s does for message %s (on_overlap)"
            log.info(text, entry.lane, item.id, skill.name, turn.entry.item.id)
            turn.overtaken = True
            if turn.work is not None:
                turn.work.stop(OvertakenError)
        return True

    def left(self, entry: InboxEntry) -> None:
        """An entry waits no more, for it was taken out of its lane."""
        self._forget(entry)

    def taking_turns(self, handle: Callable[[InboxEntry], Awaitable[None]]) -> Callable[[InboxEntry], Awaitable[None]]:
        """Handling that is known of while it lasts."""

        async def handle_in_turn(entry: InboxEntry, message: Message) -> None:
            self._forget(entry)
            self._turns[entry.lane] = _Turn(entry, self._foretold(message))
            try:
                await handle(entry)
            finally:
                del self._turns[entry.lane]

        def handle_known(entry: InboxEntry) -> Awaitable[None]:
            if self._skills.overlap and isinstance(entry.item, Message):
                return handle_in_turn(entry, entry.item)
            return handle(entry)

        return handle_known

    def entering(self, lane: str, work: Work, enter: Callable[[BaseSkill], None]) -> Callable[[BaseSkill], None]:
        """What is to be called before each skill that is asked for the message whose turn it is.

        Raises:
            OvertakenError: none is to be asked any more.
        """
        turn = self._turns.get(lane)
        if turn is None:
            return enter
        if turn.overtaken:
            raise OvertakenError
        turn.work = work

        def entered(skill: BaseSkill) -> None:
            turn.skill = skill
            enter(skill)

        return entered

    def _turn(self, key: _Key, skill: BaseSkill) -> _Turn | None:
        """The turn of the same person with the same skill, if it is theirs."""
        turn = self._turns.get(key[0])
        item = None if turn is None else turn.entry.item
        theirs = isinstance(item, Message) and item.sender.id == key[1]
        return turn if turn is not None and theirs and turn.skill is skill else None

    def _foretold(self, message: Message) -> BaseSkill | None:
        return foretold(self._skills, message) if self._skills.overlap else None

    def _forget(self, entry: InboxEntry) -> None:
        key = self._keys.pop(id(entry), None)
        if key is not None and self._waiting.get(key) is entry:
            del self._waiting[key]


def _push(lanes: Lanes[InboxEntry], entry: InboxEntry, *, always: bool, first: bool = False) -> bool:
    if always:
        lanes.restore(entry.lane, entry, first=first)
        return True
    return lanes.push(entry.lane, entry, first=first)
