"""When a handler is asked: what the decorators in `triggers` put on it."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from imbridge.protocol import Element, Event, Message
from imbridge.skills.command_line import split_arguments
from imbridge.skills.parameters import EVENT_VALUES, MESSAGE_VALUES

Match = Mapping[str, Any]
"""What a condition found, by parameter name."""

Matcher = Callable[[Any], Match | None]
"""Looks at a message or event; None is no match."""

_NOTHING: Match = MappingProxyType({})
_INVISIBLE = r"[\s\u200b-\u200f\u2060\ufeff]*"


class Condition(ABC):
    """Says whether a handler is asked, and what it can be told.

    Attributes:
        rank: Within one skill the lower is tried first: the particular before the general.
        offers: Parameter names that only this kind of condition can fill.
        for_events: True for events, False for messages.
    """

    rank: ClassVar[int]
    offers: ClassVar[frozenset[str]] = frozenset()
    for_events: ClassVar[bool] = False

    @property
    def allowed(self) -> frozenset[str]:
        """Every parameter name it can fill."""
        return self.offers | frozenset(EVENT_VALUES if self.for_events else MESSAGE_VALUES)

    @abstractmethod
    def matcher(self, prefix: str) -> Matcher | None:
        """What decides; None when it always matches. `prefix` is what commands start with."""

    @abstractmethod
    def __str__(self) -> str:
        """As it is written in a skill, for errors."""


@dataclass(frozen=True, slots=True)
class Command(Condition):
    """A command at the beginning of the text.

    Attributes:
        names: The name and its aliases, without prefix.
        usage: What may follow, for the help.
        summary: One line for the help.
    """

    names: tuple[str, ...]
    usage: str = ""
    summary: str = ""
    rank = 0
    offers = frozenset({"args", "argument"})

    def matcher(self, prefix: str) -> Matcher:
        """Compare without regard to case, and with the prefix also in full width (`／`)."""
        names = "|".join(re.escape(name) for name in self.names)
        starts = "|".join(re.escape(start) for start in dict.fromkeys((prefix, full_width(prefix))))
        match = re.compile(
            rf"{_INVISIBLE}(?:{starts})(?:{names})(?:\s+(?P<argument>.*))?{_INVISIBLE}", re.IGNORECASE | re.DOTALL
        ).fullmatch

        def find(msg: Message) -> Match | None:
            found = match(msg.text)
            if found is None:
                return None
            argument = (found["argument"] or "").strip()
            return {"argument": argument, "args": split_arguments(argument)}

        return find

    def __str__(self) -> str:
        return f"on_command({self.names[0]!r})"


@dataclass(frozen=True, slots=True)
class Pattern(Condition):
    """A regular expression found in the text."""

    pattern: re.Pattern[str]
    full: bool
    max_length: int
    rank = 1
    offers = frozenset({"match"})

    def matcher(self, prefix: str) -> Matcher:
        """Search or match whole; a text that is too long is not looked at."""
        find = self.pattern.fullmatch if self.full else self.pattern.search
        max_length = self.max_length

        def matched(msg: Message) -> Match | None:
            text = msg.text
            if len(text) > max_length:
                return None
            match = find(text)
            return None if match is None else {"match": match}

        return matched

    def __str__(self) -> str:
        return f"on_pattern({self.pattern.pattern!r})"


@dataclass(frozen=True, slots=True)
class HasElement(Condition):
    """An element of certain classes is in the message."""

    classes: tuple[type[Element], ...]
    rank = 2
    offers = frozenset({"element"})

    def matcher(self, prefix: str) -> Matcher:
        """`elements` are then those of the classes asked for; `element` is the first of them."""
        classes = self.classes

        def find(msg: Message) -> Match | None:
            elements = tuple(element for element in msg.elements if isinstance(element, classes))
            return {"element": elements[0], "elements": elements} if elements else None

        return find

    def __str__(self) -> str:
        return f"on_element({', '.join(cls.__name__ for cls in self.classes)})"


@dataclass(frozen=True, slots=True)
class MentionsMe(Condition):
    """We are mentioned by name."""

    rank = 3

    def matcher(self, prefix: str) -> Matcher:
        """Look for our own mention."""
        return lambda msg: _NOTHING if msg.mentions_me else None

    def __str__(self) -> str:
        return "on_mention"


@dataclass(frozen=True, slots=True)
class AnyMessage(Condition):
    """Every message."""

    rank = 4

    def matcher(self, prefix: str) -> None:
        """Always."""

    def __str__(self) -> str:
        return "on_message"


@dataclass(frozen=True, slots=True)
class EventOf(Condition):
    """An event of certain classes."""

    classes: tuple[type[Event], ...]
    rank = 5
    for_events = True

    def matcher(self, prefix: str) -> Matcher:
        """By class; `Event` itself stands for all."""
        classes = self.classes
        return lambda event: _NOTHING if isinstance(event, classes) else None

    def __str__(self) -> str:
        return f"on_event({', '.join(cls.__name__ for cls in self.classes)})"


def full_width(prefix: str) -> str:
    """A prefix as a Chinese keyboard types it: `/` -> `／`."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in prefix)
