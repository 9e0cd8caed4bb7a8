"""The older schema's `message` event → Message.

Shape: the deprecated page "bot and chat message events", of which copies exist, and payloads that clients logged. A
mention is an `<at>` tag in the text, or no more than `@name` and the flag `is_mention`.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

from imbridge.adapters.feishu.received.content import Content, joined, read_content
from imbridge.adapters.feishu.received.identity import Identity, sender
from imbridge.adapters.feishu.received.mentions import MentionTable
from imbridge.adapters.feishu.received.moments import moment
from imbridge.protocol import Channel, Element, Forward, Forwarded, Image, Mention, Message, Text

# A tag ends before the next one begins: else a text full of `<at` without an end takes minutes to read.
_AT = re.compile(r"<\s*at\b([^<>]*)>")
_AT_END = re.compile(r"<\s*/\s*at\s*>")
_ID = re.compile(r"""(?:open_id|user_id)\s*=\s*["']([^"']*)["']""")
_TAG = re.compile(r"<[^<>]*>")
_MOST_FORWARDED = 1000


def old_message(event: dict[str, Any], timestamp: Any, me: Identity, payload: Any) -> Message:
    """Read a message.

    Raises:
        KeyError: it lacks what a message has. The same for TypeError and ValueError.
    """
    message_id, chat_id = event["open_message_id"], event["open_chat_id"]
    if not message_id:
        raise ValueError("a message without its id")  # as a key it would make all such messages one
    # Whether we are meant, the flag says: a tag in the text may have been typed.
    content = _content(event, MentionTable((), me.bot_id if event.get("is_mention") is True else ""))
    text = content.text_after_own_mention
    elements = content.elements
    if event.get("is_mention") is True and not any(isinstance(e, Mention) and e.is_self for e in elements):
        # The platform says that we are meant, and the text has our name only: who is meant is not told by names.
        text = str(event.get("text_without_at_bot") or "").strip()
        us = Mention(id=me.bot_id or me.app_id, name=me.bot_name, is_self=True, is_bot=True)
        rest = [element for element in elements if not isinstance(element, Text)]
        elements = (us, *([Text(f" {text}")] if text else []), *rest)
    return Message(
        id=message_id,
        channel=Channel(
            platform="feishu", account=me.account, kind=me.kind_of(chat_id, event.get("chat_type")), id=chat_id
        ),
        sender=sender(
            {"open_id": event["open_id"], "user_id": event.get("employee_id"), "union_id": event.get("union_id")}, me
        ),
        elements=elements,
        content_type=content.kind,
        text=text,
        raw=content.text,
        reply_to=event.get("parent_id") or None,
        timestamp=moment(timestamp),
        payload=payload,
    )


def _content(event: dict[str, Any], mentions: MentionTable) -> Content:
    """Its fields are the event's own, where the newer schema has a `content`."""
    kind = event["msg_type"]
    if kind == "text":
        return joined("text", _text(str(event["text"]), mentions))
    if kind == "post":
        return joined("text", _post(event, mentions))
    if kind == "merge_forward" and isinstance(event.get("msg_list"), list):
        return _forward(event["msg_list"], mentions)
    return read_content(kind, event, mentions)


def _text(text: str, mentions: MentionTable) -> Iterator[Element]:
    start = position = 0
    while (begin := _AT.search(text, position)) and (end := _AT_END.search(text, begin.end())):
        position = end.end()
        found = _ID.search(begin[1])
        if found is None:
            continue
        if begin.start() > start:
            yield Text(text[start : begin.start()])
        yield mentions.find(found[1], text[begin.end() : end.start()].strip().removeprefix("@"))
        start = position
    if start < len(text):
        yield Text(text[start:])


def _post(event: dict[str, Any], mentions: MentionTable) -> Iterator[Element]:
    """Rich text comes as HTML, with the keys of its images beside it."""
    title = str(event.get("title") or "")
    if title:
        yield Text(f"{title}\n")
    marked = re.sub(r"</p>\s*<p>|<br\s*/?>", "\n", str(event.get("text") or ""))
    for element in _text(marked, mentions):
        yield Text(html.unescape(_TAG.sub("", element.text))) if isinstance(element, Text) else element
    for key in event.get("image_keys") or ():
        yield Image(key=key)


def _forward(wire: list[dict[str, Any]], mentions: MentionTable) -> Content:
    messages = []
    for one in wire[:_MOST_FORWARDED]:
        content = _content(one, mentions)
        messages.append(
            Forwarded(
                id=str(one.get("open_message_id") or ""),
                sender_id=str(one.get("open_id") or ""),
                timestamp=moment(one["create_time"]) if one.get("create_time") else None,
                content_type=content.kind,
                text=content.text,
            )
        )
    forward = Forward(
        ids=tuple(message.id for message in messages if message.id),
        text="\n".join(message.text for message in messages),
        messages=tuple(messages),
        complete=len(wire) <= _MOST_FORWARDED,
    )
    return joined("forward", [forward])
