"""A message as the API gives it back: read again, forwarded, pinned, or out of a chat's history. Pure.

Shape: open.feishu.cn, im-v1 message/get and message/list.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import AwareDatetime, Field

from imbridge.adapters.feishu.content import read_content
from imbridge.adapters.feishu.mentions import MentionTable
from imbridge.protocol import AnyElement
from imbridge.protocol.message import utc
from imbridge.protocol.model import ProtocolModel


class StoredMessage(ProtocolModel):
    """A message that the platform keeps.

    Attributes:
        id: Its `message_id`.
        chat_id: The chat it is in.
        thread_id: The topic it is in, if any.
        parent_id: The message it answers to, if any.
        root_id: The message at the beginning of that conversation, if any.
        upper_id: The bundle it is in, when it was forwarded with others.
        sender_id: Who wrote it: a person's `open_id`, or a bot's `app_id`.
        sender_kind: `user` or `app`.
        kind: The platform's `msg_type`.
        elements: What is in it; nothing when it was taken back.
        text: As a person reads it.
        created_at: When it was written.
        updated_at: When it was changed last; None when it never was.
        deleted: It was taken back.
        messages: What is in it, when it is a bundle and was read with `get`.
        payload: All that the platform says.
    """

    id: str
    chat_id: str = ""
    thread_id: str = ""
    parent_id: str = ""
    root_id: str = ""
    upper_id: str = ""
    sender_id: str = ""
    sender_kind: str = ""
    kind: str = ""
    elements: tuple[AnyElement, ...] = ()
    text: str = ""
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    deleted: bool = False
    messages: tuple["StoredMessage", ...] = ()
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


def stored(item: dict[str, Any], bot_id: str) -> StoredMessage:
    """Read one `message` of an answer.

    Args:
        item: It.
        bot_id: Our own open_id, so that mentions of us are known.
    """
    deleted = item.get("deleted") is True
    elements: tuple[Any, ...] = ()
    text = ""
    if not deleted:
        body, mentions = item.get("body"), item.get("mentions")
        raw = body.get("content") if isinstance(body, dict) else None
        table = MentionTable(mentions if isinstance(mentions, list) else (), bot_id)
        content = read_content(_text(item, "msg_type"), raw, table)
        elements, text = content.elements, content.text
    sender = item.get("sender")
    sender = sender if isinstance(sender, dict) else {}
    return StoredMessage(
        id=_text(item, "message_id"),
        chat_id=_text(item, "chat_id"),
        thread_id=_text(item, "thread_id"),
        parent_id=_text(item, "parent_id"),
        root_id=_text(item, "root_id"),
        upper_id=_text(item, "upper_message_id"),
        sender_id=_text(sender, "id"),
        sender_kind=_text(sender, "sender_type"),
        kind=_text(item, "msg_type"),
        elements=elements,
        text=text,
        created_at=moment(item.get("create_time")),
        updated_at=moment(item.get("update_time")) if item.get("updated") is True else None,
        deleted=deleted,
        payload=item,
    )


def bundle(items: Iterable[Any], message_id: str, bot_id: str) -> StoredMessage | None:
    """One message out of an answer that holds it and, when it is a bundle, all that is in it, at any depth."""
    found = [stored(item, bot_id) for item in items if isinstance(item, dict)]
    below: dict[str, list[StoredMessage]] = {}
    for message in found:
        if message.upper_id and message.upper_id != message.id:
            below.setdefault(message.upper_id, []).append(message)
    top = next((message for message in found if message.id == message_id), None)
    return None if top is None else _with_all_below(top, below)


def _with_all_below(message: StoredMessage, below: dict[str, list[StoredMessage]]) -> StoredMessage:
    inner = below.pop(message.id, ())  # taken out: what claims to be inside itself is not followed round and round
    if not inner:
        return message
    return message.model_copy(update={"messages": tuple(_with_all_below(one, below) for one in inner)})


def moment(value: Any) -> AwareDatetime | None:
    """A time in milliseconds, which this API writes as text; None when it is none."""
    try:
        return utc(int(value)) if value else None
    except (TypeError, ValueError):
        return None


def _text(item: dict[str, Any], name: str) -> str:
    return str(item.get(name) or "")
