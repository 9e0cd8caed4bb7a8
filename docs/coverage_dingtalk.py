"""Write the tables of what arrives from DingTalk and what is sent there: `python docs/coverage_dingtalk.py`.

They are made from the golden samples, as `coverage_tables.py` makes Feishu's. `make docs` says which are stale, and
which types the decoder knows without a sample. A table stands below its marker: `<!-- coverage: in -->` (deliveries),
`<!-- coverage: out -->` (what is said each way), `<!-- coverage: cards -->` (cards that call back).
"""  # noqa: INP001 - a script

import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from coverage_tables import ROOT, Got, _degradation, _element, _fields, with_tables

from imbridge.adapters.dingtalk.received import content, events
from imbridge.protocol import Card, Form, to_reply

SAMPLES = ROOT / "tests" / "samples" / "dingtalk"
PAGES = {ROOT / "docs" / "dingtalk.md": "en", ROOT / "docs" / "zh" / "dingtalk.md": "zh"}
CLICK = "/v1.0/card/instances/callback"
"""The topic of clicks in cards."""
WAYS = ("session", "api", "robot")
TEMPLATES = ("model", "own")

_MARKER = re.compile(r"^<!-- coverage: (in|out|cards) -->$")
_WORDS = {
    "en": {
        "in": "| On DingTalk | In a skill | Samples |",
        "out": "| In a skill | Session webhook | API | Custom robot | Degradations | Samples |",
        "cards": "| In the card | Degradations on DingTalk's template | Degradations on a template of your own |",
        "message": "message",
        "event": "event",
        "click": "click",
        "other_message": "any other message, or one that is not of its type's shape",
        "other_event": "any other event, or one that is not of its type's shape",
        "other_click": "a click that is not of its shape",
        "session": "webhook",
        "api": "API",
        "robot": "custom robot",
        "text": "is sent otherwise",
        "card": "[a card](#cards)",
        "nothing": "nothing but a title",
    },
    "zh": {
        "in": "| 钉钉 | 技能收到 | 样本 |",
        "out": "| 技能发出 | 会话 Webhook | API | 自定义机器人 | 降级 | 样本 |",
        "cards": "| 卡片内容 | 钉钉自带模板的降级 | 自建模板的降级 |",
        "message": "消息",
        "event": "事件",
        "click": "点击",
        "other_message": "其他消息，或内容与类型不符的消息",
        "other_event": "其他事件，或内容与类型不符的事件",
        "other_click": "内容不符的点击",
        "session": "Webhook",
        "api": "API",
        "robot": "自定义机器人",
        "text": "改用别的方式发",
        "card": "[卡片](#卡片)",
        "nothing": "只有标题",
    },
}

Key = tuple[str, str]
"""`message`, `event` or `click`, and the platform's name of it; no name for what the decoder does not know."""


def known() -> list[Key]:
    """Every type the decoder knows, in the order of the table."""
    return [
        *(("message", kind) for kind in content.READERS),
        *(("event", kind) for kind in events.READERS),
        ("click", CLICK),
    ]


def type_of(sample: Mapping[str, Any]) -> Key:
    """Which type a sample is: of a frame by its headers and data, of an event over HTTP by `EventType`."""
    if "http" in sample:
        return "event", str(sample["http"].get("EventType"))
    headers, data = sample["headers"], sample["data"]
    if sample["type"] == "EVENT":
        return "event", str(headers.get("eventType"))
    return ("click", CLICK) if headers["topic"] == CLICK else ("message", str(data.get("msgtype")))


def incoming() -> tuple[dict[Key, Got], list[str]]:
    """What arrives by type, and the types without a sample."""
    found: dict[Key, Got] = defaultdict(Got)
    types = known()
    for path in sorted((SAMPLES / "in").glob("*.expected.json")):
        sample = json.loads(path.with_name(path.name.replace(".expected", "")).read_text(encoding="utf-8"))
        expected = json.loads(path.read_text(encoding="utf-8"))
        key, name, item = type_of(sample), expected["class"], expected["item"]
        if key not in types or name == "UnknownEvent" or item.get("content_type") == "unknown":
            key = (key[0], "")
        got = found[key]
        got.samples += 1
        if name == "Message":
            got.parts[f"`{item['content_type']}`"] |= dict.fromkeys(map(_element, item["elements"]))
        else:
            got.parts[f"`{name}`"] |= dict.fromkeys(_fields(item))
    return found, [f"{where} {kind}" for where, kind in types if (where, kind) not in found]


def table_in(language: str) -> list[str]:
    """The table of what arrives."""
    words, (found, _) = _WORDS[language], incoming()
    rows = [words["in"], "|---|---|---|"]
    for where, kind in [*known(), ("message", ""), ("event", ""), ("click", "")]:
        got = found.get((where, kind))
        if got is None:
            continue
        named = f"{words[where]} `{kind}`" if kind else words[f"other_{where}"]
        parts = "; ".join(f"{name}: {', '.join(inner)}" if inner else name for name, inner in got.parts.items())
        rows.append(f"| {named} | {parts} | {got.samples} |")
    return rows


def table_out(language: str) -> list[str]:
    """The table of what is said, each way."""
    words = _WORDS[language]
    found: dict[tuple[str, ...], int] = defaultdict(int)
    for path in sorted((SAMPLES / "out").glob("*.json")):
        sample = json.loads(path.read_text(encoding="utf-8"))
        said = dict.fromkeys(f"`{type(element).__name__}`" for element in to_reply(sample["reply"]).elements)
        sent = (_sent(sample.get(way), words) for way in WAYS)
        found[", ".join(said), *sent, "; ".join(_lost(sample, words))] += 1
    rows = [f"| {' | '.join(cells)} | {count} |" for cells, count in sorted(found.items())]
    return [words["out"], "|---|---|---|---|---|---|", *rows]


def _sent(result: Mapping[str, Any] | None, words: Mapping[str, str]) -> str:
    """The kinds of its messages; what calls back is no message where there are cards, and has samples of its own."""
    if result is None:
        return words["card"]
    kinds = (body.get("msgKey") or body.get("msgtype") for body in result["messages"])
    return ", ".join(dict.fromkeys(f"`{kind}`" for kind in kinds))


def _lost(sample: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    """What the receipt says: with the ways, where it is not said of all of them."""
    told: dict[str, list[str]] = defaultdict(list)
    for way in (way for way in WAYS if way in sample):
        for one in dict.fromkeys(map(_degradation, sample[way]["degradations"])):
            told[one].append(words[way])
    for one, ways in told.items():
        yield one if len(ways) == len(WAYS) else f"{one} ({', '.join(ways)})"


def table_cards(language: str) -> list[str]:
    """The table of cards that call back; empty while there are no samples of them."""
    words = _WORDS[language]
    rows = set()
    for path in sorted((SAMPLES / "cards").glob("*.json")):
        sample = json.loads(path.read_text(encoding="utf-8"))
        if not any(template in sample for template in TEMPLATES):
            continue  # the platform's own JSON, which is sent as it is
        parts = dict.fromkeys(_parts(Card.model_validate(sample["card"]).body))
        told = ("; ".join(_lost_by(sample.get(template), words)) for template in TEMPLATES)
        rows.add(f"| {', '.join(parts) or words['nothing']} | {' | '.join(told)} |")
    return [words["cards"], "|---|---|---|", *sorted(rows)] if rows else []


def _parts(body: Iterable[Any]) -> Iterator[str]:
    for part in body:
        yield f"`{type(part).__name__}`"
        if isinstance(part, Form):
            yield from _parts(part.body)


def _lost_by(result: Mapping[str, Any] | None, words: Mapping[str, str]) -> list[str]:
    if result is None or "variables" not in result:
        return [words["text"]]
    return list(dict.fromkeys(map(_degradation, result["degradations"])))


TABLES: Mapping[str, Callable[[str], list[str]]] = {"in": table_in, "out": table_out, "cards": table_cards}


def renewed(page: str, language: str) -> str:
    """A page with its tables as they should be."""
    return with_tables(page, _MARKER, lambda marker: TABLES[marker[1]](language))


def problems() -> Iterable[tuple[Path, str]]:
    """Pages that are stale, and types without a sample."""
    for path, language in PAGES.items():
        page = path.read_text(encoding="utf-8")
        for name, table in TABLES.items():
            if table(language) and f"<!-- coverage: {name} -->" not in page:
                yield path, f"has no line `<!-- coverage: {name} -->`"
        if renewed(page, language) != page:
            yield path, "the tables from the samples are stale; run python docs/coverage_dingtalk.py"
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
