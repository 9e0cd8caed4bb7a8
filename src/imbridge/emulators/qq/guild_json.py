"""Guilds, channels, members and people as the API and the events show them."""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.guild import Channel, Guild

if TYPE_CHECKING:
    from imbridge.emulators.qq.user import User

JOINED = "2021-10-21T11:20:18+08:00"


def user_json(one: "User | Bot") -> dict[str, Any]:
    """Somebody, or a robot."""
    number, is_bot = (one.bot_id, True) if isinstance(one, Bot) else (one.id, False)
    return {"id": number, "username": one.name, "avatar": "", "bot": is_bot}


def guild_json(guild: Guild) -> dict[str, Any]:
    """A guild."""
    return {
        "id": guild.id,
        "name": guild.name,
        "icon": "",
        "description": "",
        "owner_id": guild.owner.id if guild.owner is not None else "",
        "member_count": len(guild.members) + len(guild.bots),
        "max_members": 300,
        "joined_at": JOINED,
    }


def channel_json(channel: Channel) -> dict[str, Any]:
    """A channel."""
    owner = channel.guild.owner.id if channel.guild.owner is not None else ""
    return {"id": channel.id, "guild_id": channel.guild.id, "name": channel.name, "owner_id": owner, **channel.facts}


def member_json(guild: Guild, user: "User") -> dict[str, Any]:
    """A member."""
    return {"user": user_json(user), "nick": user.name, "roles": guild.roles_for(user), "joined_at": JOINED}
