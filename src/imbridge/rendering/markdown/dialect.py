"""What one platform's Markdown shows, and how it is written there, as data."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from imbridge.rendering.markdown.literal import backslashed, escaped_source, guarded, unescaped

FEATURES = (
    "heading", "bold", "italics", "strikethrough", "code", "code block", "link", "image", "quote", "nested quote",
    "list", "task list", "table", "rule", "color", "title",
)  # fmt: skip
"""What Markdown can have, in the words of `Dialect.shows` and of what `write` says that it changed."""

_NOT_IN_AN_ADDRESS = re.compile(r"[\x00-\x20\x7f<>\"'`\\^{|}\u200b-\u200f\u2028-\u202f\ufeff]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_WEB = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One Markdown.

    Attributes:
        name: For people, as `WeCom markdown_v2`.
        shows: Of `FEATURES`, those that people see as what they are.
        deepest_heading: Deeper ones are written as this one.
        tables: Most tables in one message.
        columns: Most columns of a table; None: no limit is known.
        rows: Most rows of a table, without its head; None: no limit is known.
        line_break: What ends a line within a paragraph.
        indent: Spaces by which a list in a list is indented; None: as wide as the mark of its item.
        escape: `escape(text, start)`: literal text, so that nothing in it is markup; `start`: it begins a line.
        guard: All that was written, so that nothing in it is a tag of the platform.
        bar: A `|` within a cell.
        cell_break: The end of a line within a cell.
        apart: Blocks that want an empty line before them; of `list`, `table`.
        flat: Between marks there is text and nothing else: a link in bold, or bold that is struck through, is not read.
        colors: The colours that `<font>` knows there; `*` for any.
        schemes: How an address begins that a link may lead to.
        images: Which addresses of pictures are shown.
        embeds: An `Image` can stand in a message of this Markdown, by an address or a key that `images` knows.
        beside: In one message with it there can be texts, mentions, links and pictures in their own right, where the
            account has rich text.
        mention: Writes a call of somebody, by id and name; None where Markdown cannot call.
        mention_all: Writes a call of everybody.
        narrow: Columns of a table that can be read on a phone as aligned text.
    """

    name: str
    shows: frozenset[str] = frozenset()
    deepest_heading: int = 6
    tables: int = 1_000_000
    columns: int | None = None
    rows: int | None = None
    line_break: str = "\n"
    indent: int | None = None
    escape: Callable[[str, bool], str] = backslashed
    guard: Callable[[str], str] = guarded
    bar: str = "\\|"
    cell_break: str = " "
    apart: frozenset[str] = frozenset()
    flat: bool = False
    colors: frozenset[str] = frozenset()
    schemes: frozenset[str] = frozenset({"http", "https", "mailto"})
    images: re.Pattern[str] = _WEB
    embeds: bool = False
    beside: bool = False
    mention: Callable[[str, str], str] | None = None
    mention_all: Callable[[], str] | None = None
    narrow: int = field(default=40)

    def __post_init__(self) -> None:
        """Refuse words that nobody knows."""
        if unknown := self.shows - set(FEATURES):
            raise ValueError(f"a dialect of Markdown shows {', '.join(sorted(unknown))}, which is none of its features")

    def without(self, features: Iterable[str]) -> "Dialect":
        """The same, but for some features."""
        return replace(self, shows=self.shows - frozenset(features))

    def literal(self, text: str) -> str:
        """Literal text of several lines as this Markdown."""
        return self.guard("\n".join(self.escape(line, True) for line in text.split("\n")))

    def leads(self, url: str) -> bool:
        """Whether a link may lead there."""
        scheme = _SCHEME.match(url)
        return scheme is not None and scheme[1].lower() in self.schemes


PLAIN = Dialect(name="text", escape=unescaped)
"""No Markdown at all; `plain` writes it."""

EVERYTHING = Dialect(name="CommonMark", shows=frozenset(FEATURES) - {"color"})
"""All of it, as CommonMark with tables and strikethrough has it."""

SOURCE = replace(
    EVERYTHING, name="source", shows=frozenset(FEATURES), escape=escaped_source, guard=lambda text: text,
    cell_break="<br>", colors=frozenset({"*"}), schemes=EVERYTHING.schemes | {"dingtalk"}, images=re.compile("."),
)  # fmt: skip
"""For a text that is read by `parse` again, and by nobody else: nothing in it is changed."""


def address(url: str) -> str:
    """An address as it can stand in brackets: what would end it, and what nobody sees, is percent-encoded."""
    made = _NOT_IN_AN_ADDRESS.sub(lambda found: quote(found[0], safe=""), url)
    return made.replace("(", "%28").replace(")", "%29") if not _balanced(made) else made


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0
