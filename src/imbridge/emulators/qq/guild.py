"""Guilds, their channels, and the private messages that members exchange with a robot."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.bot import Bot

if TYPE_CHECKING:
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World

ALL = "1"
ADMIN = "2"
OWNER = "4"
"""The roles that every guild has."""


@dataclass(slots=True, eq=False)
class Channel:
    """A text channel.

    Attributes:
        id: Its number.
        guild: Where it is.
        name: What people see.
        facts: What else the API says of it.
        said: How many messages there were.
        pins: The ids of its pinned messages.
        schedules: Its schedules by id.
        permissions: What people and roles may do, by `user/ID` and `role/ID`, where somebody has changed that.
    """

    id: str
    guild: "Guild" = field(repr=False)
    name: str
    facts: dict[str, Any] = field(default_factory=dict, repr=False)
    said: int = 0
    pins: list[str] = field(default_factory=list, repr=False)
    schedules: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    permissions: dict[str, int] = field(default_factory=dict, repr=False)


@dataclass(slots=True, eq=False)
class Direct:
    """The private messages of one member with one robot.

    Attributes:
        id: Its number, a guild's in the API.
        channel_id: Its channel's number.
        guild: The guild they have in common.
        user: The member.
        bot: The robot.
        said: How many messages there were.
    """

    id: str
    channel_id: str
    guild: "Guild" = field(repr=False)
    user: "User" = field(repr=False)
    bot: Bot = field(repr=False)
    said: int = 0


class Guild:
    """A guild (频道).

    Attributes:
        id: Its number.
        name: What people see.
        members: Who is in it.
        bots: Which robots are in it.
        owner: Whose it is.
        channels: Its text channels by number.
        roles: Its roles by id.
        roles_of: The roles of members, by their number.
        announcement: What is announced; empty: nothing.
    """

    def __init__(self, world: "World", name: str, *, guild_id: str, owner: "User | None" = None) -> None:
        self._world = world
        self.id = guild_id
        self.name = name
        self.members: list[User] = []
        self.bots: list[Bot] = []
        self.owner = owner
        self.channels: dict[str, Channel] = {}
        self.roles: dict[str, dict[str, Any]] = {
            ALL: {"id": ALL, "name": "全体成员", "color": 4278245297, "hoist": 0, "number": 0, "member_limit": 0},
            ADMIN: {"id": ADMIN, "name": "管理员", "color": 4278245297, "hoist": 1, "number": 0, "member_limit": 50},
            OWNER: {"id": OWNER, "name": "频道主", "color": 4278245297, "hoist": 1, "number": 1, "member_limit": 1},
        }
        self.roles_of: dict[str, list[str]] = {}
        self.announcement: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Guild({self.name!r})"

    def add_channel(self, name: str, *, channel_id: str = "") -> Channel:
        """Adds a text channel; nobody is told: see `happenings`."""
        channel = Channel(channel_id or self._world.ids.number("channel", 8), self, name)
        channel.facts = {"type": 0, "sub_type": 0, "position": len(self.channels) + 1, "parent_id": "0"}
        self.channels[channel.id] = self._world.channels[channel.id] = channel
        return channel

    def direct(self, user: "User", bot: Bot) -> Direct:
        """The private messages of a member with a robot."""
        known = self._world.directs_of.get((user, bot))
        if known is None:
            ids = self._world.ids
            known = Direct(ids.number("guild", 17), ids.number("channel", 8), self, user, bot)
            self._world.directs_of[user, bot] = self._world.directs[known.id] = known
        return known

    def roles_for(self, user: "User") -> list[str]:
        """The ids of a member's roles."""
        own = [OWNER] if user is self.owner else []
        return [*own, *self.roles_of.get(user.id, [])] or [ALL]
