"""Write the tables of what arrives from WeCom and WeChat and what is sent there: `python docs/coverage_wecom.py`.

They are made from the golden samples by `sample_tables.py`. `make docs` says which are stale, and
which types a decoder knows without a sample. Incoming samples are `NAME.xml` or `NAME.json` with
`NAME.expected.json` beside it. A table stands below its marker,
`<!-- coverage: SOURCE in -->` or `<!-- coverage: SOURCE out -->`.
"""  # noqa: INP001 - a script

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import sample_tables
from sample_tables import (
    EXPECTED,
    ROOT,
    Got,
    Key,
    Table,
    degradations,
    page_problems,
    read_json,
    results,
    understood,
    with_tables,
    without_samples,
    write,
)

from imbridge.adapters.wechat.received import content as wechat_content
from imbridge.adapters.wechat.received import events as wechat_events
from imbridge.adapters.wecom.bot import events as bot_events
from imbridge.adapters.wecom.received import content as app_content
from imbridge.adapters.wecom.received import events as app_events
from imbridge.adapters.xml import read_xml

SAMPLES = ROOT / "tests" / "samples"
_ENDINGS = (".xml", ".json")


@dataclass(frozen=True, slots=True)
class Source:
    """Where samples come from.

    Attributes:
        name: In markers.
        incoming: Folder of the samples of what arrives, below `tests/samples`; empty where nothing does.
        outgoing: Folder of the samples of what is sent.
        page: Its page, in each language.
        label: The platform, by language.
        messages: Kinds of messages that its decoder knows.
        events: Kinds of events that it knows, in small letters.
    """

    name: str
    incoming: str
    outgoing: str
    page: str
    label: Mapping[str, str]
    messages: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


TAPPED = "text with bizmsgmenuid"
"""What arrives when a follower taps on an item of a menu in a message."""
_WECOM, _WECHAT = {"en": "WeCom", "zh": "企业微信"}, {"en": "WeChat", "zh": "微信"}
SOURCES = {
    source.name: source
    for source in (
        Source(
            name="app",
            incoming="wecom/in",
            outgoing="wecom/out",
            page="wecom.md",
            label=_WECOM,
            messages=(*app_content.READERS,),
            events=(*app_events.READERS,),
        ),
        Source(
            name="bot",
            incoming="wecom/bot/in",
            outgoing="wecom/bot/out",
            page="wecom.md",
            label=_WECOM,
            messages=("text", "image", "mixed", "voice", "file", "video"),
            events=(*bot_events.READERS,),
        ),
        Source(name="robot", incoming="", outgoing="wecom/robot", page="wecom.md", label=_WECOM),
        Source(
            name="wechat",
            incoming="wechat/in",
            outgoing="wechat/out",
            page="wechat.md",
            label=_WECHAT,
            messages=(*wechat_content.READERS, TAPPED),
            events=(*wechat_events.READERS,),
        ),
    )
}
_WORDS = {
    "en": {
        "in": "| On {} | In a skill | Samples |",
        "out": "| In a skill | On {} | Degradations | Samples |",
        "message": "message",
        "event": "event",
        "unasked": "unasked",
        "other_message": "any other message, or one that is not of its type's shape",
        "other_event": "any other event, or one that is not of its type's shape",
    },
    "zh": {
        "in": "| {} | 技能收到 | 样本 |",
        "out": "| 技能发出 | {}收到 | 降级 | 样本 |",
        "message": "消息",
        "event": "事件",
        "unasked": "主动发",
        "other_message": "其他消息，或内容与类型不符的消息",
        "other_event": "其他事件，或内容与类型不符的事件",
    },
}


def pages() -> dict[Path, tuple[str, list[Source]]]:
    """The pages: their language, and the sources whose tables are on them."""
    found: dict[Path, tuple[str, list[Source]]] = {}
    for source in SOURCES.values():
        for language, folder in (("en", "docs"), ("zh", "docs/zh")):
            found.setdefault(ROOT / folder / source.page, (language, []))[1].append(source)
    return found


def read(path: Path) -> dict[str, Any]:
    """The payload of a sample, by the path of what is expected of it."""
    name = path.name.removesuffix(EXPECTED)
    found = next(file for ending in _ENDINGS if (file := path.with_name(name + ending)).exists())
    payload: dict[str, Any] = read_xml(found.read_bytes()) if found.suffix == ".xml" else read_json(found)
    body: dict[str, Any] = payload.get("body", payload)
    return body


def type_of(payload: Mapping[str, Any]) -> Key:
    """Which type a sample is: of XML `MsgType` and `Event`, of JSON `msgtype` and `eventtype`."""
    kind = str(payload.get("MsgType") or payload.get("msgtype") or "")
    if kind != "event":
        return "message", TAPPED if payload.get("bizmsgmenuid") else kind
    event = payload.get("event")
    name = str(event.get("eventtype") or "") if isinstance(event, dict) else str(payload.get("Event") or "")
    change = payload.get("ChangeType")
    return "event", f"{name}.{change}" if change else name


def incoming(source: Source) -> tuple[dict[Key, Got], list[str]]:
    """What arrives by type, and the types without a sample."""
    found: dict[Key, Got] = defaultdict(Got)
    order = {("message", kind): number for number, kind in enumerate(source.messages)}
    order |= {("event", kind): len(order) + number for number, kind in enumerate(source.events)}
    for payload, expected in results(SAMPLES / source.incoming, read) if source.incoming else ():
        where, kind = type_of(payload)
        known = (where, _plain(kind)) in order and understood(expected)
        found[where, kind if known else ""].add(expected)
    met = {(where, _plain(kind)) for where, kind in found}
    missing = [f"{where} {kind}" for where, kind in order if (where, kind) not in met]
    last = len(order)
    ranks = {key: order.get((key[0], _plain(key[1])), last + (key[0] == "event")) for key in found}
    return {key: found[key] for key in sorted(found, key=lambda key: (ranks[key], key))}, missing


def _plain(kind: str) -> str:
    """The name of an event as decoders look it up: in small letters, without what it changed."""
    return kind.partition(".")[0].lower()


def table_in(source: Source, language: str) -> list[str]:
    """The table of what arrives; empty while there are no samples of it."""
    words, found = _WORDS[language], incoming(source)[0]
    return sample_tables.table_in(words["in"].format(source.label[language]), found, found, words)


def table_out(source: Source, language: str) -> list[str]:
    """The table of what is sent; empty while there are no samples of it."""

    def cells(sample: Mapping[str, Any]) -> Iterable[str]:
        lost = degradations(sample)
        if any("as text" in message for message in sample.get("messages") or ()) and "card: text" not in lost:
            lost.append("card: text")
        return _ways(sample, language), "; ".join(lost)

    head = _WORDS[language]["out"].format(source.label[language])
    return sample_tables.table_out(SAMPLES / source.outgoing, head, cells)


def _ways(sample: Mapping[str, Any], language: str) -> str:
    """What leaves; of a smart bot as the answer to a message and, where that is something else, unasked."""
    kinds = {way: ", ".join(dict.fromkeys(map(_sent, sample.get(way) or ()))) for way in ("messages", "answer", "push")}
    said = kinds["messages"] or kinds["answer"]
    return f"{said}; {_WORDS[language]['unasked']} {kinds['push']}" if kinds["push"] not in ("", said) else said


def _sent(message: Mapping[str, Any]) -> str:
    body = message.get("body", message)
    if "msgtype" not in body:
        return "`text`" if "as text" in body else "`template message`"
    card = body.get("template_card")
    return f"`{card['card_type']}`" if isinstance(card, dict) and "card_type" in card else f"`{body['msgtype']}`"


def tables(sources: Iterable[Source]) -> dict[str, Table]:
    """The tables of these sources by name."""
    ways = {"in": table_in, "out": table_out}
    return {f"{source.name} {way}": partial(ways[way], source) for source, way in product(sources, ways)}


def renewed(page: str, language: str) -> str:
    """A page with its tables as they should be."""
    return with_tables(page, tables(SOURCES.values()), language)


def problems() -> Iterator[tuple[Path, str]]:
    """Pages that are stale, and types without a sample."""
    for path, (language, sources) in pages().items():
        yield from page_problems(path, language, tables(sources), Path(__file__).name)
    for source in SOURCES.values():
        yield from without_samples(SAMPLES / source.incoming, incoming(source)[1])


def known() -> int:
    """How many types the decoders know."""
    return sum(len(source.messages) + len(source.events) for source in SOURCES.values())


def main() -> int:
    """Write the tables into the pages; gives the exit status."""
    return write({path: language for path, (language, _) in pages().items()}, renewed, problems)


if __name__ == "__main__":
    sys.exit(main())
