"""Markdown as a person would type it in plain text.

This is a small converter for what bots write: headings, emphasis, code, links, lists, quotes, tables. It is not a
CommonMark parser; what it does not know it leaves as it is. A full renderer (rich text per platform) is a later step
and belongs here.
"""

import html
import re

from imbridge.rendering.blocks import DELIMITER_ROW

_FENCE = re.compile(r"[ \t]*(?P<mark>`{3,}|~{3,})(?P<info>.*)")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ \t]++(?P<title>.*)")
_LEAD = re.compile(r"(?:[ \t]*+(?:[-*+]|\d{1,9}[.)]|>)(?=[ \t]|$))*+[ \t]*+")
_RULE = re.compile(r"[ ]{0,3}([-*_])[ \t]*+(?:\1[ \t]*+){2,}+")
_UNDERLINE = re.compile(r"[ ]{0,3}={2,}+[ \t]*+")
_CELL_GAP = re.compile(r"[ \t]*+(?<!\\)\|[ \t]*+")
_ATOM = re.compile(
    r"""\\(?P<escaped>[!-/:-@\[-`{-~])
    |(?P<ticks>`{1,8})(?!`)(?P<code>[^`\n]{1,2000}|[^\n]{1,300}?)(?<!`)(?P=ticks)(?!`)
    |!?\[(?P<label>[^\[\]\n]{0,1000})\]
      \([ ]?<?(?P<url>(?:[^()\s<>]|\([^()\s]{0,200}\)){0,4000})>?(?:[ ]"[^"\n]{0,300}")?\)
    |<(?P<auto>(?:https?://|mailto:)[^<>\s]{1,2000})>
    |(?P<bare>https?://[A-Za-z0-9\-._~:/?\#@!$&'()+,;=%]{1,4000})
    |(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)
    |(?P<break><br[ ]?/?>)""",
    re.VERBOSE,
)
_MARK = re.compile(r"\*+|_+|~+")
_FILLER = "\ufffc"  # neither a space nor a letter
_MARKS = frozenset({"*", "**", "***", "_", "__", "___", "~~"})


def to_plain(text: str) -> str:
    """Take the markup out of a Markdown text and keep everything it says.

    Headings and emphasis lose their marks, links become `title (url)`, code stays as it is, lists and quotes keep
    theirs, tables become rows of cells with ` | ` between them.
    """
    lines = text.split("\n")
    out: list[str] = []
    fence = ""
    in_table = False
    delimiter = -1
    for number, line in enumerate(lines):
        if fence:
            bare = line.strip()
            if len(bare) >= len(fence) and bare == fence[0] * len(bare):
                fence = ""
            else:
                out.append(line)
            continue
        opened = _FENCE.fullmatch(line.rstrip("\r"))
        if opened is not None and not (opened["mark"][0] == "`" and "`" in opened["info"]):
            fence, in_table = opened["mark"], False
            continue
        if "|" in line:
            if not in_table and number + 1 < len(lines) and _is_delimiter(lines[number + 1]):
                in_table, delimiter = True, number + 1
            elif number == delimiter:
                continue
        else:
            in_table = False
        if out and out[-1].strip() and _UNDERLINE.fullmatch(line):
            continue
        out.append(_row(line) if in_table else _line(line))
    return "\n".join(out)


def _is_delimiter(line: str) -> bool:
    return "|" in line and DELIMITER_ROW.fullmatch(line) is not None


def _row(line: str) -> str:
    cells = line.strip()
    cells = cells.removeprefix("|")
    if not cells.endswith("\\|"):
        cells = cells.removesuffix("|")
    return " | ".join(_inline(cell) for cell in _CELL_GAP.split(cells.strip()))


def _line(line: str) -> str:
    if _RULE.fullmatch(line):
        return line
    heading = _HEADING.fullmatch(line)
    if heading is not None:
        title = heading["title"].rstrip()
        bare = title.rstrip("#")  # a heading may be closed by the marks that opened it
        return _inline(bare.rstrip() if not bare or bare[-1] in " \t" else title)
    lead = _LEAD.match(line)
    start = 0 if lead is None else lead.end()
    return line[:start] + _inline(line[start:])


def _inline(text: str) -> str:
    """One line without the markup inside it."""
    edits: list[tuple[int, int, str]] = []
    masked: list[str] = []
    position = 0
    for atom in _ATOM.finditer(text):
        # Emphasis is looked for around links and code, never inside an address or a piece of code.
        masked.append(text[position : atom.start()] + _FILLER * (atom.end() - atom.start()))
        position = atom.end()
        edits.append((*atom.span(), _plain_atom(atom)))
    masked.append(text[position:])
    edits += [(start, end, "") for start, end in _emphasis("".join(masked))]
    out: list[str] = []
    position = 0
    for start, end, replacement in sorted(edits):
        out += text[position:start], replacement
        position = end
    return "".join(out) + text[position:]


def _plain_atom(atom: re.Match[str]) -> str:
    if atom["escaped"] is not None:
        return atom["escaped"]
    if atom["code"] is not None:
        code = atom["code"]
        padded = code.strip() and code[0] == code[-1] == " "  # the spaces only keep its own ticks apart from the marks
        return code[1:-1] if padded else code
    if atom["url"] is not None:
        label, url = _inline(atom["label"]), atom["url"]
        return f"{label} ({url})" if label and url and label != url else url or label
    if atom["auto"] is not None:
        return atom["auto"].removeprefix("mailto:")
    if atom["entity"] is not None:
        return html.unescape(atom["entity"])
    return "\n" if atom["break"] is not None else atom[0]


def _emphasis(text: str) -> list[tuple[int, int]]:
    """Where marks of emphasis are that open and close; a mark without its other half is text."""
    open_marks: dict[str, list[tuple[int, int]]] = {}
    found: list[tuple[int, int]] = []
    for mark in _MARK.finditer(text):
        run = mark[0]
        if run not in _MARKS:
            continue
        before = text[mark.start() - 1 : mark.start()] or " "
        after = text[mark.end() : mark.end() + 1] or " "
        # Stricter than CommonMark for `*`: between letters or digits it is a multiplication, not emphasis.
        if _is_ascii_word(before) and _is_ascii_word(after):
            continue
        waiting = open_marks.setdefault(run, [])
        if waiting and not before.isspace() and not (run[0] == "_" and _is_ascii_word(after)):
            found += waiting.pop(), mark.span()
        elif not after.isspace() and not (run[0] == "_" and _is_ascii_word(before)):
            waiting.append(mark.span())
    return found


def _is_ascii_word(char: str) -> bool:
    return char.isascii() and char.isalnum()
