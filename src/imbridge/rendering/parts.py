"""What rendering hands to an adapter: parts, each of which becomes one message on the platform."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from imbridge.protocol import Degradation, Element
from imbridge.rendering.cards.choices import Choice


class PartKind(StrEnum):
    """How a part is to be shown."""

    TEXT = "text"
    """Text, Mention, MentionAll and Emoji elements in one line of thought."""
    RICH = "rich"
    """The same plus Link, Image and Markdown elements, in one rich message."""
    MARKDOWN = "markdown"
    """Markdown elements and what stands beside them, in one message that the platform reads as Markdown."""
    MEDIA = "media"
    """One Image, File, Audio, Video or Sticker."""
    CARD = "card"
    """One Card."""
    CONTACT = "contact"
    """One Contact."""

    @property
    def alone(self) -> bool:
        """It holds one element that is a message by itself, and is not cut."""
        return self in (PartKind.MEDIA, PartKind.CARD, PartKind.CONTACT)


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Part:
    """One message on the platform, still in the shared words.

    Attributes:
        kind: How it is to be shown.
        elements: What it shows, as it was meant: an adapter that has to say it another way begins from here.
        text: Of Markdown: all of the elements as they are sent, written in the account's dialect.
        dialect: The name of that dialect; empty where there is no text.
        choices: What can be chosen by a number that stands in it.
        told: What of it is shown otherwise than meant in that dialect, and has been told: `table`, `mention`.
    """

    kind: PartKind
    elements: tuple[Element, ...]
    text: str = ""
    dialect: str = ""
    told: frozenset[str] = frozenset()
    choices: tuple[Choice, ...] = ()

    def holding(self, elements: Iterable[Element]) -> "Part":
        """The same with other elements, which are to be written anew."""
        return Part(self.kind, tuple(elements), told=self.told, choices=self.choices)


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Rendered:
    """The parts of a reply, in order, and what was changed to get there."""

    parts: tuple[Part, ...]
    degradations: tuple[Degradation, ...] = ()
