"""Write the tables of Feishu's error codes into docs/feishu-errors.md: `python docs/error_tables.py`.

They are made from the adapter's own tables. `make docs` says when the page is stale. A table stands below its marker,
`<!-- errors: NAME -->`.
"""  # noqa: INP001 - a script

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from imbridge.adapters.feishu import errors
from imbridge.transport import ErrorRule, ErrorTable

PAGE = Path(__file__).resolve().parent / "feishu-errors.md"

_MARKER = re.compile(r"^<!-- errors: (\w+) -->$")


def tables() -> dict[str, ErrorTable]:
    """The adapter's tables by name."""
    return {name: table for name, table in vars(errors).items() if isinstance(table, ErrorTable)}


def _row(rule: ErrorRule) -> str:
    code = f"{rule.code} / {rule.sub_code}" if rule.sub_code is not None else f"{rule.code}"
    meaning = rule.meaning[:1].upper() + rule.meaning[1:]
    hint = f". {rule.hint[:1].upper()}{rule.hint[1:]}" if rule.hint else ""
    wait = f"{rule.delay:g} s" if rule.delay is not None else ""
    return f"| {code} | {rule.reaction.value} | {wait} | {meaning}{hint} |"


def _table(table: ErrorTable) -> Iterator[str]:
    yield "| Code | Reaction | Least wait | Meaning |"
    yield "|---|---|---|---|"
    yield from (_row(rule) for rule in table)


def renewed(page: str) -> str:
    """The page with its tables made anew."""
    lines = page.split("\n")
    out: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        out.append(line)
        marked = _MARKER.match(line)
        if marked is None:
            continue
        while number < len(lines) and (not lines[number] or lines[number].startswith("|")):
            number += 1
        out += ["", *_table(tables()[marked[1]]), ""]
    return "\n".join(out)


def problems() -> Iterable[tuple[Path, str]]:
    """What is stale or missing."""
    page = PAGE.read_text(encoding="utf-8")
    marked = {found[1] for line in page.split("\n") if (found := _MARKER.match(line)) is not None}
    for name in sorted(marked - set(tables())):
        yield PAGE, f"{name}: there is no such table of error codes"
    for name in sorted(set(tables()) - marked):
        yield PAGE, f"has no table of {name}"
    if marked <= set(tables()) and renewed(page) != page:
        yield PAGE, "the tables of error codes are stale; run python docs/error_tables.py"


def main() -> int:
    """Write the page."""
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
