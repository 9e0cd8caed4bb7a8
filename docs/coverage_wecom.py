"""Write the tables of what arrives from WeCom and WeChat and what is sent there: `python docs/coverage_wecom.py`.

They are made from the golden samples, as `coverage_tables.py` makes Feishu's. `make docs` says which are stale, and
which types a decoder knows without a sample. Incoming samples are `NAME.xml` or `NAME.json` with
`NAME.expected.json` beside it. A table stands below its marker,
`<!-- coverage: SOURCE in -->` or `<!-- coverage: SOURCE out -->`.
"""  # noqa: INP001 - a script

import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from coverage_tables import ROOT, Got, _degradation, _element, _fields, with_tables

from imbridge.adapters.wechat.received import content as wechat_content
from imbridge.adapters.wechat.received import events as wechat_events
from imbridge.adapters.wecom.bot import events as bot_events
from imbridge.adapters.wecom.received import content as app_content
from imbridge.adapters.wecom.received import events as app_events
from imbridge.adapters.xml import read_xml
from imbridge.protocol import to_reply

SAMPLES = ROOT / "tests" / "samples"
_MARKER = re.compile(r"^<!-- coverage: (\w+) (in|out) -->$")
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

Key = tuple[str, str]
"""`message` or `event`, and the platform's name of it; no name for what the decoder does not know."""


def pages() -> dict[Path, tuple[str, list[Source]]]:
    """The pages: their language, and the sources whose tables are on them."""
    found: dict[Path, tuple[str, list[Source]]] = {}
    for source in SOURCES.values():
        for language, folder in (("en", "docs"), ("zh", "docs/zh")):
            found.setdefault(ROOT / folder / source.page, (language, []))[1].append(source)
    return found


def read(path: Path) -> dict[str, Any]:
    """The payload of a sample, by the path of what is expected of it."""
    name = path.name.removesuffix(".expected.json")
    found = next(file for ending in _ENDINGS if (file := path.with_name(name + ending)).exists())
    content = found.read_bytes()
    payload: dict[str, Any] = read_xml(content) if found.suffix == ".xml" else json.loads(content)
    return payload.get("body", payload)


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
    for path in sorted((SAMPLES / source.incoming).glob("*.expected.json")) if source.incoming else ():
        expected = json.loads(path.read_text(encoding="utf-8"))
        (where, kind), name, item = type_of(read(path)), expected["class"], expected["item"]
        known = (where, _plain(kind)) in order
        if not known or name == "UnknownEvent" or item.get("content_type") == "unknown":
            kind = ""
        got = found[where, kind]
        got.samples += 1
        if name == "Message":
            got.parts[f"`{item['content_type']}`"] |= dict.fromkeys(map(_element, item["elements"]))
        else:
            got.parts[f"`{name}`"] |= dict.fromkeys(_fields(item))
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
    rows: list[str] = []
    for (where, kind), got in found.items():
        named = f"{words[where]} `{kind}`" if kind else words[f"other_{where}"]
        parts = "; ".join(f"{name}: {', '.join(inner)}" if inner else name for name, inner in got.parts.items())
        rows.append(f"| {named} | {parts} | {got.samples} |")
    return [words["in"].format(source.label[language]), "|---|---|---|", *rows] if rows else []


def table_out(source: Source, language: str) -> list[str]:
    """The table of what is sent; empty while there are no samples of it."""
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    for path in sorted((SAMPLES / source.outgoing).glob("*.json")):
        sample = json.loads(path.read_text(encoding="utf-8"))
        said = dict.fromkeys(f"`{type(element).__name__}`" for element in to_reply(sample["reply"]).elements)
        sent = _ways(sample, language)
        lost = dict.fromkeys(_degradation(each) for each in sample.get("degradations") or ())
        if any("as text" in message for message in sample.get("messages") or ()):
            lost["card: text"] = None
        found[", ".join(said), sent, "; ".join(lost)] += 1
    rows = [f"| {said} | {sent} | {lost} | {count} |" for (said, sent, lost), count in sorted(found.items())]
    return [_WORDS[language]["out"].format(source.label[language]), "|---|---|---|---|", *rows] if rows else []


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


TABLES: Mapping[str, Callable[[Source, str], list[str]]] = {"in": table_in, "out": table_out}


def renewed(page: str, language: str) -> str:
    """A page with its tables as they should be."""
    return with_tables(page, _MARKER, lambda marker: TABLES[marker[2]](SOURCES[marker[1]], language))


def problems() -> Iterable[tuple[Path, str]]:
    """Pages that are stale, and types without a sample."""
    for path, (language, sources) in pages().items():
        page = path.read_text(encoding="utf-8")
        for source, way in product(sources, TABLES):
            if TABLES[way](source, language) and f"<!-- coverage: {source.name} {way} -->" not in page:
                yield path, f"has no line `<!-- coverage: {source.name} {way} -->`"
        if renewed(page, language) != page:
            yield path, "the tables from the samples are stale; run python docs/coverage_wecom.py"
    for source in SOURCES.values():
        for missing in incoming(source)[1]:
            yield SAMPLES / source.incoming, f"{missing}: the decoder knows it, and there is no sample"


def known() -> int:
    """How many types the decoders know."""
    return sum(len(source.messages) + len(source.events) for source in SOURCES.values())


def main() -> int:
    """Write the tables into the pages; gives the exit status."""
    for path, (language, _) in pages().items():
        page = path.read_text(encoding="utf-8")
        if (new := renewed(page, language)) != page:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}: written\n")
    left = [f"{path.relative_to(ROOT)}: {what}\n" for path, what in problems()]
    sys.stdout.writelines(left)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
