"""The text a person reads in a message, whatever its type."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from imbridge.emulators.feishu.card_rules import people_of
from imbridge.emulators.feishu.card_text import card_text
from imbridge.emulators.feishu.card_tree import places

_AT_TAG = re.compile(r"<at\s+user_id=(?P<quote>[\"'])(?P<id>.*?)(?P=quote)\s*>(?P<name>.*?)</at>", re.DOTALL)
_PLACEHOLDER = re.compile(r"@_(?:user_\d+|all)(?!\w)")


def readable_text(msg_type: str, content: dict[str, Any], names: Mapping[str, str]) -> str:
    """What a client shows, as plain text.

    Args:
        msg_type: The message's type.
        content: Its parsed content.
        names: Display names by what stands for them in the content: `@_user_1`, an open_id, ...
    """
    if msg_type == "text":
        return _resolved(str(content.get("text", "")), names)
    if msg_type == "post":
        return _post_text(content, names)
    if msg_type == "interactive":
        return card_text(content, names) or "[interactive]"
    if msg_type in {"file", "media"} and content.get("file_name"):
        return f"[{msg_type}] {content['file_name']}"
    return f"[{msg_type}]"


def at_ids(msg_type: str, content: dict[str, Any]) -> list[str]:
    """The user ids an outgoing text, post or card mentions, each once, in order."""
    found: dict[str, None] = {}
    if msg_type == "text":
        text = content["text"]
        if "<at" in text:
            found.update((match["id"], None) for match in _AT_TAG.finditer(text))
    elif msg_type == "post":
        for tag in _tags(content):
            if tag.get("tag") == "at":
                found[str(tag.get("user_id"))] = None
    elif msg_type == "interactive":
        for place in places(content):
            found.update((person, None) for person in people_of(place.element))
    return list(found)


def with_placeholders(text: str, keys: Mapping[str, str]) -> str:
    """The text with every `<at>` tag replaced by its key (`@_user_1`); unknown ids keep the name written there."""
    return _AT_TAG.sub(lambda match: keys.get(match["id"]) or f"@{match['name']}", text)


def _resolved(text: str, names: Mapping[str, str]) -> str:
    if "<at" in text:
        text = _AT_TAG.sub(lambda match: "@" + _called(match["id"], match["name"], names), text)
    if "@_" in text:
        text = _PLACEHOLDER.sub(lambda match: _shown(match[0], names), text)
    return text


def _called(user_id: str, name: str, names: Mapping[str, str]) -> str:
    return "all" if user_id == "all" else names.get(user_id) or name


def _shown(key: str, names: Mapping[str, str]) -> str:
    if key == "@_all":
        return "@all"
    return f"@{names[key]}" if key in names else key


def _post_bodies(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    # Incoming posts are the bare {"title", "content"}, outgoing ones are wrapped by locale.
    if isinstance(content.get("content"), list):
        yield content
    else:
        yield from (body for body in content.values() if isinstance(body, dict))


def _tags(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for body in _post_bodies(content):
        for row in body.get("content", ()):
            yield from row


def _post_text(content: dict[str, Any], names: Mapping[str, str]) -> str:
    body = next(_post_bodies(content), {})
    lines = [str(body["title"])] if body.get("title") else []
    lines += ["".join(_tag_text(tag, names) for tag in row) for row in body.get("content", ())]
    return "\n".join(lines)


def _tag_text(tag: dict[str, Any], names: Mapping[str, str]) -> str:
    kind = tag.get("tag")
    if kind == "at":
        user_id = str(tag.get("user_id", ""))
        if user_id in {"all", "@_all"}:
            return "@all"
        return "@" + (names.get(user_id) or str(tag.get("user_name") or user_id))
    if kind == "emotion":
        return f"[{tag.get('emoji_type')}]"
    if kind == "hr":
        return "---"
    if kind in {"img", "media"}:
        return "[image]" if kind == "img" else "[media]"
    return _resolved(str(tag.get("text", "")), names)
