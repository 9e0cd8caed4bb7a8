"""Counting the tables in a Markdown text: they count against a card's limit."""

import re

_DELIMITER = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_FENCE = re.compile(r"\s*(```+|~~~+)")


def count_tables(text: str) -> int:
    """How many tables there are: a row with a `|`, then a row of dashes; not those in code blocks."""
    if "|" not in text:
        return 0
    count = 0
    fence = ""
    above = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if mark is not None and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
            above = ""
            continue
        if fence:
            continue
        if "|" in above and "|" in line and _DELIMITER.fullmatch(line):
            count += 1
            above = ""
        else:
            above = line
    return count
