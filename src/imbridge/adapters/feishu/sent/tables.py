"""Tables in Markdown: a card shows few of them, and one too many loses the whole card (230099 with 11310).

The documents say five tables for the table component; three in Markdown are what always passed (openclaw-lark,
2026-03). What is beyond that is shown as it was typed, in a code block.
"""

import re

from imbridge.rendering.blocks import DELIMITER_ROW

MOST_TABLES = 3

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")  # indented as deep as the list that it is in


def limit_tables(text: str, most: int) -> tuple[str, int]:
    """The text with the tables beyond `most` as code blocks, and how many tables it still has."""
    if "|" not in text:
        return text, 0
    lines = text.split("\n")
    out: list[str] = []
    fence = ""
    tables = number = 0
    while number < len(lines):
        line = lines[number]
        opened = _FENCE.match(line)
        if opened is not None and not fence and opened[1][0] == "`" and "`" in line[opened.end() :]:
            opened = None  # code within a line that begins it
        if opened is not None:
            if not fence:
                fence = opened[1]
            elif opened[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        if fence or not _begins_table(lines, number):
            out.append(line)
            number += 1
            continue
        end = number + 2
        while end < len(lines) and "|" in lines[end] and lines[end].strip():
            end += 1
        tables += 1
        rows = lines[number:end]
        out.extend(rows if tables <= most else ["```", *rows, "```"])
        number = end
    return "\n".join(out), min(tables, most)


def _begins_table(lines: list[str], number: int) -> bool:
    following = lines[number + 1] if number + 1 < len(lines) else ""
    return "|" in lines[number] and "|" in following and DELIMITER_ROW.fullmatch(following) is not None
