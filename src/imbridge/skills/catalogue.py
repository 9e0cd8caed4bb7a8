"""What a skill may know of the skills beside it."""

from dataclasses import dataclass
from typing import Protocol

from imbridge.protocol import Event, Message


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command, for people.

    Attributes:
        name: Without prefix.
        aliases: Other names, without prefix.
        usage: What may follow the name (`<city> [days]`).
        summary: One line on what it does.
    """

    name: str
    aliases: tuple[str, ...] = ()
    usage: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class SkillEntry:
    """A skill, for people."""

    name: str
    description: str
    version: str
    commands: tuple[CommandEntry, ...] = ()


class Catalogue(Protocol):
    """The skills that are installed."""

    @property
    def command_prefix(self) -> str:
        """What a command starts with."""

    def entries(self, item: Message | Event) -> tuple[SkillEntry, ...]:
        """The skills that whoever sent `item` may use, in the order they are asked."""
