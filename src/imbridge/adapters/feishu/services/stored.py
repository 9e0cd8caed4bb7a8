"""A message as the API gives it back: read again, forwarded, pinned, or out of a chat's history. Pure.

Shape: open.feishu.cn, im-v1 message/get and message/list.
"""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field

from imbridge.adapters.feishu.received.fetched import Bounds, Item, content_of, forwarded, item_of
from imbridge.adapters.feishu.received.identity import Identity
from imbridge.adapters.feishu.received.moments import moment
from imbridge.protocol import AnyElement
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
        elements: What is in it; nothing when it was taken back. A bundle read with `get` has a `Forward` with what is
            in it.
        text: As a person reads it.
        created_at: When it was written.
        updated_at: When it was changed last; None when it never was.
        deleted: It was taken back.
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
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


def stored(item: Item, me: Identity) -> StoredMessage:
    """Read one message of an answer."""
    content = content_of(item, me)
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
        elements=content.elements,
        text=content.text,
        created_at=time_of(item.get("create_time")),
        updated_at=time_of(item.get("update_time")) if item.get("updated") is True else None,
        deleted=item.get("deleted") is True,
        payload=item,
    )


def whole(items: list[Item], message_id: str, me: Identity, bounds: Bounds) -> StoredMessage | None:
    """The message that was asked for, with what is in it if it is a bundle."""
    item = item_of(items, message_id)
    if item is None:
        return None
    message = stored(item, me)
    if message.kind != "merge_forward" or message.deleted:
        return message
    bundle = forwarded(items, message_id, me, bounds)
    return message.model_copy(update={"elements": (bundle,), "text": bundle.as_text()})


def time_of(value: Any) -> datetime | None:
    """A time; None when it is none."""
    try:
        return moment(value) if value else None
    except (TypeError, ValueError, OverflowError):
        return None


def _text(item: Item, name: str) -> str:
    return str(item.get(name) or "")
