"""Markdown as bots write it → the part of it that a platform shows. Pure.

What a platform does not know would stand in the text as marks, so it is taken apart: a table becomes lines, a picture a
link. Lists stay as they are, for as marks of their own they read well anywhere.
"""

import re
from collections.abc import Collection

from imbridge.rendering.blocks import DELIMITER_ROW

_FENCE = re.compile(r"[ \t]*(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)")
_LEAD = re.compile(r"[ \t]*(?:(?:>[ \t]?)+|#{1,6}[ \t]+)*(?:[*+](?=[ \t]))?")
_CELL_GAP = re.compile(r"(?<!\\)\|")
# Bounded repetitions throughout: whatever the text, this stays linear in its length.
_ATOM = re.compile(
    r"""\\(?P<escaped>[!-/:-@\[-`{-~])
    |(?P<code>(?P<ticks>`{1,3})(?!`)[^`\n]{1,2000}(?P=ticks)(?!`))
    |(?P<image>!)?\[(?P<label>[^\[\]\n]{0,1000})\]
      \((?P<url>(?:[^()\s]|\([^()\s]{0,200}\)){0,2000})(?:[ ]"[^"\n]{0,300}")?\)
    |(?P<bare>https?://[A-Za-z0-9\-._~:/?\#@!$&'()*+,;=%]{1,2000})
    |\*\*\*(?=\S)(?P<both>[^*\n]{1,500})(?<=\S)\*\*\*
    |\*\*(?=\S)(?P<bold>(?:[^*\n]|(?<!\*)\*(?!\*)){1,500})(?<=\S)\*\*
    |(?<!\w)__(?=\S)(?P<bold_too>[^_\n]{1,500})(?<=\S)__(?!\w)
    |(?<![\w*])\*(?=[^\s*])(?P<italic>[^*\n]{1,500})(?<=\S)\*(?![\w*])
    |(?<![\w_])_(?=[^\s_])(?P<italic_too>[^_\n]{1,500})(?<=\S)_(?![\w_])
    |~~(?=\S)(?P<struck>[^~\n]{1,500})(?<=\S)~~""",
    re.VERBOSE,
)


_OPENERS = {
    "always": r"(?<![\w_])_|!?\[",
    "italics": r"|\*",
    "strikethrough": "|~",
    "image": "|!",
    "escape": r"|\\",
}
"""What may begin something that is written otherwise once its end is there."""

ALL = frozenset({"code block", "table", "italics", "strikethrough", "image", "escape"})
"""What `without` can do without; `escape`: a backslash before a mark."""


def without(text: str, missing: Collection[str], *, growing: bool = False) -> tuple[str, dict[str, str]]:
    """The text without what a platform's Markdown lacks, and what became of it: `{"table": "lines of text"}`.

    Args:
        text: Markdown.
        missing: Of `ALL`.
        growing: More follows: rows are written so that the beginning of a line can be shown before it is known to be
            one of a table. See `settled`.
    """
    lines = text.split("\n")
    out: list[str] = []
    changed: dict[str, str] = {}
    inline = _Inline(missing, changed)
    number, fence = 0, ""
    while number < len(lines):
        line = lines[number]
        number += 1
        if fence:
            closes = _closes(line, fence)
            if "code block" not in missing:
                out.append(line)
            elif not closes:
                out.append(_code_line(line))
            fence = "" if closes else fence
            continue
        opened = _FENCE.fullmatch(line)
        if opened is not None and not (opened["mark"][0] == "`" and "`" in opened["info"]):
            fence = opened["mark"]
            if "code block" in missing:
                changed["code block"] = "code line by line"
            else:
                out.append(line)
        elif "table" in missing and number < len(lines) and _begins_table(line, lines[number]):
            changed["table"] = "lines of text"
            out.append(_row_from_its_line(line, inline) if growing else _row(line, inline, heading=True))
            number += 1
            while number < len(lines) and "|" in lines[number]:
                row = lines[number]
                out.append(_row_from_its_line(row, inline) if growing else _row(row, inline))
                number += 1
        else:
            out.append(_line(line, inline))
    return "\n".join(out), changed


def settled(text: str, missing: Collection[str]) -> int:
    """How many characters of a text that grows `without` reads as it will in the end, whatever follows them.

    With more of the text it can be less, for code may begin before; what was settled once stays so all the same.

    Args:
        text: Markdown, the beginning of a longer one.
        missing: Of `ALL`, but for code blocks: they have to be known.
    """
    start, rows, fence = 0, 0, ""  # of the line, and of the rows before it that may be a table's
    while (end := text.find("\n", start)) >= 0:
        line = text[start:end]
        opened = None if fence else _FENCE.fullmatch(line)
        if opened is not None and not (opened["mark"][0] == "`" and "`" in opened["info"]):
            if rows < start and "|" in line:
                return rows  # a row or the begin of code: the lines before say which
            fence = opened["mark"]
        elif fence and _closes(line, fence):
            fence = ""
            rows = end + 1
        start = end + 1
        if fence or "|" not in line:
            rows = start
    if fence:
        return len(text)
    last = text[start:]
    if rows < start or "|" in last:
        return rows
    return start + _settled_in_line(last, missing)


def _settled_in_line(line: str, missing: Collection[str]) -> int:
    lead = _LEAD.match(line)
    start = 0 if lead is None else lead.end()
    if not line.strip(" \t>#*+-"):
        return 0
    marks = _OPENERS["always"] + "".join(mark for what, mark in _OPENERS.items() if what in missing)
    opener = re.compile(rf"(?:{marks})")
    rest = line[start:]
    at = 0
    for atom in _ATOM.finditer(rest):
        found = opener.search(rest, at, atom.start())
        if found is not None:
            return start + found.start()
        if atom.end() == len(rest) and atom["bare"] is None:
            return start + atom.start()
        at = atom.end()
    found = opener.search(rest, at)
    return start + (len(rest.rstrip(" \t")) if found is None else found.start())


def _begins_table(line: str, following: str) -> bool:
    return "|" in line and "|" in following and DELIMITER_ROW.fullmatch(following) is not None


def _closes(line: str, fence: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(fence) and bare == fence[0] * len(bare)


def _code_line(line: str) -> str:
    """One line of code: marked as code, so that nothing in it is taken for markup."""
    return f"`{line}`" if line.strip() and "`" not in line else line


def _row(line: str, inline: "_Inline", *, heading: bool = False) -> str:
    cells = [inline.text(cell.strip()) for cell in _CELL_GAP.split(line.strip().strip("|"))]
    return " | ".join(f"**{cell}**" if heading and cell and "*" not in cell else cell for cell in cells)


def _row_from_its_line(line: str, inline: "_Inline") -> str:
    """A row that begins as the line did, as long as there was no bar in it."""
    bare = line.lstrip(" \t")
    first, *cells = (cell.strip() for cell in _CELL_GAP.split(bare.strip().strip("|")))
    indent = "" if bare.startswith("|") else line[: len(line) - len(bare)]
    return " | ".join((_line(indent + first, inline), *map(inline.text, cells)))


def _line(line: str, inline: "_Inline") -> str:
    lead = _LEAD.match(line)
    start = 0 if lead is None else lead.end()
    head = line[:start]
    if head.endswith(("*", "+")):
        head = f"{head[:-1]}-"  # as a mark of a list it is shown as it stands, and a star may be read as emphasis
    return head + inline.text(line[start:])


class _Inline:
    """What stands within lines."""

    def __init__(self, missing: Collection[str], changed: dict[str, str]) -> None:
        self._missing = missing
        self._changed = changed

    def text(self, text: str) -> str:
        return _ATOM.sub(self._atom, text)

    def _atom(self, atom: re.Match[str]) -> str:
        kind = atom.lastgroup
        if atom["escaped"] is not None:
            return atom["escaped"] if "escape" in self._missing else atom[0]
        if atom["code"] is not None or atom["bare"] is not None:
            return atom[0]
        if atom["url"] is not None:
            return self._link(atom)
        if kind in ("bold", "bold_too"):
            return f"**{self.text(atom[kind])}**"
        if kind == "struck":
            return self._marked("strikethrough", "~~", atom[kind])
        if kind == "both":
            return f"**{self._marked('italics', '*', atom[kind])}**"
        return self._marked("italics", "*", atom["italic"] or atom["italic_too"] or "")

    def _marked(self, what: str, mark: str, text: str) -> str:
        if what not in self._missing:
            return f"{mark}{self.text(text)}{mark}"
        self._changed[what] = "without"
        return self.text(text)

    def _link(self, atom: re.Match[str]) -> str:
        label, url = atom["label"], atom["url"]
        if atom["image"] is None:
            return f"[{label}]({url})"
        if "image" not in self._missing:
            return f"![{label}]({url})"
        self._changed["image"] = "link"
        return f"[{label or 'image'}]({url})"
