"""What stands within lines, as a dialect has it."""

import re
from collections.abc import Sequence

from imbridge.rendering.markdown.dialect import Dialect, address
from imbridge.rendering.markdown.literal import ZERO_WIDTH
from imbridge.rendering.markdown.tree import (
    Break,
    Code,
    Color,
    Emphasis,
    Image,
    Inline,
    Link,
    Strike,
    Strong,
    Text,
)

_TICKS = re.compile("`+")
_MARKED = (Strong, Emphasis)
_STYLES: dict[type[Inline], tuple[str, str]] = {
    Strong: ("bold", "**"),
    Emphasis: ("italics", "*"),
    Strike: ("strikethrough", "~~"),
}


class InlineWriter:
    """Writes the inlines of one document, and gathers what it had to change."""

    def __init__(self, dialect: Dialect, changed: dict[str, str]) -> None:
        self._dialect = dialect
        self._changed = changed
        self._shows = dialect.shows

    def written(self, inlines: Sequence[Inline], *, start: bool = True, cell: bool = False) -> str:
        """Lines of text with their marks.

        Args:
            inlines: What to write.
            start: It begins a line.
            cell: It stands in a cell of a table, where there is one line and `|` ends it.
        """
        text = self._all(inlines, frozenset(), start=start, end=self._dialect.cell_break if cell else None)
        return text.replace("|", self._dialect.bar) if cell and self._dialect.bar != "|" else text

    def _all(self, inlines: Sequence[Inline], within: frozenset[str], *, start: bool, end: str | None) -> str:
        out: list[str] = []
        marked: Inline | None = None
        for inline in inlines:
            if within and isinstance(inline, Break) and isinstance(marked, Break):
                continue  # an empty line would end the marks around it
            made = self._one(inline, within, start=start, end=end)
            if out and made:
                before, first = out[-1], made[0]
                if first == "*" and isinstance(inline, _MARKED):
                    made = _apart(made, before[-1:])
                elif before[-1] == "*" and isinstance(marked, _MARKED) and first.isalnum():
                    out[-1] = _apart(before[::-1], first)[::-1]
            if made:
                out.append(made)
                marked = inline
                start = isinstance(inline, Break)
        return "".join(out)

    def _one(self, inline: Inline, within: frozenset[str], *, start: bool, end: str | None) -> str:
        if isinstance(inline, Text):
            return self._dialect.escape(inline.text, start)
        if isinstance(inline, Break):
            return self._dialect.line_break if end is None else end
        if isinstance(inline, Code):
            return self._code(inline.text, start=start)
        if isinstance(inline, Link):
            return self._link(inline, within, start=start, end=end)
        if isinstance(inline, Image):
            return self._image(inline, start=start)
        if isinstance(inline, Color):
            return self._color(inline, within, start=start, end=end)
        return self._styled(inline, within, start=start, end=end)

    def _styled(
        self, inline: Strong | Emphasis | Strike, within: frozenset[str], *, start: bool, end: str | None
    ) -> str:
        what, mark = _STYLES[type(inline)]
        if what not in self._shows:
            self._changed[what] = "without"
            return self._all(inline.children, within, start=start, end=end)
        if mark in within:  # bold in bold is bold
            return self._all(inline.children, within, start=start, end=end)
        if self._dialect.flat and not _is_flat(inline):
            self._changed[what] = "without, around something else"
            return self._all(inline.children, within, start=start, end=end)
        text = self._all(inline.children, within | {mark}, start=False, end=end)
        bare = text.strip()
        if not bare:
            return text
        lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{lead}{mark}{bare}{mark}{tail}"

    def _code(self, text: str, *, start: bool) -> str:
        ticks = "`"
        if "`" in text:
            ticks = "`" * (1 + max(map(len, _TICKS.findall(text))))
        if "code" not in self._shows or (len(ticks) > 1 and "code block" not in self._shows):
            self._changed["code"] = "text"
            return self._dialect.escape(text, start)
        pad = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{ticks}{pad}{text}{pad}{ticks}"

    def _link(self, link: Link, within: frozenset[str], *, start: bool, end: str | None) -> str:
        url = link.url
        title = self._title(link.title)
        if link.bare:
            return url if self._dialect.leads(url) else self._dialect.escape(url, start)
        label = self._all(link.children, within, start=start, end=" ").strip()
        if "link" in self._shows and self._dialect.leads(url):
            return f"[{_bracketed(label) or address(url)}]({address(url)}{title})"
        if self._dialect.leads(url):
            self._changed["link"] = "title and address"
        else:
            self._changed["link"] = "text: it leads nowhere from a chat"
        said = "".join(map(_says, link.children))
        if not url or said == url:
            return label
        return f"{label} ({self._shown(url)})" if label else self._shown(url)

    def _title(self, title: str) -> str:
        """The title of a link, with what sets it off from the address."""
        if title and "title" not in self._shows:
            self._changed["title"] = "without"
        if not title or "title" not in self._shows:
            return ""
        escaped = self._dialect.escape(title.replace("\n", " "), False).replace('"', '\\"')
        return f' "{escaped}"'

    def _shown(self, url: str) -> str:
        """An address as text."""
        return address(url) if self._dialect.leads(url) else self._dialect.escape(url, False)

    def _image(self, image: Image, *, start: bool) -> str:
        if "image" in self._shows and self._dialect.images.match(image.url):
            title = self._title(image.title)
            return f"![{_bracketed(self._dialect.escape(image.alt, False))}]({address(image.url)}{title})"
        link = Link(image.url, (Text(image.alt or "image"),), title=image.title)
        before = self._changed.get("link")
        made = self._link(link, frozenset(), start=start, end=None)
        if before is None:
            self._changed.pop("link", None)
        self._changed["image"] = "link" if self._dialect.leads(image.url) and "link" in self._shows else "text"
        return made

    def _color(self, inline: Color, within: frozenset[str], *, start: bool, end: str | None) -> str:
        if "*" in self._dialect.colors or inline.color.lower() in self._dialect.colors:
            return f'<font color="{inline.color}">{self._all(inline.children, within, start=False, end=end)}</font>'
        self._changed["color"] = "without"
        return self._all(inline.children, within, start=start, end=end)


def _is_flat(inline: Strong | Emphasis | Strike) -> bool:
    """Text, or bold italics."""
    within = (Strong, Emphasis) if not isinstance(inline, Strike) else ()
    return all(isinstance(child, Text) or (isinstance(child, within) and _is_flat(child)) for child in inline.children)


def _apart(marked: str, beside: str) -> str:
    """Marked text of which the marks count also where a letter is beside them and punctuation is within.

    CommonMark takes `a**“b”**` for stars, which in Chinese is written all the time. With an invisible character between
    marks and punctuation it is bold.
    """
    bare = marked.lstrip("*~")
    if not beside.isalnum() or not bare or bare[0].isalnum() or bare[0].isspace() or bare[0] == ZERO_WIDTH:
        return marked
    return f"{marked[: len(marked) - len(bare)]}{ZERO_WIDTH}{bare}"


def _bracketed(text: str) -> str:
    """What is written between the brackets of a link: brackets of its own that do not match would end it."""
    depth = 0
    for char in text:
        depth += (char == "[") - (char == "]")
        if depth < 0:
            break
    return text if depth == 0 else text.translate({ord("["): "(", ord("]"): ")"})


def _says(inline: Inline) -> str:
    """What a person reads of it."""
    if isinstance(inline, Text | Code):
        return inline.text
    if isinstance(inline, Image):
        return inline.alt
    return " " if isinstance(inline, Break) else "".join(map(_says, inline.children))
