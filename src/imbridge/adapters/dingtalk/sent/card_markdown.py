"""Markdown as a card of DingTalk shows it. Pure.

A line break that is no block of its own is not shown by a card: it wants `<br>`, but in code, where `<br>` is text. A
table needs an empty line before it. Source: DingTalk's own connector, `services/messaging/card.ts`, measured there.
"""

import re
from collections.abc import Iterator

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_QUOTE = re.compile(r" {0,3}>[ \t]?")
_RULE = r"[ ]{0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$"
_BLOCK = re.compile(rf"[ \t]*(?:[-*+]|\d{{1,9}}[.)])[ \t]|[ \t]*\||[ ]{{0,3}}#{{1,6}}(?:[ \t]|$)|{_RULE}")
"""A line that begins a block: an item, a row, a headline, a rule."""
_ALONE = re.compile(rf"[ \t]*\||[ ]{{0,3}}#{{1,6}}(?:[ \t]|$)|{_RULE}")
"""A line that is a block by itself: what follows it is none of it."""
_UNDERLINE = re.compile(r"[ ]{0,3}(?:=+|-+)[ \t]*$")
_ROW = re.compile(r"[ \t]*\|?[^\n]*\|[^\n]*$")
_DELIMITERS = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")


def card_markdown(text: str, *, last: bool = True) -> str:
    """The Markdown that a card shows as others show this one.

    Args:
        text: Markdown; its code is left as it is.
        last: It is all of the text. Of one that grows the empty lines at the end are left out: they would be seen for a
            moment.
    """
    lines = list(_lines(text.replace("\r\n", "\n").replace("\r", "\n")))
    out: list[str] = []
    for number, (line, in_code) in enumerate(lines):
        following, follows_code = lines[number + 1] if number + 1 < len(lines) else ("", True)
        out.append(line)
        if number + 1 < len(lines):
            out.append("\n" if in_code or follows_code or _ends(line, following) else "<br>")
    made = "".join(out)
    return made if last else made.rstrip("\n")


def _ends(line: str, following: str) -> bool:
    """Whether a plain line break between the two means something."""
    blank = not line.strip() or not following.strip()
    return blank or bool(_ALONE.match(line) or _BLOCK.match(following) or _UNDERLINE.match(following))


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """The lines, and whether each is code; lines of a quotation are one, and a table stands by itself."""
    fence = ""
    before = ""
    quoted: list[str] = []
    every = text.split("\n")
    for number, line in enumerate(every):
        found = _FENCE.match(line)
        if not fence and not found and (mark := _QUOTE.match(line)):
            quoted.append(line[mark.end() :] if quoted else line)
            continue
        if quoted:
            before = "<br>".join(quoted)
            yield before, False
            quoted = []
        if fence:
            yield line, True
            if found and found[1].startswith(fence) and not line[found.end() :].strip():
                fence = ""
        elif found:
            fence = found[1]
            yield line, True
        else:
            after = every[number + 1] if number + 1 < len(every) else ""
            if (
                "|" in after
                and _DELIMITERS.match(after)
                and _ROW.match(line)
                and before.strip()
                and not _ROW.match(before)
            ):
                yield "", False
            yield line, False
        before = line
    if quoted:
        yield "<br>".join(quoted), False
