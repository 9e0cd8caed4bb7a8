"""What administrators do to the directory; the apps that see the person or the department are told.

Shapes: https://open.feishu.cn/document/server-docs/contact-v3/user/events/created and its neighbours,
https://open.feishu.cn/document/server-docs/contact-v3/department/events/updated and its neighbours,
https://open.feishu.cn/document/server-docs/contact-v3/scope/events/updated.
"""

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu import old_events
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.contact_json import department_event, department_json, user_event, user_json
from imbridge.emulators.feishu.contact_range import sees_department, sees_user
from imbridge.emulators.feishu.department import Department
from imbridge.emulators.feishu.user import User

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

USER_CREATED = "contact.user.created_v3"
USER_UPDATED = "contact.user.updated_v3"
USER_DELETED = "contact.user.deleted_v3"
DEPARTMENT_CREATED = "contact.department.created_v3"
DEPARTMENT_UPDATED = "contact.department.updated_v3"
DEPARTMENT_DELETED = "contact.department.deleted_v3"
SCOPE_UPDATED = "contact.scope.updated_v3"

Pushed = list[str]
"""The ids of the events pushed, one for each app that is subscribed and sees what changed."""
Seen = User | Department


class Contacts:
    """Changes of the directory. Reached as `feishu.contacts`.

    `feishu.add_user` and `feishu.add_department` set the tenant up and tell nobody.
    """

    def __init__(self, world: "World") -> None:
        self._world = world

    def user_joins(self, user: User) -> Pushed:
        """A person who was just added with `feishu.add_user` is a new employee: `contact.user.created_v3`."""
        return self._tell_user(user, USER_CREATED, old_events.USER_ADDED, lambda app: {})

    def user_changes(self, user: User, **changes: Any) -> Pushed:
        """Changes a person: `contact.user.updated_v3` with the old values of what changed.

        Args:
            user: Who.
            changes: `name`, `email` and the attributes of `Profile`.
        """
        before = {app: user_event(self._world, user, app) for app in self._apps()}
        for name, value in changes.items():
            if name == "email":
                self._world.directory.change_email(user, value)
            else:
                target = user if name == "name" else user.profile
                if not hasattr(target, name):
                    raise TypeError(f"a person has no {name}")
                setattr(target, name, value)
        return self._tell_user(
            user,
            USER_UPDATED,
            old_events.USER_CHANGED,
            lambda app: {"old_object": _changed(before[app], user_event(self._world, user, app))},
        )

    def user_leaves(self, user: User) -> Pushed:
        """A person leaves the company, all departments and groups: `contact.user.deleted_v3`.

        The event's `object` has no departments any more, `old_object` has them.
        """
        apps = [app for app in self._apps() if sees_user(app, user)]
        departments = [one.open_department_id for one in user.profile.departments]
        user.profile.resigned = True
        user.profile.departments = []
        for chat in self._world.directory.chats.values():
            if chat.kind == "group" and user in chat.members:
                chat.members.remove(user)
        ids = self._world.directory.ids_of
        return self._tell(
            apps,
            USER_DELETED,
            lambda app: {
                "object": user_event(self._world, user, app) | {"department_ids": [], "orders": []},
                "old_object": {"department_ids": departments, "open_id": ids(user, app)["open_id"]},
            },
            old_events.USER_LEFT,
            lambda app: old_events.user_changed(user, app, self._world.directory),
        )

    def department_created(self, department: Department) -> Pushed:
        """A department that was just added with `feishu.add_department`: `contact.department.created_v3`."""
        return self._tell_department(department, DEPARTMENT_CREATED, old_events.DEPARTMENT_ADDED, lambda app: {})

    def department_changes(self, department: Department, **changes: Any) -> Pushed:
        """Changes name, parent, leader or order: `contact.department.updated_v3` with the old values."""
        before = {app: department_event(self._world, department, app) for app in self._apps()}
        for name, value in changes.items():
            if name not in {"name", "parent", "leader", "order", "department_id"}:
                raise TypeError(f"{name} of a department can not be changed")
            setattr(department, name, value)
        return self._tell_department(
            department,
            DEPARTMENT_UPDATED,
            old_events.DEPARTMENT_CHANGED,
            lambda app: {"old_object": _changed(before[app], department_event(self._world, department, app))},
        )

    def department_deleted(self, department: Department) -> Pushed:
        """Deletes a department with nothing in it: `contact.department.deleted_v3`."""
        directory = self._world.directory
        if any(department in user.profile.departments for user in directory.users) or any(
            other.parent is department for other in directory.departments.values()
        ):
            raise ValueError(f"{department!r} is not empty; the platform deletes empty departments only")
        department.deleted = True
        del directory.departments[department.open_department_id]
        old = {"status": {"is_deleted": True}, "open_department_id": department.open_department_id}
        return self._tell_department(
            department, DEPARTMENT_DELETED, old_events.DEPARTMENT_DELETED, lambda app: {"old_object": old}
        )

    def scope_changes(self, app: App, scope: "Collection[Seen] | None") -> Pushed:
        """An administrator changes what the app may see: `contact.scope.updated_v3` with what came and went."""
        before, after = self._range(app.contact_scope), self._range(scope)
        app.contact_scope = scope
        return self._tell(
            [app],
            SCOPE_UPDATED,
            lambda app: {
                "added": self._scope(app, [one for one in after if one not in before]),
                "removed": self._scope(app, [one for one in before if one not in after]),
            },
            old_events.SCOPE_CHANGED,
            lambda app: {},
        )

    def _range(self, scope: "Collection[Seen] | None") -> "list[Seen]":
        if scope is not None:
            return list(scope)
        # Everybody: what the scopes API lists then, the departments and the people directly below the root.
        directory = self._world.directory
        return [
            *(one for one in directory.departments.values() if one.parent is None),
            *(user for user in directory.users if not user.profile.departments),
        ]

    def _scope(self, app: App, seen: "Iterable[Seen]") -> dict[str, Any]:
        world, parts = self._world, list(seen)
        return {
            "departments": [department_json(world, one, app) for one in parts if isinstance(one, Department)],
            "users": [user_json(world, one, app) for one in parts if isinstance(one, User)],
            "user_groups": [],
        }

    def _tell_user(self, user: User, event_type: str, old_type: str, more: Callable[[App], dict[str, Any]]) -> Pushed:
        return self._tell(
            [app for app in self._apps() if sees_user(app, user)],
            event_type,
            lambda app: {"object": user_event(self._world, user, app), **more(app)},
            old_type,
            lambda app: old_events.user_changed(user, app, self._world.directory),
        )

    def _tell_department(
        self, department: Department, event_type: str, old_type: str, more: Callable[[App], dict[str, Any]]
    ) -> Pushed:
        return self._tell(
            [app for app in self._apps() if sees_department(app, department)],
            event_type,
            lambda app: {"object": department_event(self._world, department, app), **more(app)},
            old_type,
            lambda app: old_events.department_changed(department),
        )

    def _tell(
        self,
        apps: Iterable[App],
        event_type: str,
        payload: Callable[[App], dict[str, Any]],
        old_type: str,
        old_payload: Callable[[App], dict[str, Any]],
    ) -> Pushed:
        pushed = []
        for app in apps:
            pushed.append(self._world.push(app, event_type, payload(app)))
            if app.names(old_type):
                self._world.push_old(app, old_type, old_payload(app))
        return [event_id for event_id in pushed if event_id]

    def _apps(self) -> list[App]:
        return list(self._world.directory.apps.values())


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in before.items() if after.get(name) != value}
