"""Markdown as bots write it → the part of it that WeCom shows.

Source: developer.work.weixin.qq.com, "send messages of an app" (path/90236), markdown: headings, bold, links, code
within a line, quotes, and `<font color="info|comment|warning">`. Everything else is shown as it was typed: so lists
stay as they are, and what would only leave its marks in the text is taken apart.
"""

import re

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


def shown(text: str) -> tuple[str, dict[str, str]]:
    """The text as WeCom can show it, and what became of what it cannot: `{"table": "lines of text"}`."""
    lines = text.split("\n")
    out: list[str] = []
    changed: dict[str, str] = {}
    number, fence = 0, ""
    while number < len(lines):
        line = lines[number]
        number += 1
        if fence:
            if _closes(line, fence):
                fence = ""
            else:
                out.append(_code_line(line))
            continue
        opened = _FENCE.fullmatch(line)
        if opened is not None and not (opened["mark"][0] == "`" and "`" in opened["info"]):
            fence = opened["mark"]
            changed["code block"] = "code line by line"
        elif number < len(lines) and "|" in line and "|" in lines[number] and DELIMITER_ROW.fullmatch(lines[number]):
            changed["table"] = "lines of text"
            out.append(_row(line, changed, heading=True))
            number += 1
            while number < len(lines) and "|" in lines[number]:
                out.append(_row(lines[number], changed))
                number += 1
        else:
            out.append(_line(line, changed))
    return "\n".join(out), changed


def _closes(line: str, fence: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(fence) and bare == fence[0] * len(bare)


def _code_line(line: str) -> str:
    """One line of code: marked as code, so that nothing in it is taken for markup."""
    return f"`{line}`" if line.strip() and "`" not in line else line


def _row(line: str, changed: dict[str, str], *, heading: bool = False) -> str:
    cells = [_inline(cell.strip(), changed) for cell in _CELL_GAP.split(line.strip().strip("|"))]
    return " | ".join(f"**{cell}**" if heading and cell and "*" not in cell else cell for cell in cells)


def _line(line: str, changed: dict[str, str]) -> str:
    lead = _LEAD.match(line)
    start = 0 if lead is None else lead.end()
    head = line[:start]
    if head.endswith(("*", "+")):
        head = f"{head[:-1]}-"  # as a mark of a list it is shown as it stands, and a star may be read as emphasis
    return head + _inline(line[start:], changed)


def _inline(text: str, changed: dict[str, str]) -> str:
    return _ATOM.sub(lambda atom: _atom(atom, changed), text)


def _atom(atom: re.Match[str], changed: dict[str, str]) -> str:
    kind = atom.lastgroup
    if atom["escaped"] is not None:
        return atom["escaped"]
    if atom["code"] is not None or atom["bare"] is not None:
        return atom[0]
    if atom["url"] is not None:
        return _link(atom, changed)
    if kind in ("bold", "bold_too"):
        return f"**{_inline(atom[kind], changed)}**"
    if kind == "both":
        changed["italics"] = "without"
        return f"**{_inline(atom[kind], changed)}**"
    if kind == "struck":
        changed["strikethrough"] = "without"
        return _inline(atom[kind], changed)
    changed["italics"] = "without"
    return _inline(atom["italic"] or atom["italic_too"] or "", changed)


def _link(atom: re.Match[str], changed: dict[str, str]) -> str:
    label, url = atom["label"], atom["url"]
    if atom["image"] is None:
        return f"[{label}]({url})"
    changed["image"] = "link"
    return f"[{label or 'image'}]({url})"
