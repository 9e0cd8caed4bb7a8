"""Who wrote a message, and where.

Source: bot.q.qq.com, "message events": people have an openid for each bot, in groups one for each group, in guilds a
number. `union_openid`, `username`, `bot` in groups are as clients have seen them.
"""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.qq.received.facts import direct, fields, first_id, group, id_of, person, private, room, text_of
from imbridge.adapters.qq.received.identity import Identity
from imbridge.protocol import Channel, Sender

PRIVATE, DIRECT = "C2C_MESSAGE_CREATE", "DIRECT_MESSAGE_CREATE"
_IDS = {
    PRIVATE: ("user_openid", "id"),
    "GROUP_AT_MESSAGE_CREATE": ("member_openid", "id"),
    "GROUP_MESSAGE_CREATE": ("member_openid", "id"),
}
"""What names somebody, by the event; in guilds their number."""
_OTHERS = ("user_openid", "member_openid", "union_openid", "union_user_account", "id")


def sender(kind: str, data: Mapping[str, Any], me: Identity) -> Sender:
    """Who wrote it.

    Raises:
        ValueError: nobody is named.
    """
    author = fields(data, "author")
    identity = first_id(author, *_IDS.get(kind, ("id", "user_openid")))
    if not identity:
        raise ValueError("a message from nobody")
    ids = tuple((name, value) for name in _OTHERS if (value := id_of(author, name)))
    name = text_of(fields(data, "member"), "nick") or text_of(author, "username")
    is_self = author.get("is_you") is True or me.is_me(group_of(data) if kind.startswith("GROUP_") else "", identity)
    return person(identity, ids, name, is_self or author.get("bot") is True, is_self)


def channel(kind: str, data: Mapping[str, Any], who: Sender, me: Identity) -> Channel:
    """Where it was said: by what can be answered there.

    Raises:
        ValueError: that is not told.
    """
    if kind == PRIVATE:
        return private(me.account, who.id)
    if kind.startswith("GROUP_"):
        return group(me.account, _needed(group_of(data), "group_openid"))
    if kind == DIRECT:
        guild = _needed(id_of(data, "guild_id"), "guild_id")
        me.heard_direct(guild)
        return direct(me.account, guild)
    return room(me.account, _needed(id_of(data, "channel_id"), "channel_id"))


def group_of(data: Mapping[str, Any]) -> str:
    """The group's openid, which has two names."""
    return text_of(data, "group_openid") or text_of(data, "group_id")


def _needed(value: str, name: str) -> str:
    if not value:
        raise ValueError(f"a message without {name}")
    return value
