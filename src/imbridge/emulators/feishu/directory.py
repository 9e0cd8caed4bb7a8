"""Who and what there is: apps, people, chats, and the ids each app knows them by."""

from typing import TYPE_CHECKING

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.department import Department

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User


class Directory:
    """The tenant's directory.

    An open_id is per app, a user_id per tenant, a union_id per developer
    (https://open.feishu.cn/document/platform-overveiw/basic-concepts/user-identity-introduction/introduction).
    """

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self.apps: dict[str, App] = {}
        self.users: list[User] = []
        self.chats: dict[str, Chat] = {}
        self.departments: dict[str, Department] = {}
        self._private: dict[tuple[User, App], Chat] = {}
        self._known: dict[tuple[User | App, App], dict[str, str]] = {}
        self._people: dict[tuple[str, str, str], User | App] = {}

    def add_app(self, app: App) -> None:
        """Adds an app; everybody gets an open_id for it."""
        self.apps[app.app_id] = app
        for user in self.users:
            self._introduce(user, app)
        for other in self.apps.values():
            self._introduce(other, app)
            self._introduce(app, other)

    def add_user(self, user: "User") -> None:
        """Adds a person, with an open_id for every app."""
        self.users.append(user)
        for app in self.apps.values():
            self._introduce(user, app)

    def change_email(self, user: "User", email: str) -> None:
        """Gives a person another address; the old one finds nobody any more."""
        for app in self.apps.values():
            self._people.pop((app.app_id, "email", user.email), None)
            self._people[app.app_id, "email", email] = user
        user.email = email

    def department(self, id_type: str, value: str) -> Department | None:
        """The department with this id; `id_type` is open_department_id or department_id."""
        if id_type == "open_department_id":
            return self.departments.get(value)
        return next((one for one in self.departments.values() if one.department_id == value), None)

    def has_private_chat(self, user: "User", app: App) -> bool:
        """Whether the person and the bot have talked before."""
        return (user, app) in self._private

    def private_chat(self, user: "User", app: App) -> Chat:
        """The private chat of a person and a bot; there is one."""
        chat = self._private.get((user, app))
        if chat is None:
            chat_id = "oc_" + self._ids.derived("p2p", user.union_id, app.app_id)
            chat = Chat(chat_id=chat_id, kind="p2p", members=[user], apps=[app])
            self._private[user, app] = chat
            self.chats[chat_id] = chat
        return chat

    def ids_of(self, who: "User | App", app: App) -> dict[str, str]:
        """open_id, user_id and union_id by which an app knows somebody. Not to be changed by the caller."""
        return self._known[who, app]

    def find(self, app: App, id_type: str, value: str) -> "User | App | None":
        """Whoever has this id for this app; `id_type` is open_id, user_id, union_id or email."""
        return self._people.get((app.app_id, id_type, value))

    def belongs_to_other_app(self, app: App, open_id: str) -> bool:
        """Whether it is an open_id, but of another app."""
        return any((other, "open_id", open_id) in self._people for other in self.apps if other != app.app_id)

    def _introduce(self, who: "User | App", app: App) -> None:
        if isinstance(who, App):
            own = who is app
            open_id = who.bot_open_id if own else "ou_" + self._ids.derived("bot", who.app_id, app.app_id)
            known = {"open_id": open_id, "union_id": "on_" + self._ids.derived("bot", who.app_id), "user_id": ""}
        else:
            open_id = "ou_" + self._ids.derived("open_id", who.union_id, app.app_id)
            known = {"open_id": open_id, "union_id": who.union_id, "user_id": who.user_id}
            self._people[app.app_id, "email", who.email] = who
        self._known[who, app] = known
        for id_type, value in known.items():
            if value:
                self._people[app.app_id, id_type, value] = who
