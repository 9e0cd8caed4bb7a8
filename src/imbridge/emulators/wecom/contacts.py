"""Changes of the directory, by an administrator: `change_contact`.

Rules: https://developer.work.weixin.qq.com/document/path/90376 (通讯录变更事件). The events go to every app that has a
callback address, or to one that is named.
"""

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.directory import Department, Tag
from imbridge.emulators.wecom.message import SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User
    from imbridge.emulators.wecom.world import World

CHANGEABLE = {
    "name": "Name",
    "mobile": "Mobile",
    "email": "Email",
    "position": "Position",
    "alias": "Alias",
    "gender": "Gender",
}


class Contacts:
    """Reached as `wecom.contacts`. Every method returns what was pushed."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def user_joins(self, user: "User", *, app: App | None = None) -> list[SentMessage]:
        """A member (made with `add_user`) is new: `create_user`."""
        fields = {
            "UserID": user.userid,
            "Name": user.name,
            "Department": _joined(user.departments),
            "MainDepartment": user.departments[0] if user.departments else 0,
            "IsLeaderInDept": _joined([0] * len(user.departments)),
            "Position": user.position,
            "Mobile": user.mobile,
            "Gender": str(user.gender),
            "Email": user.email,
            "Status": 1 if user.active else 4,
            "Alias": user.alias,
        }
        return self._tell("create_user", fields, app)

    def user_changes(
        self,
        user: "User",
        *,
        new_userid: str = "",
        departments: list[int] | None = None,
        app: App | None = None,
        **changes: Any,
    ) -> list[SentMessage]:
        """A member's name, mobile, email, position, alias, gender, departments or userid change: `update_user`."""
        fields: dict[str, Any] = {"UserID": user.userid}
        if new_userid:
            users = self._world.directory.users
            users[new_userid.lower()] = users.pop(user.userid.lower())
            user.userid = new_userid
            fields["NewUserID"] = new_userid
        for name, value in changes.items():
            fields[CHANGEABLE[name]] = str(value)
            setattr(user, name, value)
        if departments is not None:
            user.departments = departments
            fields |= {"Department": _joined(departments), "MainDepartment": departments[0]}
        return self._tell("update_user", fields, app)

    def user_leaves(self, user: "User", *, app: App | None = None) -> list[SentMessage]:
        """A member is deleted: `delete_user`."""
        self._world.directory.users.pop(user.userid.lower(), None)
        return self._tell("delete_user", {"UserID": user.userid}, app)

    def department_created(self, department: Department, *, app: App | None = None) -> list[SentMessage]:
        """A department (made with `add_department`) is new: `create_party`."""
        fields = {"Id": department.id, "Name": department.name, "ParentId": str(department.parent_id)}
        return self._tell("create_party", {**fields, "Order": department.order}, app)

    def department_changes(
        self, department: Department, *, name: str | None = None, parent_id: int | None = None, app: App | None = None
    ) -> list[SentMessage]:
        """A department's name or place changes: `update_party`."""
        department.name = department.name if name is None else name
        department.parent_id = department.parent_id if parent_id is None else parent_id
        fields = {"Id": department.id, "Name": department.name, "ParentId": str(department.parent_id)}
        return self._tell("update_party", fields, app)

    def department_deleted(self, department: Department, *, app: App | None = None) -> list[SentMessage]:
        """A department is deleted: `delete_party`."""
        self._world.directory.departments.pop(department.id, None)
        return self._tell("delete_party", {"Id": department.id}, app)

    def tag_changes(
        self,
        tag: Tag,
        *,
        add_users: "Iterable[User]" = (),
        del_users: "Iterable[User]" = (),
        add_parties: Iterable[int] = (),
        del_parties: Iterable[int] = (),
        app: App | None = None,
    ) -> list[SentMessage]:
        """Members or departments of a tag change: `update_tag`."""
        joined, left = [user.userid for user in add_users], [user.userid for user in del_users]
        come, gone = list(add_parties), list(del_parties)
        tag.userids = (tag.userids | set(joined)) - set(left)
        tag.parties = (tag.parties | set(come)) - set(gone)
        fields = {
            "TagId": tag.id,
            "AddUserItems": _joined(joined),
            "DelUserItems": _joined(left),
            "AddPartyItems": _joined(come),
            "DelPartyItems": _joined(gone),
        }
        return self._tell("update_tag", fields, app)

    def _tell(self, change: str, fields: Mapping[str, Any], app: App | None) -> list[SentMessage]:
        apps = [app] if app is not None else self._world.callbacks.addressed()
        return [self._world.callbacks.push(one, self._event(one, change, fields)) for one in apps]

    def _event(self, app: App, change: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        head = {"ToUserName": app.corp_id, "FromUserName": "sys", "CreateTime": int(time.time()), "MsgType": "event"}
        return {**head, "Event": "change_contact", "ChangeType": change, **fields}


def _joined(items: Iterable[object]) -> str:
    return ",".join(str(item) for item in items)
