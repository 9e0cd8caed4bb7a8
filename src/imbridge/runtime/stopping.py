"""Words that stop a skill at work: said by the person it works for, they go past the lane that it holds."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self, TypeGuard

from imbridge.config.options import Language
from imbridge.protocol import ButtonClicked, Channel, Event, Message, Sender
from imbridge.runtime.words import NOT_YOURS, OVER, STOPPED

log = logging.getLogger(__name__)

STOP_ACTION = "imbridge:stop"
"""Action of the button that stops an answer; its clicks reach no skill."""
_Chat = tuple[str, str]
"""Without its kind, which is a guess where only a click tells of it."""
_MOST_AROUND = 64
"""White space around a word; what has more is no word that stops."""


class StoppedError(Exception):
    """The person for whom a skill worked has stopped it."""


class OvertakenError(StoppedError):
    """The person has written something newer, which the skill is to answer instead."""


class Answering(Protocol):
    """What a skill says, as far as it matters to whoever stops it."""

    def note_stop(self) -> None:
        """It is about to be broken off, because the person wants it."""

    def shows(self, message_id: str) -> bool:
        """Whether it grows in a message of the platform."""


class Work:
    """A skill at work on one message or event, as a context manager around it.

    Inside of it the skill can be stopped: the task gets a `CancelledError`, so that its `finally` runs, and
    `StoppedError` leaves the context. A skill that holds its cancellation back goes on; a second word cancels it again.

    Attributes:
        channel: Where it answers.
        person: For whom it works.
    """

    __slots__ = ("_answer", "_cancelling", "_cancels", "_task", "_why", "channel", "person")

    def __init__(self, channel: Channel, person: Sender, answer: Answering | None) -> None:
        """`answer` is what the skill says."""
        self.channel = channel
        self.person = person
        self._answer = answer
        self._task: asyncio.Task[object] | None = None
        self._cancelling = self._cancels = 0
        self._why = StoppedError

    def __enter__(self) -> Self:
        """The current task is the one that works."""
        self._task = asyncio.current_task()
        self._cancelling = self._task.cancelling() if self._task is not None else 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `asyncio.timeout` does: a cancellation that is nobody else's ends here."""
        task, self._task = self._task, None
        if task is None or not self._cancels:
            return
        left = task.cancelling()
        for _ in range(self._cancels):
            left = task.uncancel()
        if left <= self._cancelling and kind is asyncio.CancelledError:
            raise self._why from error

    def stop(self, why: type[StoppedError] = StoppedError) -> None:
        """Cancel the skill; nothing to do when it is done and its answer is just being closed.

        Args:
            why: What leaves the context; of several the last.
        """
        if self._task is None:
            return
        self._why = why
        self._cancels += 1
        if self._answer is not None:
            self._answer.note_stop()
        self._task.cancel()

    @property
    def stopped(self) -> bool:
        """Whether it was stopped, be it done with that or not."""
        return self._cancels > 0

    def shows(self, message_id: str) -> bool:
        """Whether its answer grows in a message of the platform."""
        return self._answer is not None and self._answer.shows(message_id)


class _Over:
    """Has a skill's work among that of its chat for as long as the block."""

    __slots__ = ("_at_work", "_chat", "_work")

    def __init__(self, at_work: "dict[_Chat, list[Work]]", work: Work) -> None:
        self._at_work = at_work
        self._chat = _chat(work.channel)
        self._work = work

    def __enter__(self) -> Work:
        self._at_work.setdefault(self._chat, []).append(self._work)
        return self._work

    def __exit__(self, *_: object) -> None:
        works = self._at_work[self._chat]
        works.remove(self._work)
        if not works:
            del self._at_work[self._chat]


class Stops:
    """Who works in which chat, and the words that stop it."""

    def __init__(self, words: Iterable[str]) -> None:
        """Nobody works yet; without words nothing is stopped by a message."""
        self._words = frozenset(word.strip().casefold() for word in words)
        self._longest = max(map(len, self._words), default=0)
        self._at_work: dict[_Chat, list[Work]] = {}

    def over(self, channel: Channel, person: Sender, answer: Answering | None = None) -> "_Over":
        """A skill's work, and the closing of what it said: as long as it lasts, a word that stops is no message."""
        return _Over(self._at_work, Work(channel, person, answer))

    def means(self, message: Message) -> bool:
        """Whether a message stops something now: nothing but the word, from the person for whom a skill works there."""
        return bool(self._at_work) and bool(self._meant(message))

    def stop(self, message: Message) -> bool:
        """Stop what a message stops; False when it is a message as any other."""
        works = self._meant(message) if self._at_work else ()
        for work in works:
            log.info("%s: %s stops what is done for them", message.channel.address, message.sender.id)
            work.stop()
        return bool(works)

    def click(self, event: ButtonClicked) -> Mapping[Language, str]:
        """Stop what a button beside an answer stops; what whoever clicked is to be told."""
        chat = () if event.channel is None else self._at_work.get(_chat(event.channel), ())
        work = next((work for work in chat if work.shows(event.message_id)), None)
        if work is None:
            return OVER
        if event.actor is None or event.actor.id != work.person.id:
            return NOT_YOURS
        log.info("%s: %s stops what is done for them", work.channel.address, work.person.id)
        work.stop()
        return STOPPED

    def _meant(self, message: Message) -> Sequence[Work]:
        """What is done for its sender in its conversation; if nothing is, in other threads of its chat."""
        if not self._is_word(message.text):
            return ()
        theirs = [work for work in self._at_work.get(_chat(message.channel), ()) if work.person.id == message.sender.id]
        return [work for work in theirs if work.channel.thread == message.channel.thread] or theirs

    def _is_word(self, text: str) -> bool:
        # Most messages are longer: none of them is folded.
        return len(text) <= self._longest + _MOST_AROUND and text.strip().casefold() in self._words


def _chat(channel: Channel) -> _Chat:
    return channel.account_key, channel.id


def is_stop_button(event: Event) -> TypeGuard[ButtonClicked]:
    """Whether somebody clicked the button that stops an answer."""
    return isinstance(event, ButtonClicked) and event.action == STOP_ACTION and event.verified
