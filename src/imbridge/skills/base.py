"""The class that skills derive from."""

import re
from enum import Enum
from typing import ClassVar, Final, Literal

from imbridge.protocol.overlap import Overlap
from imbridge.skills.catalogue import Catalogue

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class NotMine(Enum):
    """The type of `NOT_MINE`."""

    NOT_MINE = "not mine"

    def __repr__(self) -> str:
        return self.name


NOT_MINE: Final[Literal[NotMine.NOT_MINE]] = NotMine.NOT_MINE
"""Returned by a handler that leaves the message to the next handler or skill."""


def name_of_class(class_name: str) -> str:
    """`WeatherReportSkill` -> `weather_report`."""
    stem = class_name.removesuffix("Skill") or class_name
    return _HUMP.sub("_", stem).lower().strip("_")


class BaseSkill:
    """A bot program: derive from it, and write `handle_message` or handlers marked with a trigger.

    A handler is `async def` (or a plain function, which then runs in a thread, so that it cannot hold up the others).
    What it returns is the answer: anything sendable; an async iterator of text (also from a handler that `yield`s) is
    a stream; `None` is handled with nothing to say; `NOT_MINE` passes the message on.

    Handlers of one skill are tried from the most particular to the most general: commands, patterns, elements,
    mentions, `on_message`, at last `handle_message(self, msg)`.

    Example:
        class Echo(BaseSkill):
            name, description, version = "echo", "repeats what you say", "1.0"

            async def handle_message(self, msg):
                return msg.text

    Attributes:
        name: Unique among the skills of a bridge; permissions name it. Default: from the class name, in snake case.
        description: One line for `/help`.
        version: The skill's own version.
        priority: Higher is asked first; among equals the one added first.
        hears_bots: False leaves messages that bots wrote to other skills.
        hears_unverified: True: it is also told of clicks that carry no seal (`ButtonClicked.verified` is False): of
            cards in the platform's own JSON, or forged.
        on_overlap: What becomes of a message while this skill still works on an earlier one of the same person in the
            same conversation: `queue`, `latest` (of those that wait only the newest is handled) or `interrupt` (the
            skill is stopped, and the new one is handled next).
        debounce: Seconds for which a message for this skill is held for what its author says next, so that quick
            successive messages are one; None: as the option `debounce` says.
    """

    name: str = ""
    description: str = ""
    version: str = "0.0.0"
    priority: int = 0
    hears_bots: bool = True
    hears_unverified: bool = False
    on_overlap: str = Overlap.QUEUE
    debounce: float | None = None

    _derived_name: ClassVar[str] = ""

    def __init_subclass__(cls, **options: object) -> None:
        """Give the class its default name, unless it or a base of it states one."""
        super().__init_subclass__(**options)
        if "name" not in cls.__dict__ and cls.name == cls._derived_name:
            cls.name = cls._derived_name = name_of_class(cls.__name__)

    def __init__(
        self,
        name: str | None = None,
        description: str | None = None,
        version: str | None = None,
        priority: int | None = None,
        on_overlap: str | None = None,
    ) -> None:
        """Take over what is given; what is not keeps the class's value. A subclass need not call this."""
        if name is not None:
            self.name = name
        if description is not None:
            self.description = description
        if version is not None:
            self.version = version
        if priority is not None:
            self.priority = priority
        if on_overlap is not None:
            self.on_overlap = on_overlap

    async def setup(self) -> None:
        """Called once before the first message; what it raises stops the start and names this skill."""

    async def teardown(self) -> None:
        """Called once after the last message, if `setup` succeeded."""

    def installed(self, catalogue: Catalogue) -> None:
        """Called when the skill is put among others; `catalogue` tells what there is."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} {self.version}>"
