"""What happens to people, groups, guilds and messages, and how robots are told.

Rules: bot.q.qq.com/wiki, the pages under `autogen/event` (2026).
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.group import Group
from imbridge.emulators.qq.guild_happenings import GuildHappenings
from imbridge.emulators.qq.message import BotMessage, SentMessage
from imbridge.emulators.qq.pushed import Pushed
from imbridge.emulators.qq.writing import now_text

if TYPE_CHECKING:
    from imbridge.emulators.qq.user import User


class Happenings(GuildHappenings):
    """Reached as `qq.happenings`."""

    # --- single chats -------------------------------------------------------------------------------------------------

    def friend_added(self, user: "User", bot: Bot, *, scene: int = 1000, scene_param: str = "") -> Pushed:
        """Somebody adds the robot as a friend; `scene_param` is what the link said by which they found it."""
        user.strangers.discard(bot)
        return self._friend("FRIEND_ADD", user, bot, scene=scene, scene_param=scene_param)

    def friend_removed(self, user: "User", bot: Bot) -> Pushed:
        """Somebody removes the robot from their friends: it can not write to them any more."""
        user.strangers.add(bot)
        return self._friend("FRIEND_DEL", user, bot)

    def messages_allowed(self, user: "User", bot: Bot) -> Pushed:
        """Somebody lets the robot write first: C2C_MSG_RECEIVE."""
        user.refuses.discard(bot)
        return self._friend("C2C_MSG_RECEIVE", user, bot)

    def messages_refused(self, user: "User", bot: Bot) -> Pushed:
        """Somebody does not let the robot write first any more: C2C_MSG_REJECT."""
        user.refuses.add(bot)
        return self._friend("C2C_MSG_REJECT", user, bot)

    def menu_picked(self, user: "User", bot: Bot, feature_id: str) -> str:
        """Somebody picks an entry of the robot's menu: INTERACTION_CREATE of type 12; returns its id."""
        return self._world.clicks.menu(user, bot, feature_id)

    def interacted(self, user: "User", bot: Bot, kind: int, resolved: Mapping[str, Any]) -> str:
        """Somebody does something with the robot that needs no answer: INTERACTION_CREATE; returns its id.

        Args:
            user: Who.
            bot: With which robot.
            kind: 13 praises or blames a message, 14 clears the session, 16 picks a model, 18 allows something.
            resolved: `data.resolved`.
        """
        return self._world.clicks.interact(user, bot, kind, dict(resolved))

    # --- groups -------------------------------------------------------------------------------------------------------

    def bot_added(self, group: Group, bot: Bot, by: "User") -> Pushed:
        """The robot comes into a group."""
        if bot not in group.bots:
            group.bots.append(bot)
        return self._group("GROUP_ADD_ROBOT", group, bot, by)

    def bot_removed(self, group: Group, bot: Bot, by: "User") -> Pushed:
        """The robot is taken out of a group."""
        pushed = self._group("GROUP_DEL_ROBOT", group, bot, by)
        if bot in group.bots:
            group.bots.remove(bot)
        return pushed

    def group_messages_allowed(self, group: Group, bot: Bot, by: "User") -> Pushed:
        """A group lets the robot speak first: GROUP_MSG_RECEIVE."""
        group.refuses.discard(bot)
        return self._group("GROUP_MSG_RECEIVE", group, bot, by)

    def group_messages_refused(self, group: Group, bot: Bot, by: "User") -> Pushed:
        """A group does not let the robot speak first any more: GROUP_MSG_REJECT."""
        group.refuses.add(bot)
        return self._group("GROUP_MSG_REJECT", group, bot, by)

    def member_joined(self, group: Group, user: "User") -> list[Pushed]:
        """Somebody joins a group: GROUP_MEMBER_ADD for its robots."""
        group.members.append(user)
        return [self._group_member("GROUP_MEMBER_ADD", group, bot, user) for bot in group.bots]

    def member_left(self, group: Group, user: "User") -> list[Pushed]:
        """Somebody leaves a group: GROUP_MEMBER_REMOVE for its robots."""
        pushed = [self._group_member("GROUP_MEMBER_REMOVE", group, bot, user) for bot in group.bots]
        group.members.remove(user)
        return pushed

    def join_requested(self, group: Group, user: "User", text: str = "") -> list[Pushed]:
        """Somebody asks to join a group: GROUP_JOIN_REQUEST for the robots that run it."""
        people, told = self._world.people, []
        for bot in group.bots:
            if bot in group.managed_by:
                openid = people.group_openid(group, bot)
                data = {
                    "group_openid": openid,
                    "join_request_id": self._world.ids.text("join_request", 64),
                    "member_openid": people.member_openid(user, bot, group),
                    "username": user.name,
                    "apply_at": now_text(),
                    "apply_source": "self_apply",
                    "verify_info": {"method": "verify_message", "verify_message": text},
                }
                told.append(self._world.dispatch.send(bot, "GROUP_JOIN_REQUEST", data, key=openid))
        return told

    # --- audits -------------------------------------------------------------------------------------------------------

    def audit_passed(self, message: BotMessage) -> Pushed:
        """A message passes its audit: people see it.

        Raises:
            ValueError: It waits for none.
        """
        return self._world.audits.decide(message, passed=True)

    def audit_rejected(self, message: BotMessage) -> Pushed:
        """A message does not pass its audit.

        Raises:
            ValueError: It waits for none.
        """
        return self._world.audits.decide(message, passed=False)

    def recalled(self, sent: SentMessage) -> None:
        """Somebody takes a message back in a single chat or group: robots are not told, quoting it stays possible."""
        sent.recalled = True

    def _friend(self, kind: str, user: "User", bot: Bot, **more: Any) -> Pushed:
        people = self._world.people
        openid = people.openid(user, bot)
        author = {"union_openid": people.union_openid(user)}
        data: dict[str, Any] = {"timestamp": int(time.time()), "openid": openid, "author": author, **more}
        return self._world.dispatch.send(bot, kind, data, key=openid)

    def _group(self, kind: str, group: Group, bot: Bot, by: "User") -> Pushed:
        people = self._world.people
        openid = people.group_openid(group, bot)
        data = {"timestamp": int(time.time()), "group_openid": openid}
        data["op_member_openid"] = people.member_openid(by, bot, group)
        return self._world.dispatch.send(bot, kind, data, key=openid)

    def _group_member(self, kind: str, group: Group, bot: Bot, user: "User") -> Pushed:
        people = self._world.people
        openid = people.group_openid(group, bot)
        member = people.member_openid(user, bot, group)
        data = {"timestamp": int(time.time()), "group_openid": openid, "member_openid": member}
        data["user_openid"] = people.openid(user, bot)
        return self._world.dispatch.send(bot, kind, data, key=openid)
