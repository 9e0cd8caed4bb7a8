"""What a Markdown text says, as a tree: blocks, and what stands within their lines.

Nothing in it is markup any more: a text is what a person is to read, character by character.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text, without line breaks."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Bold."""

    children: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Italics."""

    children: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Strike:
    """Struck through."""

    children: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Color:
    """`<font color="...">`, the one tag that is read: it colours, and can do nothing else."""

    color: str
    children: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Code:
    """Code within a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads somewhere. Which addresses do is the dialect's matter.

    Attributes:
        url: As typed.
        children: Its text; the address itself for one that stood alone.
        bare: It stood alone in the text, as an address.
        title: What a mouse over it would show; chats have no such thing.
    """

    url: str
    children: "tuple[Inline, ...]"
    bare: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by its address; `title` is as that of a link."""

    url: str
    alt: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a line. In a chat people mean those that Markdown calls soft, too."""


Inline: TypeAlias = Text | Strong | Emphasis | Strike | Color | Code | Link | Image | Break


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of text. `gap`, here and in all blocks: an empty line stands before it."""

    children: tuple[Inline, ...]
    gap: bool = True


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 6."""

    level: int
    children: tuple[Inline, ...]
    gap: bool = True


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation."""

    children: "tuple[Block, ...]"
    gap: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list; `checked` is the state of its box, None where it has none."""

    children: "tuple[Block, ...]"
    checked: bool | None = None
    gap: bool = False


@dataclass(frozen=True, slots=True)
class List:
    """A list; `start` is its first number, None where it has none."""

    items: tuple[Item, ...]
    start: int | None = None
    gap: bool = True


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Code in lines, without the line break at its end.

    Attributes:
        text: The code.
        info: What stood behind the fence.
        ticks: How long a fence of backticks it had.
    """

    text: str
    info: str = ""
    ticks: int = 3
    gap: bool = True


Cell: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `alignments` has `left`, `center`, `right` or an empty text for each column."""

    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    alignments: tuple[str, ...]
    gap: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""

    gap: bool = True


Block: TypeAlias = Paragraph | Heading | Quote | List | CodeBlock | Table | Rule


@dataclass(frozen=True, slots=True)
class Document:
    """All of a text."""

    blocks: tuple[Block, ...]
