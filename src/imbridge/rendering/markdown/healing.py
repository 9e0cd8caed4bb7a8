"""A Markdown text that still grows, so that it reads well as far as it is."""

import re
from dataclasses import dataclass

from imbridge.rendering.markdown.parsing import parser
from imbridge.rendering.markdown.scanning import open_code, open_link, open_marks

_CONTAINERS = re.compile(r"(?:[ \t]*(?:>|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$)))*[ \t]*")
_ONLY_MARKS = re.compile(r"(?:[-*+=#|~`_]+|\d{1,9}[.)]|[-*+][ \t]+\[[ xX]?\]?|[|:-][ \t|:-]*)?[ \t]*")
_FENCE = re.compile(r"`{3,}[^`]*|~{3,}.*")
_DELIMITERS = re.compile(r"[ \t>]*\|?[ \t]*:?-[ \t|:-]*")
_LINK = re.compile(r"(?P<image>!)?\[(?P<label>(?:[^\[\]]|\[[^\[\]]*\])*)(?:\](?:\(.*)?)?\Z", re.DOTALL)
_MARKS = re.compile(r"(?<!\\)[*_~]+\Z")


def heal(text: str) -> str:
    """Close what a growing text has begun, and leave out what is not there yet.

    Open code, bold and the like are ended; a link of which only the beginning is there is its title; a last line that
    so far has nothing but marks (`##`, `- `, the beginning of a fence, the head of a table) is held back. Of a text
    that is complete as it stands nothing is changed.
    """
    lines = text.split("\n")
    fence = _last_fence(text, lines)
    if fence is not None:
        return text if fence.closed else _with_fence_closed(lines, fence)
    while len(text) > 1 and lines and lines[-1].strip() and _is_not_yet(lines):
        lines.pop()
    kept = "\n".join(lines)
    start = _last_paragraph(kept, lines)
    return kept[:start] + _healed(kept[start:])


def with_code_ended(text: str) -> str:
    """The same, with a piece of code that is open at the end closed: what is put below it is not in it."""
    if "```" not in text and "~~~" not in text:
        return text
    token = next((token for token in reversed(parser().parse(text)) if token.map is not None), None)
    if token is None or token.type != "fence" or token.map is None:
        return text
    start, end = token.map
    inner = token.content.count("\n") + (token.content[-1:] not in ("", "\n"))
    if inner < end - start - 1:
        return text
    lead = _lead(text.split("\n")[start])
    return f"{text}\n{lead}{token.markup}"


@dataclass(frozen=True, slots=True)
class _Fence:
    """A piece of code: the line it begins in, what ends it, and whether it is ended."""

    line: int
    mark: str
    closed: bool


def _last_fence(text: str, lines: list[str]) -> _Fence | None:
    """The piece of code at the end of the text."""
    if "```" not in text and "~~~" not in text:
        return None
    token = next((token for token in reversed(parser(True).parse(text)) if token.map is not None), None)
    if token is None or token.type != "fence" or token.map is None:
        return None
    start, end = token.map
    inner = token.content.count("\n") + (token.content[-1:] not in ("", "\n"))
    closed = inner < end - start - 1
    if not closed and start == len(lines) - 1:
        return None  # its language may still be written
    return _Fence(start, token.markup, closed)


def _with_fence_closed(lines: list[str], fence: _Fence) -> str:
    prefix = _lead(lines[fence.line])
    last = lines[-1].strip(" \t>")
    if not last or fence.mark.startswith(last):
        lines = lines[:-1]  # nothing, or the beginning of what ends the code
    return "\n".join([*lines, f"{prefix}{fence.mark}"])


def _lead(line: str) -> str:
    """What the line that ends a piece of code begins with, by the one that begins it."""
    lead = _CONTAINERS.match(line)
    return "" if lead is None else re.sub(r"[^>\s]", " ", lead[0])


def _is_not_yet(lines: list[str]) -> bool:
    """The last line has nothing to show so far."""
    line = lines[-1]
    lead = _CONTAINERS.match(line)
    bare = line if lead is None else line[lead.end() :]
    if _FENCE.fullmatch(bare):
        return True
    if _in_table(lines):
        return not bare.strip(" \t|")
    return _ONLY_MARKS.fullmatch(bare) is not None or bare.startswith("|")


def _in_table(lines: list[str]) -> bool:
    """The last line is a row of a table that has its head."""
    number = len(lines) - 2
    while number > 0 and "|" in lines[number]:
        if _DELIMITERS.fullmatch(lines[number]):
            return "|" in lines[number - 1]
        number -= 1
    return False


def _last_paragraph(text: str, lines: list[str]) -> int:
    """Where the last lines begin in which marks can belong together."""
    inline = next((token for token in reversed(parser(True).parse(text)) if token.type == "inline"), None)
    if inline is None or inline.map is None:
        return len(text)
    first, end = inline.map
    if any(line.strip(" \t>") for line in lines[end:]):
        return len(text)
    begins = inline.content.split("\n", 1)[0]
    within = lines[first].rfind(begins) if begins else -1
    return sum(len(line) + 1 for line in lines[:first]) + max(within, 0)


def _healed(text: str) -> str:
    """One paragraph with its marks ended."""
    code = open_code(text)
    if code is not None:
        inner = text[code.at + len(code.mark) :]
        end = len(inner.rstrip(" \n"))  # what ends it is not put below the paragraph
        ended = f"{code.mark}{inner[:end].rstrip('`')}{code.mark}{inner[end:]}" if inner.strip("` \n") else ""
        text = text[: code.at] + ended
    link = open_link(text)
    found = None if link is None else _LINK.match(text, link.at)
    if found is not None:
        text = text[: found.start()] + ("" if found["image"] else found["label"])
    return _closed(text)


def _closed(text: str) -> str:
    """The text with its marks ended; one that ends with some that belong to nothing is without them."""
    marks, bare = open_marks(text), _MARKS.sub("", text)
    if bare != text and (marks or not open_marks(bare)):
        text, marks = bare, open_marks(bare)
    if not marks:
        return text
    if (len(text) - len(text.rstrip("\\"))) % 2:
        return _closed(text[:-1])  # it would make text of the mark that is put behind it
    end = len(text.rstrip(" \n"))
    closing = "".join(one.mark or "</font>" for one in reversed(marks))
    return text[:end] + closing + text[end:]
