"""What happens to groups.

Sources: open.dingtalk.com, "群会话添加人员" (group-session-add-persons), "群会话删除人员", "群会话用户主动退群",
"群会话更换群主", "群会话更换群名称", "群会话解散群", "群内安装酷应用事件"
(install-cool-application-events-in-the-group). The documents have no event for a group that is made, nor for a robot
that is added but by such an installation.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.frame import now_ms
from imbridge.emulators.dingtalk.told import Told, tell

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.group import Group
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World


class GroupHappenings:
    """Changes of groups. Without `by` it is the owner who does it; without `app` all apps are told."""

    _world: "World"

    def chat_created(self, group: "Group", *, by: "User | None" = None, app: "App | None" = None) -> Told:
        """A group is there (made with `add_group`): the apps in it learn of it as of an installation."""
        told: list[Any] = []
        for one in group.apps if app is None else [app]:
            told += self.bot_added(group, one, by=by)
        return Told(told)

    def bot_added(self, group: "Group", app: "App", *, by: "User | None" = None) -> Told:
        """An app's robot comes into a group: `im_cool_app_install`, to this app."""
        if app not in group.apps:
            group.apps.append(app)
        return tell(self._world, "im_cool_app_install", self._installation(group, app, by), app)

    def bot_removed(self, group: "Group", app: "App", *, by: "User | None" = None) -> Told:
        """An app's robot is taken out of a group: `im_cool_app_uninstall`, to this app."""
        if app in group.apps:
            group.apps.remove(app)
        return tell(self._world, "im_cool_app_uninstall", self._installation(group, app, by), app)

    def member_added(self, group: "Group", *users: "User", by: "User | None" = None, app: "App | None" = None) -> Told:
        """People come into a group: `chat_add_member`."""
        group.members += [user for user in users if user not in group.members]
        fields = {**self._who(users), "eventType": "chat_add_member"}
        return tell(self._world, "chat_add_member", {**self._head(group, by), **fields}, app)

    def member_removed(
        self, group: "Group", *users: "User", by: "User | None" = None, app: "App | None" = None
    ) -> Told:
        """People are put out of a group: `chat_remove_member`."""
        head = self._head(group, by)
        group.members = [one for one in group.members if one not in users]
        return tell(self._world, "chat_remove_member", {**head, **self._who(users)}, app)

    def member_quits(self, group: "Group", user: "User", *, app: "App | None" = None) -> Told:
        """Somebody leaves a group: `chat_quit`, with them as the operator."""
        group.members = [one for one in group.members if one is not user]
        return tell(self._world, "chat_quit", self._head(group, user), app)

    def owner_changed(
        self, group: "Group", owner: "User", *, by: "User | None" = None, app: "App | None" = None
    ) -> Told:
        """A group has another owner: `chat_update_owner`."""
        head = self._head(group, by)
        group.owner = owner
        return tell(self._world, "chat_update_owner", {**head, "owner": owner.userid}, app)

    def title_changed(self, group: "Group", title: str, *, by: "User | None" = None, app: "App | None" = None) -> Told:
        """A group has another name: `chat_update_title`."""
        group.title = title
        return tell(self._world, "chat_update_title", {**self._head(group, by), "title": title}, app)

    def disbanded(self, group: "Group", *, by: "User | None" = None, app: "App | None" = None) -> Told:
        """A group is no more: `chat_disband`."""
        group.disbanded = True
        return tell(self._world, "chat_disband", self._head(group, by), app)

    def _head(self, group: "Group", by: "User | None") -> dict[str, Any]:
        operator = by or group.owner
        return {
            "timeStamp": now_ms(),
            "chatId": group.chat_id,
            "corpId": self._world.corp_id,
            "operatorUnionId": operator.union_id if operator is not None else "",
            "openConversationId": group.open_conversation_id,
            "operator": operator.userid if operator is not None else "",
        }

    def _installation(self, group: "Group", app: "App", by: "User | None") -> dict[str, Any]:
        operator = by or group.owner
        return {
            "coolAppCode": "COOLAPP-1-" + self._world.ids.derived("cool_app", app.client_id, digits=20).upper(),
            "operateTime": str(now_ms()),
            "openConversationCorpId": self._world.corp_id,
            "robotCode": app.robot_code,
            "openConversationId": group.open_conversation_id,
            "operator": operator.userid if operator is not None else "",
        }

    @staticmethod
    def _who(users: "Sequence[User]") -> dict[str, Any]:
        return {"userId": [user.userid for user in users], "unionId": [user.union_id for user in users]}
