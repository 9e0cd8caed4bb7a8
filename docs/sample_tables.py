"""What the scripts `coverage_*.py` beside it share: tables of what arrives and what is sent, from the golden samples.

A table stands in a page below its marker, `<!-- coverage: NAME -->`. A sample of what arrives has its result beside
it, in `NAME.expected.json`.
"""  # noqa: INP001 - a script's module

import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imbridge.protocol import ELEMENT_TYPES, EVENT_TYPES, Event, to_reply

ROOT = Path(__file__).resolve().parent.parent
EXPECTED = ".expected.json"

_MARKER = re.compile(r"^<!-- coverage: ([\w ]+) -->$")
_TOLD = ("subject", "change")
"""Fields whose word says what an event is: they are shown with it."""

Key = tuple[str, str]
"""Where a type belongs (`message`, `event`, `older message`...), and its name; no name for what no decoder knows."""
Words = Mapping[str, str]
Table = Callable[[str], list[str]]
"""Makes a table in a language; empty where there are no samples for it."""


@dataclass(slots=True)
class Got:
    """What a skill gets of one type, of all its samples."""

    samples: int = 0
    parts: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, expected: Mapping[str, Any]) -> None:
        """One more sample, by what is expected of it."""
        name, item = expected["class"], expected["item"]
        self.samples += 1
        if name == "Message":
            self.parts[f"`{item['content_type']}`"] |= dict.fromkeys(map(_element, item["elements"]))
        else:
            self.parts[f"`{name}`"] |= dict.fromkeys(_fields(item))

    def row(self, named: str) -> str:
        """Its row in the table."""
        parts = "; ".join(f"{name}: {', '.join(inner)}" if inner else name for name, inner in self.parts.items())
        return f"| {named} | {parts} | {self.samples} |"


def _element(element: Mapping[str, Any]) -> str:
    name = f"`{ELEMENT_TYPES[element['type']].__name__}`"
    return f"{name} {element['kind']}" if element["type"] in ("notice", "contact") else name


def _fields(item: Mapping[str, Any]) -> Iterator[str]:
    """What an event tells beyond that it happened."""
    own = [name for name in EVENT_TYPES[item["type"]].model_fields if name not in Event.model_fields and name != "type"]
    for name in ("channel", "actor", *own):
        value = item.get(name)
        if value not in (None, "", [], {}):
            yield f"`{name}` {value}" if name in _TOLD else f"`{name}`"


def read_json(path: Path) -> Any:
    """What is in a file."""
    return json.loads(path.read_text(encoding="utf-8"))


def beside(path: Path) -> Any:
    """The sample of whose result this is the path."""
    return read_json(path.with_name(path.name.removesuffix(EXPECTED) + ".json"))


def understood(expected: Mapping[str, Any]) -> bool:
    """Whether the decoder has read a sample, rather than passed it on as it is."""
    return not (expected["class"] == "UnknownEvent" or expected["item"].get("content_type") == "unknown")


def results(folder: Path, read: Callable[[Path], Any] = beside) -> Iterator[tuple[Any, Any]]:
    """The samples of what arrives, each with what is expected of it."""
    for path in sorted(folder.glob(f"*{EXPECTED}")):
        yield read(path), read_json(path)


def incoming(folder: Path, known: Sequence[Key], type_of: Callable[[Any], Key]) -> tuple[dict[Key, Got], list[str]]:
    """What arrives by type, and the types without a sample."""
    found: dict[Key, Got] = defaultdict(Got)
    for sample, expected in results(folder):
        key = type_of(sample)
        if key not in known or not understood(expected):
            key = (key[0].rpartition(" ")[2], "")
        found[key].add(expected)
    return found, [f"{where} {kind}" for where, kind in known if (where, kind) not in found]


def named(key: Key, words: Words) -> str:
    """A type, in the table."""
    where, kind = key
    return f"{words[where]} `{kind}`" if kind else words[f"other_{where}"]


def table_in(
    head: str, found: Mapping[Key, Got], order: Iterable[Key], words: Words, name: Callable[[Key, Words], str] = named
) -> list[str]:
    """The table of what arrives."""
    return table(head, [found[key].row(name(key, words)) for key in order if key in found])


def table_out(folder: Path, head: str, cells: Callable[[Mapping[str, Any]], Iterable[str]]) -> list[str]:
    """The table of what is sent; samples that say the same are one row.

    Args:
        folder: Where the samples are.
        head: Its first row.
        cells: What is between what is said and the number of samples.
    """
    found: dict[tuple[str, ...], int] = defaultdict(int)
    for path in sorted(folder.glob("*.json")):
        sample = read_json(path)
        said = dict.fromkeys(f"`{type(element).__name__}`" for element in to_reply(sample["reply"]).elements)
        found[", ".join(said), *cells(sample)] += 1
    return table(head, [f"| {' | '.join(row)} | {count} |" for row, count in sorted(found.items())])


def table(head: str, rows: Sequence[str]) -> list[str]:
    """A table; empty without rows."""
    return [head, "|---" * (head.count("|") - 1) + "|", *rows] if rows else []


def degradations(result: Mapping[str, Any]) -> list[str]:
    """What became of what, in a cell of a table: the text itself is in the sample."""
    lost = result.get("degradations") or ()
    return list(dict.fromkeys(f"{each['what']}: {str(each['how']).partition(':')[0]}" for each in lost))


def degradations_by(sample: Mapping[str, Any], ways: Sequence[str], words: Words) -> str:
    """What the receipts say: with the ways, where it is not said of all of them."""
    told: dict[str, list[str]] = defaultdict(list)
    for way in ways:
        for one in degradations(sample.get(way, {})):
            told[one].append(words[way])
    every = len(ways)
    return "; ".join(one if len(has) == every else f"{one} ({', '.join(has)})" for one, has in told.items())


def with_tables(page: str, tables: Mapping[str, Table], language: str) -> str:
    """A page with a table below each of its markers; an empty one is left out."""
    lines: list[str] = []
    skipping = False
    for line in page.split("\n"):
        if skipping and (line.startswith("|") or not line.strip()):
            continue
        if skipping and lines[-1] != "":
            lines.append("")
        skipping = False
        lines.append(line)
        if (found := _MARKER.match(line)) and found[1] in tables:
            lines += ["", *rows] if (rows := tables[found[1]](language)) else []
            skipping = True
    return "\n".join(lines)


def page_problems(path: Path, language: str, tables: Mapping[str, Table], script: str) -> Iterator[tuple[Path, str]]:
    """Tables that a page has no place for, or that are stale."""
    page = path.read_text(encoding="utf-8")
    for name, made in tables.items():
        if made(language) and f"<!-- coverage: {name} -->" not in page:
            yield path, f"has no line `<!-- coverage: {name} -->`"
    if with_tables(page, tables, language) != page:
        yield path, f"the tables from the samples are stale; run python docs/{script}"


def without_samples(folder: Path, missing: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Types that have none."""
    yield from ((folder, f"{kind}: the decoder knows it, and there is no sample") for kind in missing)


def write(
    pages: Mapping[Path, str],
    renewed: Callable[[str, str], str],
    problems: Callable[[], Iterable[tuple[Path, str]]],
) -> int:
    """Write the tables into pages of these languages, and say what is left to do; gives the exit status."""
    for path, language in pages.items():
        page = path.read_text(encoding="utf-8")
        if (new := renewed(page, language)) != page:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}: written\n")
    left = [f"{path.relative_to(ROOT)}: {what}\n" for path, what in problems()]
    sys.stdout.writelines(left)
    return 1 if left else 0
