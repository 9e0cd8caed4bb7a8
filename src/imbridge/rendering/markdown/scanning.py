"""What a line of Markdown has begun and not ended: for texts that grow."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from imbridge.rendering.markdown.parsing import parser

_PIECE = re.compile(r"\\[!-/:-@\[-`{-~]|(?P<ticks>`+)|(?P<open>!?\[)|(?P<close>\])", re.DOTALL)
_MARKS = "*_~"
_MARKED = re.compile(rf"[{_MARKS}]|<font", re.IGNORECASE)
_TARGET = re.compile(
    r"\([ \t]*(?:<[^<>\n]*>|(?:[^()\s<\"']|\([^()\s]*\))*)(?:[ \t]+\"[^\"\n]*\"|[ \t]+'[^'\n]*')?[ \t]*\)"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What has been begun.

    Attributes:
        at: Where.
        mark: What would end it; empty for a link or a tag, of which more is missing.
    """

    at: int
    mark: str


def code_spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Each piece of code within the text, `(start, end, ended)`; one that is not ended takes the rest."""
    at = 0
    while (found := _PIECE.search(text, at)) is not None:
        at = found.end()
        if found["ticks"] is None:
            continue
        end = _closing(text, found["ticks"], at)
        yield found.start(), len(text) if end is None else end, end is not None
        if end is None:
            return
        at = end


def open_code(text: str) -> Opened | None:
    """Code within the text that is not ended."""
    for start, _, ended in code_spans(text):
        if not ended:
            ticks = len(text) - start - len(text[start:].lstrip("`"))
            return Opened(start, "`" * ticks)
    return None


def open_link(text: str) -> Opened | None:
    """The first link or picture of which only the beginning is there."""
    spans = {start: end for start, end, ended in code_spans(text) if ended}
    waiting: list[int] = []
    at = 0
    while (found := _PIECE.search(text, at)) is not None:
        at = spans.get(found.start(), found.end())
        if found["open"] is not None:
            waiting.append(found.start())
        elif found["close"] is not None and waiting:
            start = waiting.pop()
            if at == len(text):
                waiting.append(start)
                break
            if text[at] == "(":
                target = _TARGET.match(text, at)
                if target is None:
                    waiting.append(start)
                    break
                at = target.end()
    return Opened(waiting[0], "") if waiting else None


def open_marks(text: str) -> list[Opened]:
    """Marks of bold, italics and strikethrough, and tags of colour, that wait for their end; in order."""
    if _MARKED.search(text) is None:
        return []
    from markdown_it.rules_inline import StateInline
    from markdown_it.rules_inline.balance_pairs import link_pairs

    md = parser(True)
    state = StateInline(text, md, {}, [])
    md.inline.tokenize(state)
    link_pairs(state)
    found: list[Opened] = []
    paired = -1  # all before this one is between two that belong together
    for number, one in enumerate(state.delimiters):
        paired = max(paired, one.end)
        if one.open and one.end < 0 and number > paired:
            token = state.tokens[one.token]
            found.append(Opened(int(token.meta["at"]), token.content))
    fonts: list[int] = []
    for token in state.tokens:
        if token.type == "font_open":
            fonts.append(int(token.meta["at"]))
        elif token.type == "font_close" and fonts:
            fonts.pop()
    return sorted([*found, *(Opened(at, "") for at in fonts)], key=lambda one: one.at)


def cut_within(line: str, at: int) -> str:
    """What comes after a place in a line, with the marks again that it is within; a link is there as a whole again."""
    bare = line[:at].rstrip(_MARKS)
    follows = line[at:].lstrip(_MARKS)
    begins = len(bare) + len(follows) < len(line) and bool(follows[:1].strip())
    begins = begins and (not bare[-1:].strip() or not open_marks(bare))
    at = len(bare) if begins else at  # these marks belong to what follows
    before, after = line[:at], line[at:]
    link, code = open_link(before), open_code(before)
    if link is not None and (open_link(line) or Opened(len(line), "")).at > link.at:
        return line[link.at :]
    if code is not None:
        marks = [code.mark] * ((open_code(line) or Opened(len(line), "")).at > code.at)
    else:
        unended = {one.at for one in open_marks(line)}
        marks = [one.mark for one in open_marks(before) if one.mark and one.at not in unended]
    while marks and not begins and after.startswith(marks[-1]):
        after = after[len(marks.pop()) :]  # it only ends them
    return "".join(marks) + (after.lstrip(" ") if marks and not begins else after)


def _closing(text: str, ticks: str, at: int) -> int | None:
    while (start := text.find(ticks, at)) >= 0:
        end = start + len(ticks)
        while end < len(text) and text[end] == "`":
            end += 1
        if end - start == len(ticks):
            return end
        at = end
    return None
