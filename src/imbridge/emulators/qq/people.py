"""Who is who for which robot: openids are each robot's own.

Rule: bot-docs, `dev-prepare/unique-id.md`.
"""

from typing import TYPE_CHECKING, TypeVar

from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.group import Group

if TYPE_CHECKING:
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World

OwnerT = TypeVar("OwnerT")


class People:
    """People and groups, by openid."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._users: dict[str, tuple[Bot, User]] = {}
        self._groups: dict[str, tuple[Bot, Group]] = {}

    def openid(self, user: "User", bot: Bot) -> str:
        """Somebody's `user_openid`."""
        openid = self._world.ids.openid("user", bot.app_id, user.id)
        self._users[openid] = (bot, user)
        return openid

    def member_openid(self, user: "User", bot: Bot, group: Group) -> str:
        """Somebody's `member_openid`."""
        if self._world.settings.same_openids:
            return self.openid(user, bot)
        return self._world.ids.openid("member", bot.app_id, group.number, user.id)

    def union_openid(self, user: "User") -> str:
        """Somebody's `union_openid`."""
        return self._world.ids.openid("union", user.id)

    def group_openid(self, group: Group, bot: Bot) -> str:
        """A group's `group_openid`."""
        openid = self._world.ids.openid("group", bot.app_id, group.number)
        self._groups[openid] = (bot, group)
        return openid

    def bot_member_openid(self, bot: Bot, group: Group) -> str:
        """The robot's own `member_openid`, by which it is mentioned."""
        return self._world.ids.openid("robot", bot.app_id, group.number)

    def user(self, bot: Bot, openid: str) -> "User":
        """Whose `user_openid` it is.

        Raises:
            ApiError: It is another robot's (11255), or nobody's.
        """
        return _own(bot, self._users.get(openid), f"user {openid}")

    def group(self, bot: Bot, openid: str) -> Group:
        """Which group's `group_openid` it is.

        Raises:
            ApiError: It is another robot's (11255), none, or the robot is not in it.
        """
        group = _own(bot, self._groups.get(openid), f"group {openid}")
        if bot not in group.bots:
            raise ApiError(40054003)
        return group


def _own(bot: Bot, found: tuple[Bot, OwnerT] | None, what: str) -> OwnerT:
    if found is None:
        raise ApiError(40034001, f"请求参数错误: {what} does not exist")
    if found[0] is not bot:
        raise ApiError(11255)
    return found[1]
