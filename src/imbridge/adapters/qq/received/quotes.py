"""The message that another one answers to.

Source: bot.q.qq.com, "message objects" (`message_reference`, in guilds). In single chats and groups it is as clients
have seen it: `message_scene.ext` has `msg_idx=REFIDX_...`, by which the message itself is quoted, and `ref_msg_idx=...`
of the one that it quotes, which is in `msg_elements`, when `message_type` is 103.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from imbridge.adapters.qq.received.arks import arks, embeds, shared
from imbridge.adapters.qq.received.attachments import media
from imbridge.adapters.qq.received.content import QUOTE, is_record
from imbridge.adapters.qq.received.facts import fields, first_id, items, text_of, whole
from imbridge.adapters.qq.received.identity import Identity
from imbridge.adapters.qq.received.mentions import Called
from imbridge.adapters.qq.received.records import plain
from imbridge.adapters.qq.received.rendered import Rendered
from imbridge.protocol import Element, Quote


def indices(data: Mapping[str, Any]) -> tuple[str, str]:
    """What a message is quoted by, and what it quotes; empty where that is not told."""
    ext = fields(data, "message_scene").get("ext")
    own = quoted = ""
    for entry in ext if isinstance(ext, list) else ():
        name, _, value = entry.partition("=") if isinstance(entry, str) else ("", "", "")
        if name.strip() == "msg_idx":
            own = _index(value)
        elif name.strip() == "ref_msg_idx":
            quoted = _index(value)
    return own, quoted


def _index(value: str) -> str:
    value = value.strip().strip("\"'")
    return unquote(value) if "%" in value else value


def quote(data: Mapping[str, Any], quoted: str, called: Called, me: Identity) -> Quote | None:
    """The quotation; None when the message answers nothing.

    Args:
        data: The message.
        quoted: What it quotes, by `indices`.
        called: Who is called in it.
        me: Who receives it.
    """
    reference = fields(data, "message_reference")
    if message_id := text_of(reference, "message_id"):
        return Quote(message_id=message_id, **told(_first(data), called, me))
    if (not quoted and whole(data.get("message_type")) != QUOTE) or is_record(data):
        return None
    entry = _first(data) if whole(data.get("message_type")) == QUOTE else {}
    index = quoted or text_of(entry, "msg_idx")
    if not index and not entry:
        return None
    # A message of ours is known by the id in its receipt; of one that was never heard of, the index is all there is.
    return Quote(message_id=me.references.message(index) or index, **told(entry, called, me))


def _first(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((entry for entry in items(data, "msg_elements") if isinstance(entry, Mapping)), {})


def told(entry: Mapping[str, Any], called: Called, me: Identity) -> dict[str, Any]:
    """Who said it, and what."""
    if not entry:
        return {}
    author = fields(entry, "author")
    name = text_of(author, "username")
    if not name and called.is_us(first_id(author, "member_openid", "user_openid", "id")):
        name = me.name
    others: list[Element] = [*media(entry.get("attachments")), *shared(entry), *arks(entry), *embeds(entry)]
    written = Rendered(text_of(entry, "content"))
    text = written.quoted if written.messages else plain(entry, others, called)
    if not text and items(entry, "msg_elements"):
        text = "[forwarded messages]"
    return {"sender_name": name or None, "text": text}
