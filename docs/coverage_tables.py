"""Write the tables of what arrives from Feishu and what is sent there: `python docs/coverage_tables.py`.

Those of WeCom and WeChat: `coverage_wecom.py`; of DingTalk: `coverage_dingtalk.py`; of QQ: `coverage_qq.py`.

They are made from the golden samples. `make docs` says which are stale, and which types the decoder knows without a
sample. Incoming samples are `NAME.json` with `NAME.expected.json` beside it, outgoing ones `out/NAME.json`.
A table stands below its marker, `<!-- coverage: in -->` or `<!-- coverage: out -->`.
"""  # noqa: INP001 - a script

import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imbridge.adapters.feishu.inbound import MESSAGE, OLD_MESSAGE
from imbridge.adapters.feishu.received import events, old_events
from imbridge.adapters.feishu.received.content import TYPES
from imbridge.adapters.feishu.received.posts import TAGS
from imbridge.protocol import ELEMENT_TYPES, EVENT_TYPES, Event

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "tests" / "samples" / "feishu"
PAGES = {ROOT / "docs" / "feishu.md": "en", ROOT / "docs" / "zh" / "feishu.md": "zh"}
OLD_CLICK = "card.action"
"""The older callback of a card: it has no type of its own."""

_MARKER = re.compile(r"^<!-- coverage: (in|out) -->$")
_TOLD = ("subject", "change")
"""Fields whose word says what an event is: they are shown with it."""

_WORDS = {
    "en": {
        "in": "| On Feishu | In a skill | Samples |",
        "out": "| In a skill | On Feishu | Degradations | Samples |",
        "message": "message",
        "event": "event",
        "older": "older schema",
        "other_message": "any other message, or one that is not of its type's shape",
        "other_event": "any other event, or one that is not of its type's shape",
    },
    "zh": {
        "in": "| 飞书 | 技能收到 | 样本 |",
        "out": "| 技能发出 | 飞书收到 | 降级 | 样本 |",
        "message": "消息",
        "event": "事件",
        "older": "旧版结构",
        "other_message": "其他消息，或内容与类型不符的消息",
        "other_event": "其他事件，或内容与类型不符的事件",
    },
}

Key = tuple[str, str]
"""Where a type belongs (`message`, `event`, `older message`, `older event`), and its name."""


@dataclass(slots=True)
class Got:
    """What a skill gets of one type, of all its samples."""

    samples: int = 0
    parts: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))


def known() -> list[Key]:
    """Every type the decoder knows, in the order of the table."""
    return [
        *(("message", kind) for kind in TYPES),
        *(("event", kind) for kind in events.READERS),
        *(("older message", kind) for kind in ("text", "post", "image", "file", "merge_forward")),
        *(("older event", kind) for kind in (*old_events.READERS, OLD_CLICK)),
    ]


def type_of(payload: dict[str, Any]) -> Key:
    """Which type a sample is."""
    event = payload.get("event") or {}
    if "header" in payload:
        kind = payload["header"]["event_type"]
        return ("message", str(event["message"].get("message_type"))) if kind == MESSAGE else ("event", kind)
    if not event:
        return "older event", OLD_CLICK
    return ("older message", event["msg_type"]) if event["type"] == OLD_MESSAGE else ("older event", event["type"])


def incoming() -> tuple[dict[Key, Got], list[str]]:
    """What arrives by type, and the types without a sample."""
    found: dict[Key, Got] = defaultdict(Got)
    types, tags = known(), set()
    for path in sorted(SAMPLES.glob("*.expected.json")):
        payload = json.loads(path.with_name(path.name.replace(".expected", "")).read_text(encoding="utf-8"))
        expected = json.loads(path.read_text(encoding="utf-8"))
        key, name, item = type_of(payload), expected["class"], expected["item"]
        is_message = key[0].endswith("message")
        if key not in types or name == "UnknownEvent" or item.get("content_type") == "unknown":
            key = ("message" if is_message else "event", "")
        got = found[key]
        got.samples += 1
        if name == "Message":
            got.parts[f"`{item['content_type']}`"] |= dict.fromkeys(_element(element) for element in item["elements"])
            if payload.get("header") and key[1] == "post":
                tags |= set(re.findall(r'"tag": ?"(\w+)"', payload["event"]["message"]["content"]))
        else:
            got.parts[f"`{name}`"] |= dict.fromkeys(_fields(item))
    missing = [f"{where} {kind}" for where, kind in types if (where, kind) not in found]
    return found, [*missing, *(f"tag {tag} of rich text" for tag in TAGS if tag not in tags)]


def _element(element: dict[str, Any]) -> str:
    name = f"`{ELEMENT_TYPES[element['type']].__name__}`"
    return f"{name} {element['kind']}" if element["type"] in ("notice", "contact") else name


def _fields(item: dict[str, Any]) -> Iterator[str]:
    """What an event tells beyond that it happened."""
    own = [name for name in EVENT_TYPES[item["type"]].model_fields if name not in Event.model_fields and name != "type"]
    for name in ("channel", "actor", *own):
        value = item.get(name)
        if value not in (None, "", [], {}):
            yield f"`{name}` {value}" if name in _TOLD else f"`{name}`"


def table_in(language: str) -> list[str]:
    """The table of what arrives."""
    words = _WORDS[language]
    rows = [words["in"], "|---|---|---|"]
    found, _ = incoming()
    for where, kind in [*known(), ("message", ""), ("event", "")]:
        got = found.get((where, kind))
        if got is None:
            continue
        older, _, what = where.rpartition(" ")
        named = f"`{kind}`" + (f" ({words['older']})" if older else "") if kind else words[f"other_{what}"]
        parts = "; ".join(f"{name}: {', '.join(inner)}" if inner else name for name, inner in got.parts.items())
        rows.append(f"| {words[what] + ' ' if kind else ''}{named} | {parts} | {got.samples} |")
    return rows


def table_out(language: str) -> list[str]:
    """The table of what is sent; empty while there are no samples of it."""
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    for path in sorted((SAMPLES / "out").glob("*.json")):
        sample = json.loads(path.read_text(encoding="utf-8"))
        said = dict.fromkeys(f"`{ELEMENT_TYPES[element['type']].__name__}`" for element in sample["reply"])
        sent = dict.fromkeys(f"`{message['msg_type']}`" for message in sample["messages"])
        lost = dict.fromkeys(_degradation(each) for each in sample.get("degradations") or ())
        found[", ".join(said), ", ".join(sent), "; ".join(lost)] += 1
    if not found:
        return []
    rows = [f"| {said} | {sent} | {lost} | {count} |" for (said, sent, lost), count in sorted(found.items())]
    return [_WORDS[language]["out"], "|---|---|---|---|", *rows]


def _degradation(each: dict[str, Any]) -> str:
    """What became of what, in a cell of a table: the text itself is in the sample."""
    return f"{each['what']}: {str(each['how']).partition(':')[0]}"


def renewed(page: str, language: str) -> str:
    """A page with its tables as they should be."""
    tables = {"in": table_in(language), "out": table_out(language)}
    return with_tables(page, _MARKER, lambda marker: tables[marker[1]])


def with_tables(page: str, marker: re.Pattern[str], table: Callable[[re.Match[str]], list[str]]) -> str:
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
        if found := marker.match(line):
            lines += ["", *rows] if (rows := table(found)) else []
            skipping = True
    return "\n".join(lines)


def problems() -> Iterable[tuple[Path, str]]:
    """Pages that are stale, and types without a sample."""
    for path, language in PAGES.items():
        page = path.read_text(encoding="utf-8")
        if "<!-- coverage: in -->" not in page:
            yield path, "has no table of what arrives: no line `<!-- coverage: in -->`"
        if table_out(language) and "<!-- coverage: out -->" not in page:
            yield path, "has no table of what is sent: no line `<!-- coverage: out -->`"
        if renewed(page, language) != page:
            yield path, "the tables from the samples are stale; run python docs/coverage_tables.py"
    yield from ((SAMPLES, f"{missing}: the decoder knows it, and there is no sample") for missing in incoming()[1])


def main() -> int:
    """Write the tables into the pages; gives the exit status."""
    for path, language in PAGES.items():
        page = path.read_text(encoding="utf-8")
        if (new := renewed(page, language)) != page:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}: written\n")
    left = [f"{path.relative_to(ROOT)}: {what}\n" for path, what in problems()]
    sys.stdout.writelines(left)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
