"""The message that another one answers to.

The documents do not have it. Clients have seen it in three forms: `isReplyMsg` and `repliedMsg` beside the text or
beside the rich text, of some kinds with `originalMsgId` alone; and of old `quoteMessage`.
"""

import re
from collections.abc import Mapping
from typing import Any

from imbridge.adapters.dingtalk.received.content import card_text
from imbridge.adapters.dingtalk.received.facts import Facts, text_of, unpacked
from imbridge.adapters.dingtalk.received.records import forward
from imbridge.adapters.dingtalk.received.rich_text import READERS, rich_text
from imbridge.protocol import Quote

_SEALED = re.compile(r"[A-Za-z0-9+/=\n]{32,}(?:\|\|\d+){3}")
"""A text as organisations with encryption of their own get it: nobody can read it."""


def quote(told: Facts) -> Quote | None:
    """The quotation; None when it answers nothing.

    What was quoted of us is named by the id that it had when it was sent (`originalProcessQueryKey`), which our
    receipts have, and not by the one that it has in messages.
    """
    for holder in (told.data.get("text"), told.data.get("content"), told.data):
        fields = unpacked(holder)
        if fields is not None and fields.get("isReplyMsg") in (True, "true"):
            replied = fields.get("repliedMsg")
            return _quoted(told, replied if isinstance(replied, Mapping) else {})
    old = told.data.get("quoteMessage")
    if isinstance(old, Mapping):
        return _quoted(told, old)
    content = unpacked(told.data.get("content"))
    said = text_of(content, "quoteContent") if content is not None else ""
    return Quote(message_id=told.text("originalMsgId"), text=said) if said else None


def _quoted(told: Facts, replied: Mapping[str, Any]) -> Quote:
    known = told.text("originalProcessQueryKey") or text_of(replied, "msgId") or told.text("originalMsgId")
    sender = text_of(replied, "senderNick") or text_of(replied, "msgSenderNick")
    if not sender and told.robot and text_of(replied, "senderId") == told.robot:
        sender = told.me.name
    return Quote(message_id=known, sender_name=sender or None, text=_text(replied))


def _text(replied: Mapping[str, Any]) -> str:
    """What it said, as a person reads it; empty when that is not told."""
    kind = text_of(replied, "msgType") or text_of(replied, "msgtype")
    content = replied.get("content")
    fields = unpacked(content) or {}
    if kind == "richText" or (not kind and "richText" in fields):
        items = fields.get("richText")
        return "".join(element.as_text() for element in rich_text(items)).strip() if isinstance(items, list) else ""
    if kind in READERS:
        try:
            return READERS[kind]({"downloadCode": "-", **fields}).as_text()
        except ValueError:
            return f"[{kind}]"
    if kind == "chatRecord":
        return _record(fields)
    said = text_of(fields, "text") or text_of(fields, "content") or text_of(replied, "msgContent")
    said = said or _old_text(replied) or (content if isinstance(content, str) and "text" not in fields else "")
    if _SEALED.fullmatch(said.strip()):
        return "[encrypted]"
    if kind in ("interactiveCard", "actionCard"):
        return card_text(fields) if fields else "[card]"
    return said.strip() or (f"[{kind}]" if kind not in ("", "text") else "")


def _record(fields: Mapping[str, Any]) -> str:
    try:
        return forward(fields).as_text()
    except ValueError:
        return "[chatRecord]"


def _old_text(replied: Mapping[str, Any]) -> str:
    """Of `quoteMessage`: its text stands where a message has it."""
    text = replied.get("text")
    return text if isinstance(text, str) else text_of(unpacked(text) or {}, "content")
