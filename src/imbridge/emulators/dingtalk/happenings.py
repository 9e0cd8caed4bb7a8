"""What happens in the organisation; the apps are told, and the world changes with it.

Sources: open.dingtalk.com, "企业增加员工事件" (enterprise-increases-employee-events), "通讯录用户更改"
(address-book-user-change), "通讯录用户离职", "加入企业后用户激活", "通讯录用户被设为管理员", "通讯录企业部门创建" and
its neighbours, "员工角色信息发生变更", "增加角色或者角色组". Not found there and filled in after their neighbours:
`org_admin_remove`, `org_dept_remove`, `label_conf_del` and the fields of `org_change`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.directory import ROOT, Department
from imbridge.emulators.dingtalk.frame import now_ms
from imbridge.emulators.dingtalk.group_happenings import GroupHappenings
from imbridge.emulators.dingtalk.told import Told, tell

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.approvals import Approval
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World

COMPARED = ("name", "mobile")
"""What `user_changed` can change of a person beside their departments."""


class Happenings(GroupHappenings):
    """Reached as `ding.happenings`. Without `app` all apps are told."""

    def __init__(self, world: "World") -> None:
        self._world = world

    # --- people -------------------------------------------------------------------------------------------------------

    def user_joined(self, *users: "User", app: "App | None" = None) -> Told:
        """People (made with `add_user`) are new in the organisation: `user_add_org`."""
        return self._people("user_add_org", users, app)

    def user_activated(self, *users: "User", app: "App | None" = None) -> Told:
        """People use DingTalk in the organisation for the first time: `user_active_org`."""
        return self._people("user_active_org", users, app)

    def user_left(self, *users: "User", app: "App | None" = None) -> Told:
        """People are no members any more: `user_leave_org`."""
        for user in users:
            self._world.users.pop(user.userid, None)
        return self._people("user_leave_org", users, app)

    def user_changed(
        self, user: "User", *, departments: Sequence[int] | None = None, app: "App | None" = None, **changes: str
    ) -> Told:
        """A person's entry changes: `user_modify_org`, with what it was and is.

        Args:
            user: Whose.
            departments: Where they are from now on.
            app: Who is told.
            **changes: name, mobile.

        Raises:
            ValueError: Something else is to change, or a department does not exist.
        """
        unknown = sorted(set(changes) - set(COMPARED))
        if unknown:
            raise ValueError(f"{unknown} of a user can not be changed; only {', '.join(COMPARED)} and departments")
        before = _entry(user)
        for name, value in changes.items():
            setattr(user, name, value)
        if departments is not None:
            self._world.directory.check(departments)
            user.departments = list(departments)
        difference = {"prev": before, "curr": _entry(user), "userid": user.userid}
        fields = {"timeStamp": str(now_ms()), "diffInfo": difference, "userId": [user.userid]}
        return tell(self._world, "user_modify_org", fields, app)

    def admin_added(self, *users: "User", app: "App | None" = None) -> Told:
        """People become administrators: `org_admin_add`."""
        for user in users:
            user.admin = True
        return self._people("org_admin_add", users, app)

    def admin_removed(self, *users: "User", app: "App | None" = None) -> Told:
        """People are administrators no more: `org_admin_remove`."""
        for user in users:
            user.admin = False
        return self._people("org_admin_remove", users, app)

    # --- departments and the organisation -----------------------------------------------------------------------------

    def department_created(self, name: str, parent_id: int = ROOT, *, app: "App | None" = None) -> Department:
        """A department is new: `org_dept_create`; returns it."""
        directory = self._world.directory
        department = directory.add(name, parent_id, max(directory.departments) + 1)
        tell(self._world, "org_dept_create", {"deptId": [department.id]}, app)
        return department

    def department_changed(
        self, department: Department, *, name: str | None = None, parent_id: int | None = None, app: "App | None" = None
    ) -> Told:
        """A department's name or place changes: `org_dept_modify`."""
        department.name = department.name if name is None else name
        department.parent_id = department.parent_id if parent_id is None else parent_id
        return tell(self._world, "org_dept_modify", {"deptId": [department.id]}, app)

    def department_removed(self, department: Department, *, app: "App | None" = None) -> Told:
        """A department is no more: `org_dept_remove`."""
        self._world.directory.departments.pop(department.id, None)
        return tell(self._world, "org_dept_remove", {"deptId": [department.id]}, app)

    def organisation_changed(self, name: str, *, app: "App | None" = None) -> Told:
        """The organisation's entry changes: `org_change`."""
        self._world.corp_name = self._world.directory.departments[ROOT].name = name
        return tell(self._world, "org_change", {"timeStamp": str(now_ms()), "corpId": self._world.corp_id}, app)

    # --- roles --------------------------------------------------------------------------------------------------------

    def role_given(
        self, *users: "User", label_ids: Sequence[int], action: str = "add", app: "App | None" = None
    ) -> Told:
        """People get or lose roles: `label_user_change`."""
        fields = {"userIdList": [user.userid for user in users], "action": action, "labelIdList": list(label_ids)}
        return tell(self._world, "label_user_change", fields, app)

    def roles_changed(self, change: str, label_ids: Sequence[int], *, app: "App | None" = None, **more: Any) -> Told:
        """Roles are made, changed or deleted: `label_conf_` and `add`, `modify` or `del`."""
        return tell(self._world, f"label_conf_{change}", {"scope": "", "labelIdList": list(label_ids), **more}, app)

    # --- approvals ----------------------------------------------------------------------------------------------------

    def approval_started(
        self, user: "User", title: str, approvers: "Sequence[User]" = (), *, app: "App | None" = None
    ) -> "Approval":
        """Somebody asks for an approval: `bpms_instance_change` and, for each approver, `bpms_task_change`."""
        return self._world.approvals.start(user, title, approvers, app=app)

    def _people(self, event_type: str, users: "Sequence[User]", app: "App | None") -> Told:
        fields = {"timeStamp": str(now_ms()), "userId": [user.userid for user in users]}
        return tell(self._world, event_type, fields, app)


def _entry(user: "User") -> Mapping[str, str]:
    """A person's entry as the event compares it; what the emulator does not have is empty."""
    return {
        "name": user.name,
        "email": "",
        "jobNumber": "",
        "workPlace": "",
        "remark": "",
        "telephone": "",
        "extFields": "{}",
        "managerUserid": "",
        "hiredDate": "",
    }
