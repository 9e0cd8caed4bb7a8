"""Filling the emulator: robots, people, groups and guilds."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.ids import ALPHANUMERIC
from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.group import Group
from imbridge.emulators.qq.guild import Guild
from imbridge.emulators.qq.user import User

if TYPE_CHECKING:
    from imbridge.emulators.qq.world import World


class Setup:
    """What the emulator offers to fill it. Nobody is told of anything: see `happenings`."""

    _world: "World"

    def add_bot(self, name: str = "Bot", app_id: str = "", secret: str = "", **permissions: Any) -> Bot:
        """Adds a robot.

        Args:
            name: What people see.
            app_id: Its AppID; a new one if it is left out.
            secret: Its AppSecret; a new one if it is left out.
            permissions: What it may do, as the attributes of `Bot`: `markdown=False`, `urls=("example.com",)`.

        Raises:
            ValueError: The AppID is taken.
        """
        ids = self._world.ids
        app_id = app_id or ids.number("app", 9)
        if app_id in self._world.bots:
            raise ValueError(f"there is a bot {app_id} already")
        secret = secret or ids.text("secret", 32, ALPHANUMERIC)
        bot = Bot(app_id, secret, name, ids.number("bot", 19), **permissions)
        self._world.bots[app_id] = bot
        return bot

    def add_user(self, name: str) -> User:
        """Adds somebody, who is every robot's friend."""
        user = User(self._world, name, self._world.ids.number("user", 19))
        self._world.users.append(user)
        for bot in self._world.bots.values():
            user.openid_for(bot)
        return user

    def add_group(
        self,
        name: str,
        *,
        members: Iterable[User] = (),
        bots: Iterable[Bot] | None = None,
        owner: User | None = None,
        all_messages: bool = False,
    ) -> Group:
        """Adds a group; `bots` are all there are, if they are left out."""
        people = list(members)
        robots = list(self._world.bots.values() if bots is None else bots)
        group = Group(
            self._world.ids.number("group", 9), name, people, robots, owner or (people[0] if people else None)
        )
        group.all_messages = all_messages
        self._world.groups.append(group)
        for bot in robots:
            self._world.people.group_openid(group, bot)
        return group

    def add_guild(
        self,
        name: str,
        *,
        members: Iterable[User] = (),
        bots: Iterable[Bot] | None = None,
        owner: User | None = None,
    ) -> Guild:
        """Adds a guild; `bots` are all there are, if they are left out. It has no channels yet."""
        people = list(members)
        owner = owner or (people[0] if people else None)
        guild = Guild(self._world, name, guild_id=self._world.ids.number("guild", 19), owner=owner)
        guild.members = people
        guild.bots = list(self._world.bots.values() if bots is None else bots)
        self._world.guilds[guild.id] = guild
        return guild

    def group_openid(self, group: Group, bot: Bot | None = None) -> str:
        """A group's `group_openid` for a robot."""
        return self._world.people.group_openid(group, self._world.the_bot(bot))
