"""Messages that somebody forwarded together → `Forward`.

The documents do not have them; clients have seen `title`, `summary` (a readable digest, often all there is) and
`chatRecord` or `records`, the messages as a list or as JSON in a text.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from imbridge.adapters.dingtalk.received.facts import moment_or_none, text_of, unpacked
from imbridge.adapters.json_text import read_json
from imbridge.protocol import Forward, Forwarded

_MOST, _DEEPEST = 200, 3
_NAMES = {"picture": "image", "richText": "text", "markdown": "text", "chatRecord": "forward"}
_EMPTY = frozenset({"", "[]", "{}"})


def forward(content: Mapping[str, Any]) -> Forward:
    """What was forwarded, as far as it is told.

    Raises:
        ValueError: it is nothing that is known.
    """
    summary, title = text_of(content, "summary").strip(), text_of(content, "title").strip()
    entries = _entries(content)
    if not entries and summary in _EMPTY and not title and "summary" not in content:
        raise ValueError("a chat record without anything")
    reading = _Reading()
    messages = tuple(reading.read(entries, 1))
    text = "\n".join(_lines(messages, "")) or ("" if summary in _EMPTY else summary)
    return Forward(
        ids=tuple(message.id for message in messages if message.id),
        title=title,
        text=text,
        messages=messages,
        complete=reading.complete and bool(messages),
    )


def _entries(content: Mapping[str, Any]) -> list[Any]:
    for name in ("chatRecord", "records", "messages"):
        found = content.get(name)
        if isinstance(found, str):
            try:
                found = read_json(found)
            except ValueError:
                continue
        if isinstance(found, list) and found:
            return found
    return []


class _Reading:
    """One bundle, while it is read; `complete` is false once something in it was left out."""

    def __init__(self) -> None:
        self.complete = True
        self._left = _MOST

    def read(self, entries: list[Any], depth: int) -> Iterator[Forwarded]:
        for entry in entries:
            fields = {"content": entry} if isinstance(entry, str) else entry
            if self._left <= 0 or not isinstance(fields, Mapping):
                self.complete = False
                continue
            self._left -= 1
            yield self._one(fields, depth)

    def _one(self, entry: Mapping[str, Any], depth: int) -> Forwarded:
        kind = text_of(entry, "msgType") or text_of(entry, "msgtype") or "text"
        content = unpacked(entry.get("content")) or {}
        inner: tuple[Forwarded, ...] = ()
        if kind == "chatRecord" and content:
            if depth < _DEEPEST:
                inner = tuple(self.read(_entries(content), depth + 1))
            self.complete = self.complete and bool(inner)
        return Forwarded(
            id=text_of(entry, "msgId"),
            sender_id=text_of(entry, "senderStaffId") or text_of(entry, "senderId"),
            sender_name=_first(entry, "senderName", "senderNick", "sender") or None,
            timestamp=moment_or_none(entry.get("createAt") or entry.get("createdAt")),
            content_type=_NAMES.get(kind, kind),
            text=_said(kind, entry, content),
            messages=inner,
        )


def _said(kind: str, entry: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """As a person reads it: its text, what was recognised, its name; else what sort of message it is."""
    own = entry.get("content")
    plain = own if isinstance(own, str) and not content else ""
    found = plain or _first(entry, "text", "message", "body") or _first(content, "text", "content", "recognition")
    if found:
        return found
    name = _first(content, "fileName", "title", "summary")
    word = _NAMES.get(kind, kind)
    return f"[{word}: {name}]" if name else f"[{word}]"


def _first(fields: Mapping[str, Any], *names: str) -> str:
    return next((value for name in names if (value := text_of(fields, name))), "")


def _lines(messages: tuple[Forwarded, ...], indent: str) -> Iterator[str]:
    """`Alice: what she said`, what is inside a bundle further in."""
    for message in messages:
        who = message.sender_name or message.sender_id
        said = message.text.replace("\n", f"\n{indent}  ")
        yield f"{indent}{who}: {said}" if who else f"{indent}{said}"
        yield from _lines(message.messages, f"{indent}  ")
