"""Markdown → tree, with markdown-it."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from imbridge.rendering.markdown.tree import (
    Block,
    Break,
    Cell,
    Code,
    CodeBlock,
    Color,
    Document,
    Emphasis,
    Heading,
    Image,
    Inline,
    Item,
    Link,
    List,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
)

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MARKUP = re.compile(
    r"[*_`~\[\]<>|\\&#]|://|^[ \t]*(?:[-+=]|\d{1,9}[.)])|^(?: {4}|\t)|[ \t]$|\A\n|\n\n\n|\n\Z|[\r\0]", re.MULTILINE
)
_BOX = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
DEFINITION = "imbridge_definition"
"""The type of the token of a `[label]: address`: its content is what was typed, `meta["label"]` what names it."""
_MOST_NESTED = 12
"""Marks within marks; deeper ones are left out, and what they hold stays."""


def is_plain(text: str) -> bool:
    """Whether a Markdown text is but paragraphs of literal text, so that nobody has to parse it."""
    return _MARKUP.search(text) is None


def parse(text: str, *, growing: bool = False) -> Document:
    """Read a Markdown text.

    CommonMark with tables and strikethrough, and what `rules` adds; a line of `---` is always a line across, never the
    underline of a heading. HTML is text. However a text is nested, the tree is bounded in depth.

    Args:
        text: Markdown.
        growing: More follows, so nothing is read that a later line could change: no `[label]: address`, no table whose
            head does not begin with a bar; and `===` below a text is a line across.
    """
    if is_plain(text):
        return Document(tuple(_plain_paragraph(part) for part in text.split("\n\n") if part))
    return _Reader(text, parser(growing).parse(text)).document()


@lru_cache(maxsize=2)
def parser(growing: bool = False) -> "MarkdownIt":
    """The parser; it is imported when it is needed first."""
    from markdown_it import MarkdownIt

    from imbridge.rendering.markdown.rules import equals_signs_are_rules, extend, only_barred, only_equals_signs

    md = MarkdownIt("commonmark", {"html": False, "maxNesting": 100, "growing": growing}).enable(
        ["table", "strikethrough"]
    )
    md.disable(["html_block", "html_inline"])
    extend(md)
    if growing:
        md.disable(["reference", "lheading"])
        only_barred(md)
        equals_signs_are_rules(md)
    else:
        only_equals_signs(md)
    md.normalizeLink = lambda url: url  # type: ignore[method-assign]  # as typed: people read it
    md.validateLink = lambda url: True  # type: ignore[method-assign]  # a dialect says which addresses lead somewhere
    return md


def _plain_paragraph(text: str) -> Paragraph:
    lines = text.split("\n")
    children: list[Inline] = [Text(lines[0].lstrip(" "))]
    for line in lines[1:]:
        children += Break(), Text(line.lstrip(" "))
    return Paragraph(tuple(children))


class _Reader:
    """Goes through the tokens of one text."""

    def __init__(self, text: str, tokens: "Sequence[Token]") -> None:
        self._lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._tokens = tokens
        self._at = 0
        self._named: set[str] | None = None

    def document(self) -> Document:
        return Document(tuple(self._blocks("")))

    def _blocks(self, end: str) -> Iterator[Block]:
        """The blocks up to the token of that type."""
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.type == end:
                return
            block = self._block(token)
            if block is not None:
                yield block

    def _block(self, token: "Token") -> Block | None:
        gap = self._has_gap(token)
        kind = token.type
        if kind == "paragraph_open":
            return Paragraph(self._line(), gap)
        if kind == "heading_open":
            return Heading(int(token.tag[1]), self._line(), gap)
        if kind in ("fence", "code_block"):
            text = token.content.removesuffix("\n")
            ticks = len(token.markup) if token.markup.startswith("`") else 3
            return CodeBlock(text, token.info.strip() if kind == "fence" else "", ticks, gap)
        if kind == "blockquote_open":
            return Quote(tuple(self._blocks("blockquote_close")), gap)
        if kind in ("bullet_list_open", "ordered_list_open"):
            start = int(token.attrs.get("start", 1)) if kind[0] == "o" else None
            items = []
            while (opened := self._next()).type == "list_item_open":
                items.append(self._item(self._has_gap(opened)))
            return List(tuple(items), start, gap)
        if kind == "table_open":
            return self._table(gap)
        if kind == DEFINITION:
            return self._definitions(token, gap)
        return Rule(gap) if kind == "hr" else None

    def _next(self) -> "Token":
        self._at += 1
        return self._tokens[self._at - 1]

    def _line(self) -> tuple[Inline, ...]:
        """What stands between an opening and a closing token."""
        inline = self._next()
        self._at += 1
        return _inlines(inline.children or ())

    def _item(self, gap: bool) -> Item:
        blocks = list(self._blocks("list_item_close"))
        checked = None
        first = blocks[0] if blocks else None
        if isinstance(first, Paragraph) and first.children and isinstance(first.children[0], Text):
            box = _BOX.match(first.children[0].text)
            if box is not None:
                checked = box[1] != " "
                rest = Text(first.children[0].text[box.end() :])
                blocks[0] = Paragraph((rest, *first.children[1:]), first.gap)
        return Item(tuple(blocks), checked, gap)

    def _table(self, gap: bool) -> Table:
        rows: list[tuple[Cell, ...]] = []
        alignments: list[str] = []
        row: list[Cell] = []
        while (token := self._next()).type != "table_close":
            if token.type == "tr_open":
                row = []
            elif token.type in ("th_open", "td_open"):
                if token.type == "th_open":
                    alignments.append(str(token.attrGet("style") or "").removeprefix("text-align:"))
                row.append(self._line())
            elif token.type == "tr_close":
                rows.append(tuple(row))
        return Table(rows[0], tuple(rows[1:]), tuple(alignments), gap)

    def _definitions(self, first: "Token", gap: bool) -> Paragraph | None:
        """Those that no link names, as lines of text."""
        self._at -= 1
        lines: list[Inline] = []
        while self._at < len(self._tokens) and (token := self._tokens[self._at]).type == DEFINITION:
            if token is not first and self._has_gap(token):
                break
            self._at += 1
            if not self._is_named(token):
                lines += Break(), *_inlines(parser().parseInline(token.content, {})[0].children or ())
        return Paragraph(tuple(lines[1:]), gap) if lines else None

    def _is_named(self, definition: "Token") -> bool:
        if self._named is None:
            self._named = _labels(self._tokens)
        return definition.meta["label"] in self._named

    def _has_gap(self, token: "Token") -> bool:
        line = token.map[0] if token.map else 0
        return line > 0 and not self._lines[line - 1].strip(" \t>")


def _labels(tokens: "Sequence[Token]") -> set[str]:
    """Those that links and pictures name."""
    children = (child for token in tokens for child in token.children or ())
    return {str(child.meta["label"]) for child in children if child.meta.get("label")}


def _inlines(tokens: "Sequence[Token]") -> tuple[Inline, ...]:
    """Tokens within a line as a tree, with a stack of what is open."""
    fonts = _pairs(tokens)
    stack: list[tuple[Token | None, list[Inline]]] = [(None, [])]
    too_deep = 0
    for number, token in enumerate(tokens):
        into = stack[-1][1]
        opens = token.nesting == 1 or (token.type == "font_open" and number in fonts)
        closes = token.nesting == -1 or (token.type == "font_close" and number in fonts)
        if opens:
            if len(stack) > _MOST_NESTED and token.type != "link_open":
                too_deep += 1
            else:
                stack.append((token, []))
        elif closes:
            if too_deep and token.type != "link_close":
                too_deep -= 1
            else:
                opened, children = stack.pop()
                stack[-1][1].append(_marked(opened, tuple(children)))
        else:
            _add(into, token)
    found = stack[0][1]
    while found and isinstance(found[-1], Break):
        found.pop()
    begin = next((number for number, one in enumerate(found) if not isinstance(one, Break)), 0)
    return tuple(found[begin:])


def _pairs(tokens: "Sequence[Token]") -> set[int]:
    """Which font tags belong together: within the same marks, one closes the other."""
    waiting: list[list[int]] = [[]]
    found: set[int] = set()
    for number, token in enumerate(tokens):
        if token.nesting == 1:
            waiting.append([])
        elif token.nesting == -1:
            waiting.pop()
        elif token.type == "font_open":
            waiting[-1].append(number)
        elif token.type == "font_close" and waiting[-1]:
            found |= {waiting[-1].pop(), number}
    return found


def _marked(token: "Token | None", children: tuple[Inline, ...]) -> Inline:
    if token is None or token.type == "font_open":
        return Color(token.info if token is not None else "", children)
    if token.type == "link_open":
        if token.markup == "autolink" and children == (Text(str(token.attrGet("href"))),):
            children = (Text(str(token.attrGet("href")).removeprefix("mailto:")),)
        return Link(
            str(token.attrGet("href") or ""),
            children,
            token.markup == "autolink" and "://" in str(token.attrGet("href")),
            str(token.attrGet("title") or ""),
        )
    if token.tag == "strong":
        return Strong(children)
    return Emphasis(children) if token.tag == "em" else Strike(children)


def _add(into: list[Inline], token: "Token") -> None:
    if token.type in ("softbreak", "hardbreak"):
        into.append(Break())
    elif token.type == "code_inline":
        into.append(Code(token.content))
    elif token.type == "image":
        into.append(Image(str(token.attrGet("src") or ""), token.content, str(token.attrGet("title") or "")))
    elif token.type == "bare_link":
        into.append(Link(token.content, (Text(token.content),), bare=True))
    elif token.content:
        if into and isinstance(into[-1], Text):
            into[-1] = Text(into[-1].text + token.content)
        else:
            into.append(Text(token.content))
