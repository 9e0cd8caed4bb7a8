"""Tables of a page that are made from data: each stands below a comment that names it."""  # noqa: INP001 - a script

import re
from collections.abc import Iterable, Mapping


def renewed(text: str, marker: re.Pattern[str], tables: Mapping[str, Iterable[str]]) -> str:
    """The page with its tables made anew.

    Args:
        text: The page.
        marker: Matches the line of a comment; its first group is the table's name.
        tables: The lines of each.
    """
    lines = text.split("\n")
    out: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        out.append(line)
        marked = marker.match(line)
        if marked is None:
            continue
        while number < len(lines) and (not lines[number] or lines[number].startswith("|")):
            number += 1
        out += ["", *tables[marked[1]], ""]
    return "\n".join(out)
