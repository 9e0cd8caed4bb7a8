"""Elements side by side → one Markdown text in an account's dialect."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

from imbridge.protocol import Element, Emoji, Image, Link, Markdown, Mention, MentionAll, Text
from imbridge.rendering.markdown import EVERYTHING, Dialect, Document, parse, tree, write
from imbridge.rendering.parts import Part

Read = Callable[[str], Document]
"""`imbridge.rendering.markdown.parse`, or the same with a memory."""

_CALL = "\ufdd0"
"""Stands for a call while the rest is written, so that it is neither escaped nor taken for a tag that somebody typed.
Unicode keeps this character free for such uses within a program."""
_ADDRESS = re.compile(r"https?://[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]{0,3999}[A-Za-z0-9\-/#@$&(+=%]")
"""The address of a page in a text: clients let people click on it, so there is nothing escaped in it."""
_EDGE, _SPACE = "\u200b", "\u00a0"
"""What a line is indented with, so that it is neither the beginning of code nor trimmed away: an invisible character,
and spaces that are no white space of Markdown's."""
_LOST = {
    "mention": "text: the platform calls nobody in Markdown",
    "mention_all": "text: the platform does not call everybody in Markdown",
    "emoji": "text",
    "image": "text",
}


@dataclass(frozen=True, slots=True)
class WrittenMessage:
    """Elements as Markdown.

    Attributes:
        text: What is sent.
        changed: What is shown otherwise than meant, and how: `{"table": "list"}`.
        dialect: The name of the dialect.
    """

    text: str
    changed: dict[str, str]
    dialect: str


def message_in(part: Part, *dialects: Dialect) -> WrittenMessage:
    """A part's elements in one of these dialects, and what has not been told yet; what is written so already stays.

    For adapters that have to say a part another way than it was rendered for, or with other elements.
    """
    if part.text and any(part.dialect == dialect.name for dialect in dialects):
        return WrittenMessage(part.text, {}, part.dialect)
    made = written(part.elements, *dialects)
    if not part.told:
        return made
    return replace(made, changed={what: how for what, how in made.changed.items() if what not in part.told})


def written(elements: Sequence[Element], *dialects: Dialect, read: Read = parse) -> WrittenMessage:
    """Write elements in the first of some dialects that shows all of them, else in the one that changes least.

    Markdown is read as what it is; everything else is literal: nothing in a text, a name or a title is markup. Markdown
    has paragraphs of its own, and what stands between is a paragraph, too.

    Args:
        elements: What a part of Markdown can hold.
        dialects: The one to prefer first; left out, it is CommonMark.
        read: Reads a Markdown text; one that remembers what it has read spares reading it for each dialect.
    """
    made: list[WrittenMessage] = []
    if len(dialects) > 1:
        read = cache(read)
    for dialect in dialects or (EVERYTHING,):
        one = _written(elements, dialect, read)
        if not one.changed:
            return one
        made.append(one)
    return min(made, key=lambda one: (people_lost(one.changed), len(one.changed)))


def can_show(image: Image, dialect: Dialect) -> bool:
    """Whether an `Image` can stand in a message of this Markdown."""
    if not dialect.embeds or "image" not in dialect.shows:
        return False
    return not image.has_content and dialect.images.match(image.key) is not None


def people_lost(changed: Mapping[str, str]) -> int:
    """Somebody who is not called misses the message; nothing else that a dialect lacks is as bad."""
    return len(changed.keys() & {"mention", "mention_all"})


def _written(elements: Sequence[Element], dialect: Dialect, read: Read) -> WrittenMessage:
    called: list[str] = []
    lost: dict[str, str] = {}
    blocks: list[tree.Block] = []
    for is_markdown, group in groupby(elements, lambda element: isinstance(element, Markdown)):
        if not is_markdown:
            blocks += _paragraphs(group, dialect, called, lost)
            continue
        for element in group:
            document = read(element.as_text().replace(_CALL, "\ufffd"))
            if document.blocks:
                blocks += replace(document.blocks[0], gap=True), *document.blocks[1:]
    made = write(Document(tuple(blocks)), dialect)
    first, *others = made.text.split(_CALL)
    text = first + "".join(call + after for call, after in zip(called, others, strict=True))
    return WrittenMessage(text, {**lost, **made.changed}, dialect.name)


def _paragraphs(
    elements: Iterable[Element], dialect: Dialect, called: list[str], lost: dict[str, str]
) -> Iterator[tree.Block]:
    """What stands between Markdown: an empty line begins a paragraph, other line breaks end a line."""
    lines: list[list[tree.Inline]] = [[]]
    for element in elements:
        if isinstance(element, Text):
            first, *others = element.text.replace(_CALL, "\ufffd").replace("\r\n", "\n").split("\n")
            lines[-1] += _text(first, start=not lines[-1])
            lines += [_text(line, start=True) for line in others]
        else:
            lines[-1].append(_inline(element, dialect, called, lost))
    for blank, group in groupby(lines, lambda line: not line):
        if blank:
            continue
        children: list[tree.Inline] = []
        for line in group:
            children += (tree.Break(), *line) if children else line
        yield tree.Paragraph(tuple(children))


def _text(line: str, *, start: bool) -> list[tree.Inline]:
    bare = line.lstrip(" \t") if start else line
    if not bare:
        return []
    indent = len(line[: len(line) - len(bare)].expandtabs(4))
    made: list[tree.Inline] = [tree.Text(_EDGE + _SPACE * indent)] if indent > 1 else []
    position = 0
    for found in _ADDRESS.finditer(bare):
        made.append(tree.Text(bare[position : found.start()]))
        made.append(tree.Link(found[0], (tree.Text(found[0]),), bare=True))
        position = found.end()
    return [*made, tree.Text(bare[position:])]


def _inline(element: Element, dialect: Dialect, called: list[str], lost: dict[str, str]) -> tree.Inline:
    if isinstance(element, Mention | MentionAll):
        call = _call(element, dialect)
        if call:
            called.append(call)
            return tree.Text(_CALL)
        lost[element.type] = _LOST[element.type]
    elif isinstance(element, Link):
        return tree.Link(element.url, (tree.Text(_line(element.title or element.url)),))
    elif isinstance(element, Image):
        if can_show(element, dialect):
            return tree.Image(element.key, _line(element.alt))
        lost["image"] = _LOST["image"]
    elif isinstance(element, Emoji) and element.code.isascii():
        lost["emoji"] = _LOST["emoji"]
    return tree.Text(_line(element.as_text()))


def _call(element: Mention | MentionAll, dialect: Dialect) -> str:
    """How somebody is called; empty where that cannot be."""
    if isinstance(element, MentionAll):
        return dialect.mention_all() if dialect.mention_all is not None else ""
    return dialect.mention(element.id, element.name) if dialect.mention is not None else ""


def _line(text: str) -> str:
    return " ".join(text.replace(_CALL, "\ufffd").split())
