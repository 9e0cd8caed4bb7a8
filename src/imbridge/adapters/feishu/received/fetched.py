"""Messages as `GET /im/v1/messages/:id` tells them → what was quoted, what was forwarded. Pure.

A merged and forwarded message comes with all that is in it, whatever its depth, as one flat list; each names the bundle
it is in as `upper_message_id` (open.feishu.cn, im-v1, get a message; "message overview").
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from imbridge.adapters.feishu.received.content import Content, read_content
from imbridge.adapters.feishu.received.identity import Identity
from imbridge.adapters.feishu.received.mentions import MentionTable
from imbridge.adapters.feishu.received.moments import moment
from imbridge.protocol import Forward, Forwarded, Quote

Item = dict[str, Any]
_GONE = Content("text", (), "")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a bundle is read: bundles inside one another, and messages together."""

    depth: int
    count: int


def items_of(data: Any) -> list[Item]:
    """The messages in an answer."""
    items = data.get("items") if isinstance(data, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def item_of(items: Iterable[Item], message_id: str) -> Item | None:
    """The message that was asked for."""
    return next((item for item in items if item.get("message_id") == message_id), None)


def content_of(item: Item, me: Identity) -> Content:
    """What it says; nothing, when it was recalled."""
    if item.get("deleted") is True:
        return _GONE
    body, mentions = item.get("body"), item.get("mentions")
    content = body.get("content") if isinstance(body, dict) else None
    table = MentionTable(mentions if isinstance(mentions, list) else (), me.bot_id)
    return read_content(item.get("msg_type"), content, table, me.locale)


def quoted(items: list[Item], message_id: str, me: Identity, bounds: Bounds) -> Quote:
    """The message that is answered to, as text: also a bundle, a card, or media."""
    item = item_of(items, message_id)
    if item is None:
        return Quote(message_id=message_id)
    if item.get("msg_type") == "merge_forward" and item.get("deleted") is not True:
        text = forwarded(items, message_id, me, bounds).as_text()
    else:
        text = content_of(item, me).text
    return Quote(message_id=message_id, sender_name=_name(item, me) or _id(item) or None, text=text)


def forwarded(items: list[Item], message_id: str, me: Identity, bounds: Bounds) -> Forward:
    """What is in a bundle, as far as the bounds allow."""
    bundle = _Bundle(me, bounds.count)
    for item in items:
        if item.get("message_id") != message_id:
            bundle.below[str(item.get("upper_message_id") or message_id)].append(item)
    messages = bundle.read(message_id, bounds.depth)
    return Forward(
        ids=tuple(message.id for message in messages if message.id),
        text="\n".join(_lines(messages, "")),
        messages=messages,
        complete=bundle.complete and not bundle.below,
    )


@dataclass(slots=True)
class _Bundle:
    """One answer, while it is read."""

    me: Identity
    left: int
    complete: bool = True
    below: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))

    def read(self, parent: str, depth: int) -> tuple[Forwarded, ...]:
        """The messages of one bundle. Nothing is read twice, so that a circle in the answer ends."""
        messages = []
        for item in self.below.pop(parent, ()):
            if self.left <= 0:
                self.complete = False
                break
            self.left -= 1
            messages.append(self._one(item, depth))
        return tuple(messages)

    def _one(self, item: Item, depth: int) -> Forwarded:
        content = content_of(item, self.me)
        inner: tuple[Forwarded, ...] = ()
        if content.kind == "forward":
            inner = self.read(str(item.get("message_id") or ""), depth - 1) if depth > 1 else ()
            self.complete = self.complete and bool(inner)
        return Forwarded(
            id=str(item.get("message_id") or ""),
            sender_id=_id(item),
            sender_name=_name(item, self.me),
            timestamp=_time(item),
            content_type=content.kind,
            text=content.text,
            messages=inner,
        )


def _lines(messages: Iterable[Forwarded], indent: str) -> Iterable[str]:
    """`Alice: what she said`, what is inside a bundle further in."""
    for message in messages:
        who = message.sender_name or message.sender_id
        said = message.text.replace("\n", f"\n{indent}  ")
        yield f"{indent}{who}: {said}" if who else f"{indent}{said}"
        yield from _lines(message.messages, f"{indent}  ")


def _id(item: Item) -> str:
    sender = item.get("sender")
    return str(sender.get("id") or "") if isinstance(sender, dict) else ""


def _name(item: Item, me: Identity) -> str | None:
    """Their name, where the answer has it; ours we know."""
    sender = item.get("sender")
    name = sender.get("sender_name") if isinstance(sender, dict) else None
    if isinstance(name, str) and name:
        return name
    return me.bot_name or None if me.is_me(_id(item)) else None


def _time(item: Item) -> Any:
    try:
        return moment(item["create_time"])
    except (KeyError, TypeError, ValueError):
        return None
