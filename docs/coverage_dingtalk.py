"""Write the tables of what arrives from DingTalk and what is sent there: `python docs/coverage_dingtalk.py`.

They are made from the golden samples, by `sample_tables.py`. `make docs` says which are stale, and
which types the decoder knows without a sample. A table stands below its marker: `<!-- coverage: in -->` (deliveries),
`<!-- coverage: out -->` (what is said each way), `<!-- coverage: cards -->` (cards that call back).
"""  # noqa: INP001 - a script

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sample_tables
from sample_tables import (
    ROOT,
    Got,
    Key,
    Table,
    degradations,
    degradations_by,
    page_problems,
    read_json,
    with_tables,
    without_samples,
    write,
)

from imbridge.adapters.dingtalk.received import content, events
from imbridge.protocol import Card, Form

SAMPLES = ROOT / "tests" / "samples" / "dingtalk"
PAGES = {ROOT / "docs" / "dingtalk.md": "en", ROOT / "docs" / "zh" / "dingtalk.md": "zh"}
CLICK = "/v1.0/card/instances/callback"
"""The topic of clicks in cards."""
WAYS = ("session", "api", "robot")
TEMPLATES = ("model", "own")

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
    return sample_tables.incoming(SAMPLES / "in", known(), type_of)


def table_in(language: str) -> list[str]:
    """The table of what arrives."""
    words = _WORDS[language]
    order = [*known(), ("message", ""), ("event", ""), ("click", "")]
    return sample_tables.table_in(words["in"], incoming()[0], order, words)


def table_out(language: str) -> list[str]:
    """The table of what is said, each way."""
    words = _WORDS[language]

    def cells(sample: Mapping[str, Any]) -> Iterable[str]:
        return *(_sent(sample.get(way), words) for way in WAYS), degradations_by(sample, WAYS, words)

    return sample_tables.table_out(SAMPLES / "out", words["out"], cells)


def _sent(result: Mapping[str, Any] | None, words: Mapping[str, str]) -> str:
    """The kinds of its messages; what calls back is no message where there are cards, and has samples of its own."""
    if result is None:
        return words["card"]
    kinds = (body.get("msgKey") or body.get("msgtype") for body in result["messages"])
    return ", ".join(dict.fromkeys(f"`{kind}`" for kind in kinds))


def table_cards(language: str) -> list[str]:
    """The table of cards that call back; empty while there are no samples of them."""
    words = _WORDS[language]
    rows = set()
    for path in sorted((SAMPLES / "cards").glob("*.json")):
        sample = read_json(path)
        if not any(template in sample for template in TEMPLATES):
            continue  # the platform's own JSON, which is sent as it is
        parts = dict.fromkeys(_parts(Card.model_validate(sample["card"]).body))
        told = ("; ".join(_lost_by(sample.get(template), words)) for template in TEMPLATES)
        rows.add(f"| {', '.join(parts) or words['nothing']} | {' | '.join(told)} |")
    return sample_tables.table(words["cards"], sorted(rows))


def _parts(body: Iterable[Any]) -> Iterator[str]:
    for part in body:
        yield f"`{type(part).__name__}`"
        if isinstance(part, Form):
            yield from _parts(part.body)


def _lost_by(result: Mapping[str, Any] | None, words: Mapping[str, str]) -> list[str]:
    if result is None or "variables" not in result:
        return [words["text"]]
    return degradations(result)


TABLES: Mapping[str, Table] = {"in": table_in, "out": table_out, "cards": table_cards}


def renewed(page: str, language: str) -> str:
    """A page with its tables as they should be."""
    return with_tables(page, TABLES, language)


def problems() -> Iterator[tuple[Path, str]]:
    """Pages that are stale, and types without a sample."""
    for path, language in PAGES.items():
        yield from page_problems(path, language, TABLES, Path(__file__).name)
    yield from without_samples(SAMPLES, incoming()[1])


def main() -> int:
    """Write the tables into the pages; gives the exit status."""
    return write(PAGES, renewed, problems)


if __name__ == "__main__":
    sys.exit(main())
