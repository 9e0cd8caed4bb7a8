"""A message's content as the API and events show it, which is not always as it was sent.

Rules: https://open.feishu.cn/document/server-docs/im-v1/message-content-description/message_content and
https://open.feishu.cn/document/server-docs/im-v1/message/get: a card comes as title and rows of simple elements, one of
schema 2.0 without its content; `md` of a post comes as other tags.
"""

from collections.abc import Iterator
from typing import Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu.card_tree import Card, is_v2
from imbridge.emulators.feishu.message import BotMessage, Message
from imbridge.emulators.feishu.readable import with_placeholders

RECALLED = "This message was recalled"
UPGRADE = "请升级至最新版本客户端，以查看内容"
"""What stands for the content of a card of schema 2.0."""


def shown_content(message: Message, card_content: str = "") -> str:
    """The content, as text on the wire.

    Args:
        message: The message.
        card_content: What is wanted of a card: empty, `user_card_content` or `raw_card_content` (the query parameter
            `card_msg_content_type` of the official SDK; the shapes of the two are unverified).
    """
    if message.recalled:
        return RECALLED
    if not isinstance(message, BotMessage):
        return message.raw_content
    if message.msg_type == "interactive":
        return _card(message.card, card_content)
    if message.msg_type == "text" and "<at" in message.raw_content:
        keys = {user_id: f"@_user_{number}" for number, user_id in enumerate(message.at_ids, start=1)}
        return dump({"text": with_placeholders(message.content["text"], keys | {"all": "@_all"})})
    if message.msg_type == "post" and message.content:
        return dump(_post(message))
    return message.raw_content


def _card(card: Card, wanted: str) -> str:
    if wanted == "user_card_content":
        return dump(card)
    if wanted == "raw_card_content":
        return dump({"json_card": dump(card), "json_attachment": "{}", "card_schema": 2 if is_v2(card) else 1})
    header = card.get("header")
    title = header.get("title", {}).get("content") if isinstance(header, dict) else None
    if is_v2(card) or card.get("type") == "template":
        rows = [[{"tag": "text", "text": UPGRADE}]]
    else:
        rows = [row for element in card.get("elements", ()) if (row := list(_row(element)))]
    return dump({"title": title, "elements": rows})


def _row(node: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(node, dict):
        return
    tag = node.get("tag")
    if tag == "img":
        yield {"tag": "img", "image_key": node.get("img_key", "")}
    elif tag == "hr":
        yield {"tag": "hr"}
    elif tag == "button":
        text = node.get("text")
        yield {
            "tag": "button",
            "text": text.get("content", "") if isinstance(text, dict) else "",
            "type": node.get("type", "default"),
        }
    elif isinstance(node.get("content"), str):
        yield {"tag": "text", "text": node["content"]}
    else:
        for key in ("text", "fields", "elements", "actions", "columns"):
            value = node.get(key)
            for one in value if isinstance(value, list) else [value]:
                yield from _row(one)


def _post(message: BotMessage) -> dict[str, Any]:
    """The first locale of a post, with placeholders for the people it mentions, and `md` as text."""
    body = next(iter(message.content.values()))
    if not isinstance(body, dict):
        return message.content
    keys = {user_id: f"@_user_{number}" for number, user_id in enumerate(message.at_ids, start=1)}
    names = {f"@_user_{number}": who.name for number, who in enumerate(message.mentions, start=1)}
    rows = [[_tag(tag, keys, names) for tag in row] for row in body.get("content", ())]
    return {"title": body.get("title", ""), "content": rows}


def _tag(tag: dict[str, Any], keys: dict[str, str], names: dict[str, str]) -> dict[str, Any]:
    if tag["tag"] == "at":
        key = keys.get(tag["user_id"], "@_all" if tag["user_id"] == "all" else tag["user_id"])
        return {"tag": "at", "user_id": key, "user_name": names.get(key, tag.get("user_name", "")), "style": []}
    if tag["tag"] == "md":
        return {"tag": "text", "text": tag["text"], "style": []}
    return {**tag, "style": tag.get("style", [])} if tag["tag"] in {"text", "a"} else tag
