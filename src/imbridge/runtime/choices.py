"""Cards that had to be text: whoever answers with the number of a choice has clicked on it."""

import asyncio
import logging
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from imbridge.adapters.base import Sent
from imbridge.adapters.notes import Notes
from imbridge.protocol import ButtonClicked, Channel, ChannelKind, Message, Sender
from imbridge.rendering import Part
from imbridge.rendering.cards import Choice

log = logging.getLogger(__name__)

NotesOf = Callable[[str], Notes]
_KIND = "choices"
_MOST_OPEN, _MOST_ANSWERED = 10_000, 1000
_PLACES = frozenset({ChannelKind.PRIVATE, ChannelKind.USER, ChannelKind.GROUP, ChannelKind.GUILD})
_AROUND = "()[]{}<>.。,，、:：;；!！#\"'「」“”第个個号號项項 \t"
"""What people write around a number."""


@dataclass(slots=True)
class _Offered:
    """The choices of one card.

    Attributes:
        message_id: Its message; empty where the platform gives no id.
        until: When it is too late, in seconds since the epoch.
        choices: In order of their numbers.
        answered: Who has chosen: each person does so once.
    """

    message_id: str
    until: float
    choices: tuple[Choice, ...]
    answered: list[str] = field(default_factory=list)


class Choices:
    """What can be chosen by a number, of the newest card of each conversation.

    Args:
        notes_of: The notes of an account, by its key: what is open survives a restart where they do.
        last: Seconds for which it can be answered.
        clock: Seconds since the epoch, for tests.
    """

    def __init__(self, notes_of: NotesOf, last: float, *, clock: Callable[[], float] = time.time) -> None:
        self._notes_of = notes_of
        self._last = last
        self._clock = clock
        self._open: OrderedDict[str, _Offered] = OrderedDict()
        self._claimed: set[tuple[str, str]] = set()
        """Conversation and person of answers that are on their way into the inbox."""

    @property
    def any_open(self) -> bool:
        """Whether anything can be chosen anywhere."""
        return bool(self._open)

    async def recall(self, accounts: Iterable[str]) -> None:
        """Read what an earlier process has noted."""
        found: list[tuple[float, str, _Offered]] = []
        for account in accounts:
            for place, one in (await self._notes_of(account).read(_KIND, _read)).items():
                if place not in self._open:
                    found.append((one.until, place, one))
        for _, place, one in sorted(found, key=lambda each: each[:2]):
            self._open[place] = one
        self._trim()

    def offer(self, channel: Channel, message_id: str, choices: tuple[Choice, ...]) -> None:
        """A card was shown as text in a conversation; what an earlier one there has offered is over."""
        if channel.kind not in _PLACES or not choices:
            return
        place = _place(channel)
        self._open.pop(place, None)
        self._open[place] = _Offered(message_id, self._clock() + self._last, choices)
        self._note(place)
        self._trim()

    def withdraw(self, channel: Channel, message_ids: Collection[str]) -> None:
        """These messages are gone, or say something else now: no number answers them any more."""
        for place in _places(channel):
            if place in self._open and self._open[place].message_id in message_ids:
                self._forget(place)

    def find(self, message: Message) -> ButtonClicked | None:
        """The click that a message stands for: the number of a choice, or its text, and nothing else."""
        place = self._offered_at(message.channel) if self._open else None
        if place is None or message.sender.is_bot or message.edited or message.media:
            return None
        offered = self._open[place]
        if self._clock() >= offered.until:
            self._forget(place)
            return None
        if not _is_for_us(message, offered) or message.sender.id in offered.answered:
            return None
        if _claim(place, message.channel, message.sender) in self._claimed:
            return None
        choice = _chosen(message.text, offered.choices)
        if choice is None:
            return None
        return ButtonClicked(
            id=message.id,
            platform=message.channel.platform,
            account=message.channel.account,
            channel=message.channel,
            actor=message.sender,
            timestamp=message.timestamp,
            payload=message.payload,
            message_id=offered.message_id,
            action=choice.action,
            value=choice.value,
            verified=True,
            said_in=message.id,
        )

    def claim(self, click: ButtonClicked, stored: "asyncio.Future[bool]") -> None:
        """A click that was found in a message goes into the inbox: until it is there, nobody chooses twice."""
        if click.channel is None or click.actor is None or (place := self._offered_at(click.channel)) is None:
            return
        claim = _claim(place, click.channel, click.actor)
        self._claimed.add(claim)
        stored.add_done_callback(lambda _: self._claimed.discard(claim))

    def taken(self, click: ButtonClicked) -> None:
        """A click that was found in a message goes to the skill: what the person says next is a message again."""
        if click.channel is None or click.actor is None:
            return
        place = self._offered_at(click.channel)
        if place is None:
            return
        offered = self._open[place]
        if offered.message_id != click.message_id or click.actor.id in offered.answered:
            return
        if click.channel.kind is ChannelKind.PRIVATE:
            self._forget(place)
            return
        offered.answered.append(click.actor.id)
        if len(offered.answered) > _MOST_ANSWERED:
            self._forget(place)
        else:
            self._note(place)

    def _offered_at(self, channel: Channel) -> str | None:
        """Where something is open for a conversation: in its thread, else in its chat, for an answer may begin one."""
        return next((place for place in _places(channel) if place in self._open), None)

    def _note(self, place: str) -> None:
        one = self._open[place]
        choices = [[choice.text, choice.action, choice.value] for choice in one.choices]
        note = {"message": one.message_id, "until": one.until, "choices": choices, "answered": one.answered}
        self._notes_of(_account(place)).put(_KIND, place, note)

    def _forget(self, place: str) -> None:
        if self._open.pop(place, None) is not None:
            self._notes_of(_account(place)).drop(_KIND, place)

    def _trim(self) -> None:
        now = self._clock()
        while self._open:
            place, oldest = next(iter(self._open.items()))
            if len(self._open) <= _MOST_OPEN and oldest.until > now:
                return
            self._forget(place)


def offering(choices: Choices, channel: Channel, sent: Sent, part: Part, *, in_thread: bool) -> Sent:
    """What was sent, with what can be chosen in it; from now on it can be: in the thread, or else in its chat."""
    offered = sent.choices or part.choices
    if not offered:
        return sent
    texts = tuple(choice.text for choice in offered)
    last = (sent.more[-1] if sent.more else sent.part).model_copy(update={"choices": texts})
    where = channel if in_thread else channel.model_copy(update={"thread": None})
    choices.offer(where, last.message_id, offered)
    if sent.more:
        return replace(sent, more=(*sent.more[:-1], last))
    return replace(sent, part=last)


def _place(channel: Channel) -> str:
    """The conversation: somebody written to by id is in the private chat with them."""
    kind = ChannelKind.PRIVATE if channel.kind is ChannelKind.USER else channel.kind
    thread = "" if channel.thread is None else f"#{channel.thread}"
    return f"{channel.account_key}/{kind}/{channel.id}{thread}"


def _places(channel: Channel) -> tuple[str, str]:
    """The conversation, and its chat."""
    return _place(channel), _place(channel.model_copy(update={"thread": None}))


def _claim(place: str, channel: Channel, person: Sender) -> tuple[str, str]:
    """Who can choose once: each person of a group, in a private chat whoever it is."""
    return place, "" if channel.kind is ChannelKind.PRIVATE else person.id


def _is_for_us(message: Message, offered: _Offered) -> bool:
    """In a group people also say "2" or "yes" to each other: there it is for us with a mention, or as a reply."""
    if message.channel.kind is ChannelKind.PRIVATE or message.mentions_me:
        return True
    return bool(offered.message_id) and message.reply_to == offered.message_id


def _account(place: str) -> str:
    return place.partition("/")[0]


def _chosen(text: str, choices: tuple[Choice, ...]) -> Choice | None:
    """By number, in whatever digits (`2`, `２`, `2.`, `②`); else by the choice's text."""
    said = " ".join(text.split())
    plain = unicodedata.normalize("NFKC", said).strip(_AROUND)
    if plain.isascii() and plain.isdigit() and len(plain) <= 4 and 0 < int(plain) <= len(choices):
        return choices[int(plain) - 1]
    named = [choice for choice in choices if said and choice.text == said]
    return named[0] if len(named) == 1 else None  # which of two "Delete" is meant, nobody can tell


def _read(note: Any) -> _Offered:
    choices = tuple(Choice(str(text), str(action), value) for text, action, value in note["choices"])
    if not choices:
        raise ValueError("no choices")
    answered = [str(one) for one in note["answered"]]
    return _Offered(str(note["message"]), float(note["until"]), choices, answered)
