"""What every robot message says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any

from imbridge.adapters.dingtalk.received.identity import Identity
from imbridge.adapters.json_text import read_json
from imbridge.protocol import Channel, ChannelKind, Sender
from imbridge.protocol.message import utc

_LATEST = 10**14
"""Milliseconds: the year 5138."""


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Facts:
    """One robot message.

    Attributes:
        data: The whole of it.
        me: Who receives it.
        key: Its `msgId`.
    """

    data: Mapping[str, Any]
    me: Identity
    key: str

    def text(self, name: str) -> str:
        """A field that is a text; empty when it is missing or something else."""
        return text_of(self.data, name)

    @property
    def content(self) -> Mapping[str, Any]:
        """What it holds: `content`.

        Raises:
            TypeError: there is none.
        """
        content = unpacked(self.data.get("content"))
        if content is None:
            raise TypeError("no content")
        return content

    @property
    def in_group(self) -> bool:
        """Whether it was said in a group."""
        return str(self.data.get("conversationType")) == "2"

    @property
    def timestamp(self) -> datetime:
        """`createAt`, in milliseconds; now, when there is none that makes sense."""
        return moment(self.data.get("createAt"))

    @property
    def robot(self) -> str:
        """The robot that it came to, as messages name robots and people (`chatbotUserId`)."""
        return self.text("chatbotUserId") or self.me.user_id

    @property
    def sender(self) -> Sender:
        """Who wrote it. People outside the organisation have no staff id, or one of their own organisation's.

        Raises:
            ValueError: nobody is named.
        """
        staff, other = self.text("senderStaffId"), self.text("senderId")
        if not staff and not other:
            raise ValueError("a message from nobody")
        corp, own = self.text("senderCorpId"), self.text("chatbotCorpId")
        foreign = bool(corp and own and corp != own and other)
        is_self = bool(other) and other == self.robot
        return _sender(other if foreign else staff or other, staff, other, corp, self.text("senderNick"), is_self)

    def channel(self, sender: Sender) -> Channel:
        """The group, or the private chat with the sender.

        Raises:
            ValueError: a group without an id.
        """
        conversation = self.text("conversationId")
        if not self.in_group:
            if conversation:
                self.me.private_chats.note(conversation, sender.id)
            return private(self.me.account, sender.id)
        if not conversation:
            raise ValueError("a group without conversationId")
        return group(self.me.account, conversation, self.text("conversationTitle") or None)


@lru_cache(maxsize=10_000)
def _sender(identity: str, staff: str, other: str, corp: str, name: str, is_self: bool) -> Sender:
    """The same one for each message of theirs: it is frozen."""
    known = (("staff_id", staff), ("dingtalk_id", other), ("corp_id", corp))
    ids = {kind: value for kind, value in known if value}
    return Sender(id=identity, ids=ids, name=name or None, is_bot=is_self, is_self=is_self)


@lru_cache(maxsize=10_000)
def private(account: str, person: str) -> Channel:
    """The private chat with somebody. The same one each time: it is frozen, and knows its address already."""
    return Channel(platform="dingtalk", account=account, kind=ChannelKind.PRIVATE, id=person)


@lru_cache(maxsize=10_000)
def group(account: str, conversation: str, name: str | None = None) -> Channel:
    """A group, by its openConversationId."""
    return Channel(platform="dingtalk", account=account, kind=ChannelKind.GROUP, id=conversation, name=name)


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """A field that is a text; empty when it is missing or something else."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def unpacked(value: Any) -> dict[str, Any] | None:
    """An object, which some clients send as JSON in a text; None when it is none."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = read_json(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


def whole(value: Any) -> int | None:
    """A whole number that is not negative, as one or as digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15 else None


def seconds(value: Any, *, per: int = 1) -> float | None:
    """A duration in seconds, of one in `1/per` of a second, as a number or as text; None when it makes no sense."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value[:20] if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number / per if isfinite(number) and number >= 0 else None


def moment(value: Any) -> datetime:
    """A time in epoch milliseconds, as a number or as digits; now, when it makes no sense."""
    return moment_or_none(value) or datetime.now(UTC)


def moment_or_none(value: Any) -> datetime | None:
    """A time in epoch milliseconds, as a number or as digits."""
    number = whole(value)
    return utc(number) if number is not None and 0 < number < _LATEST else None
