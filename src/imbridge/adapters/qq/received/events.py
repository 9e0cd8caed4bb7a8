"""What happens that is no message.

Source: bot.q.qq.com, "event subscription and notification" and the pages of each event. Members of groups, the entered
chat (`ENTER_AIO`) and the feedback are as the official Go client and others have them.

What is not listed here, forums and audio among it, is an `UnknownEvent` with the platform's name of it and all that it
holds. `MESSAGE_AUDIT_PASS` and `MESSAGE_AUDIT_REJECT` are, too: they belong to receipts of ours.
"""

from collections.abc import Callable, Mapping
from typing import Any

from imbridge.adapters.qq.faces import emoji_of
from imbridge.adapters.qq.received.clicks import interaction
from imbridge.adapters.qq.received.facts import direct, fields, first_id, id_of, person, room, somebody, text_of
from imbridge.adapters.qq.received.happening import Happening
from imbridge.protocol import (
    BotAdded,
    BotRemoved,
    Channel,
    ChannelClosed,
    ChannelUpdated,
    ChatOpened,
    ContactChanged,
    Event,
    MemberJoined,
    MemberLeft,
    MessageRecalled,
    ReactionAdded,
    ReactionRemoved,
    Sender,
    UnknownEvent,
)

Reader = Callable[[Happening], Event]

_MESSAGE = (0, "0", "ReactionTargetType_MSG")
"""What a reaction is on, if it is on a message: the documents have a number, the platform has sent the name."""


# -- single chats and groups -------------------------------------------------------------------------------------------


def _with(event: type[Event], name: str) -> Reader:
    """An event of a place that has to be named."""

    def read(told: Happening) -> Event:
        told.needed(name)
        return told.make(event)

    return read


def _active_messages(name: str, *, allowed: bool) -> Reader:
    """Somebody has turned on or off that we may speak first. We stay where we are, and can answer as before."""

    def read(told: Happening) -> Event:
        told.needed(name)
        return told.make(ChannelUpdated, changes={"active_messages": {"before": None, "after": allowed}})

    return read


def _group_member(event: type[Event]) -> Reader:
    """Who came or went; nobody says who did it, unless it is told."""

    def read(told: Happening) -> Event:
        told.needed("group_openid")
        user = fields(told.data, "user")
        identity = id_of(told.data, "member_openid") or told.needed("openid")
        name = text_of(user, "username") or text_of(told.data, "username")
        who = somebody(identity, "member_openid", name, is_bot=user.get("bot") is True)
        by = id_of(told.data, "op_member_openid")
        return told.make(event, members=(who,), actor=somebody(by, "member_openid"))

    return read


def _group_member_changed(told: Happening) -> Event:
    told.needed("group_openid")
    return told.make(
        ContactChanged, subject="user", change="updated", subject_id=told.needed("member_openid"),
        actor=somebody(id_of(told.data, "op_member_openid"), "member_openid"),
    )  # fmt: skip


# -- guilds ------------------------------------------------------------------------------------------------------------


def _guild(event: type[Event]) -> Reader:
    """We came into a guild, or it is gone for us. It is no place to speak in; its channels are."""
    return _with(event, "id")


def _guild_changed(told: Happening) -> Event:
    told.needed("id")
    return told.make(ChannelUpdated, changes=_after(told.data, "name", "description", "icon", "owner_id"))


def _channel(event: type[Event], *names: str) -> Reader:
    """A channel is another now, or gone."""

    def read(told: Happening) -> Event:
        facts: dict[str, Any] = {"changes": _after(told.data, *names)} if names else {}
        where = room(told.me.account, told.needed("id"))
        if name := text_of(told.data, "name"):
            where = where.model_copy(update={"name": name})
        return told.make(event, channel=where, **facts)

    return read


def _after(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """How things are now. What they were before is not told, nor which of them have changed."""
    return {name: {"before": None, "after": data[name]} for name in names if data.get(name) not in (None, "")}


def _guild_member(event: type[Event]) -> Reader:
    def read(told: Happening) -> Event:
        return told.make(event, members=(_user(told),))

    return read


def _guild_member_changed(told: Happening) -> Event:
    return told.make(ContactChanged, subject="user", change="updated", subject_id=_user(told).id)


def _user(told: Happening) -> Sender:
    """Whom the event is about.

    Raises:
        ValueError: nobody.
    """
    user = fields(told.data, "user")
    identity = id_of(user, "id")
    if not identity:
        raise ValueError("nobody")
    name, is_self = text_of(told.data, "nick") or text_of(user, "username"), told.me.is_me("", identity)
    return person(identity, (("id", identity),), name, is_self or user.get("bot") is True, is_self)


def _deleted(told: Happening) -> Event:
    """A message was taken back, by who wrote it or by somebody who may."""
    message = fields(told.data, "message")
    message_id = id_of(message, "id")
    if not message_id:
        raise ValueError("no message")
    by = id_of(fields(told.data, "op_user"), "id")
    return told.make(MessageRecalled, message_id=message_id, channel=_place(told, message), actor=somebody(by, "id"))


def _place(told: Happening, message: Mapping[str, Any]) -> Channel | None:
    guild, channel = id_of(message, "guild_id"), id_of(message, "channel_id")
    if told.kind.startswith("DIRECT_") or message.get("direct_message") is True:
        return direct(told.me.account, guild) if guild else None
    return room(told.me.account, channel) if channel else None


def _reaction(event: type[Event]) -> Reader:
    def read(told: Happening) -> Event:
        target, emoji = fields(told.data, "target"), fields(told.data, "emoji")
        message_id, identity = id_of(target, "id"), id_of(emoji, "id")
        if target.get("type", 0) not in _MESSAGE:  # on a post of a forum, where nobody can say anything
            return told.make(UnknownEvent, kind=told.kind, channel=None)
        if not message_id or not identity:
            raise ValueError("no reaction on a message")
        guild = id_of(told.data, "guild_id")
        where = direct(told.me.account, guild) if guild and told.me.is_direct(guild) else told.channel
        return told.make(event, message_id=message_id, emoji=emoji_of(identity, emoji.get("type")), channel=where)

    return read


READERS: Mapping[str, Reader] = {
    "INTERACTION_CREATE": interaction,
    "FRIEND_ADD": _with(BotAdded, "openid"),
    "FRIEND_DEL": _with(BotRemoved, "openid"),
    "ENTER_AIO": _with(ChatOpened, "user_openid"),
    "C2C_MSG_RECEIVE": _active_messages("openid", allowed=True),
    "C2C_MSG_REJECT": _active_messages("openid", allowed=False),
    "GROUP_ADD_ROBOT": _with(BotAdded, "group_openid"),
    "GROUP_DEL_ROBOT": _with(BotRemoved, "group_openid"),
    "GROUP_MSG_RECEIVE": _active_messages("group_openid", allowed=True),
    "GROUP_MSG_REJECT": _active_messages("group_openid", allowed=False),
    "GROUP_MEMBER_ADD": _group_member(MemberJoined),
    "GROUP_MEMBER_REMOVE": _group_member(MemberLeft),
    "GROUP_MEMBER_UPDATE": _group_member_changed,
    "GUILD_CREATE": _guild(BotAdded),
    "GUILD_UPDATE": _guild_changed,
    "GUILD_DELETE": _guild(BotRemoved),
    "CHANNEL_UPDATE": _channel(ChannelUpdated, "name", "type", "sub_type", "owner_id"),
    "CHANNEL_DELETE": _channel(ChannelClosed),
    "GUILD_MEMBER_ADD": _guild_member(MemberJoined),
    "GUILD_MEMBER_UPDATE": _guild_member_changed,
    "GUILD_MEMBER_REMOVE": _guild_member(MemberLeft),
    "MESSAGE_DELETE": _deleted,
    "PUBLIC_MESSAGE_DELETE": _deleted,
    "DIRECT_MESSAGE_DELETE": _deleted,
    "MESSAGE_REACTION_ADD": _reaction(ReactionAdded),
    "MESSAGE_REACTION_REMOVE": _reaction(ReactionRemoved),
}
"""By `t`. They raise `ValueError`, `TypeError` or `KeyError` where something is missing."""


def keys(kind: str, data: Mapping[str, Any]) -> tuple[str, ...]:
    """What tells an event from others besides its id: a deletion, of which a private bot is told twice."""
    message_id = first_id(fields(data, "message"), "id") if kind.endswith("MESSAGE_DELETE") else ""
    return (f"deleted:{message_id}",) if message_id else ()
