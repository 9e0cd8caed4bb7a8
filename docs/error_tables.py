"""Write the tables of error codes into the pages `docs/<platform>-errors.md`: `python docs/error_tables.py`.

They are made from the adapters' own tables. `make docs` says when a page is stale. A table stands below its marker,
`<!-- errors: NAME -->`.
"""  # noqa: INP001 - a script

import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import marked_tables

from imbridge.transport import ErrorRule, ErrorTable

DOCS = Path(__file__).resolve().parent
PAGES: dict[str, tuple[str, ...]] = {
    "feishu-errors.md": ("feishu.errors",),
    "wecom-errors.md": ("wecom.errors", "wecom.bot.errors", "wecom.robot.errors"),
    "wechat-errors.md": ("wechat.errors",),
    "dingtalk-errors.md": ("dingtalk.errors", "dingtalk.robot.errors"),
    "qq-errors.md": ("qq.errors",),
}
"""The modules, below `imbridge.adapters`, whose tables are on a page."""

_MARKER = re.compile(r"^<!-- errors: (\w+) -->$")
_NAME = re.compile(r"[a-z]\w*(?:[.:]\w|_)")
"""A setting, a scope or a host: it keeps its small letter at the beginning of a sentence."""


def tables(page: str) -> dict[str, ErrorTable]:
    """The tables of a page by name."""
    found: dict[str, ErrorTable] = {}
    for module in PAGES[page]:
        named = vars(import_module(f"imbridge.adapters.{module}"))
        found |= {name: table for name, table in named.items() if isinstance(table, ErrorTable)}
    return found


def count() -> int:
    """How many codes there are."""
    return sum(len(table) for page in PAGES for table in tables(page).values())


def _row(rule: ErrorRule) -> str:
    code = f"{rule.code} / {rule.sub_code}" if rule.sub_code is not None else f"{rule.code}"
    if re.search(r"[A-Za-z*]", code):
        code = f"`{code}`"
    hint = f". {_sentence(rule.hint)}" if rule.hint else ""
    wait = f"{rule.delay:g} s" if rule.delay is not None else ""
    times = "" if rule.retries is None else " once" if rule.retries == 1 else f" {rule.retries} times"
    return f"| {code} | {rule.reaction.value}{times} | {wait} | {_sentence(rule.meaning)}{hint} |"


def _sentence(text: str) -> str:
    return text if _NAME.match(text) else text[:1].upper() + text[1:]


def _table(table: ErrorTable) -> Iterator[str]:
    yield "| Code | Reaction | Least wait | Meaning |"
    yield "|---|---|---|---|"
    yield from (_row(rule) for rule in table)


def renewed(page: str, text: str) -> str:
    """The page with its tables made anew."""
    made = {name: list(_table(table)) for name, table in tables(page).items()}
    return marked_tables.renewed(text, _MARKER, made)


def problems() -> Iterable[tuple[Path, str]]:
    """What is stale or missing."""
    for page in PAGES:
        path = DOCS / page
        text = path.read_text(encoding="utf-8")
        named = set(tables(page))
        marked = {found[1] for line in text.split("\n") if (found := _MARKER.match(line)) is not None}
        for name in sorted(marked - named):
            yield path, f"{name}: there is no such table of error codes"
        for name in sorted(named - marked):
            yield path, f"has no table of {name}"
        if marked <= named and renewed(page, text) != text:
            yield path, "the tables of error codes are stale; run python docs/error_tables.py"


def main() -> int:
    """Write the pages."""
    for page in PAGES:
        path = DOCS / page
        path.write_text(renewed(page, path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
