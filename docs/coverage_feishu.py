"""Write the tables of what arrives from Feishu and what is sent there: `python docs/coverage_feishu.py`.

They are made from the golden samples by `sample_tables.py`. `make docs` says which are stale, and which types the
decoder knows without a sample. A table stands below its marker: `<!-- coverage: in -->` (what arrives, newer and older
events), `<!-- coverage: out -->` (what is sent).
"""  # noqa: INP001 - a script

import re
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
    Words,
    degradations,
    page_problems,
    results,
    understood,
    with_tables,
    without_samples,
    write,
)

from imbridge.adapters.feishu.inbound import MESSAGE, OLD_MESSAGE
from imbridge.adapters.feishu.received import events, old_events
from imbridge.adapters.feishu.received.content import TYPES
from imbridge.adapters.feishu.received.posts import TAGS

SAMPLES = ROOT / "tests" / "samples" / "feishu"
PAGES = {ROOT / "docs" / "feishu.md": "en", ROOT / "docs" / "zh" / "feishu.md": "zh"}
OLD_CLICK = "card.action"
"""The older callback of a card: it has no type of its own."""

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
    """What arrives by type, and the types and the tags of rich text without a sample."""
    found, missing = sample_tables.incoming(SAMPLES, known(), type_of)
    tags: set[str] = set()
    for payload, expected in results(SAMPLES):
        if type_of(payload) == ("message", "post") and understood(expected):
            tags |= set(re.findall(r'"tag": ?"(\w+)"', payload["event"]["message"]["content"]))
    return found, [*missing, *(f"tag {tag} of rich text" for tag in TAGS if tag not in tags)]


def table_in(language: str) -> list[str]:
    """The table of what arrives."""
    words = _WORDS[language]
    order = [*known(), ("message", ""), ("event", "")]
    return sample_tables.table_in(words["in"], incoming()[0], order, words, _named)


def _named(key: Key, words: Words) -> str:
    older, _, what = key[0].rpartition(" ")
    return sample_tables.named((what, key[1]), words) + (f" ({words['older']})" if older else "")


def table_out(language: str) -> list[str]:
    """The table of what is sent; empty while there are no samples of it."""
    return sample_tables.table_out(SAMPLES / "out", _WORDS[language]["out"], _cells)


def _cells(sample: Mapping[str, Any]) -> Iterable[str]:
    sent = dict.fromkeys(f"`{message['msg_type']}`" for message in sample["messages"])
    return ", ".join(sent), "; ".join(degradations(sample))


TABLES: Mapping[str, Table] = {"in": table_in, "out": table_out}


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
