"""Setting the tenant up: apps, people, departments, conversations. Nobody is told of it."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.custom_bot import CustomBot
from imbridge.emulators.feishu.department import Department
from imbridge.emulators.feishu.profile import Profile
from imbridge.emulators.feishu.user import User

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World


class TenantSetup:
    """What there is in the tenant before anybody does anything."""

    _world: "World"

    def add_app(
        self,
        app_id: str | None = None,
        app_secret: str | None = None,
        name: str = "Demo Bot",
        *,
        encrypt_key: str = "",
        verification_token: str | None = None,
        group_scope: Literal["all", "at"] = "all",
        hears_bots: bool = False,
        subscriptions: Collection[str] | None = None,
        scopes: Collection[str] | None = None,
        asked_scopes: Collection[str] = (),
        contact_scope: Collection[User | Department] | None = None,
        redirect_uris: Collection[str] | None = None,
        user_scopes: Collection[str] | None = None,
    ) -> App:
        """Adds an app with a bot; what is not given is made up. See `App` for the arguments."""
        ids = self._world.ids
        app_id = app_id or f"cli_{ids.hex('app', 16)}"
        if app_id in self._world.directory.apps:
            raise ValueError(f"there is an app {app_id} already")
        app = App(
            app_id=app_id,
            app_secret=app_secret or ids.hex("secret"),
            name=name,
            bot_open_id="ou_" + ids.derived("bot", app_id, app_id),
            encrypt_key=encrypt_key,
            verification_token=ids.hex("verification") if verification_token is None else verification_token,
            group_scope=group_scope,
            hears_bots=hears_bots,
            subscriptions=subscriptions,
            scopes=scopes,
            asked_scopes=asked_scopes,
            contact_scope=contact_scope,
            redirect_uris=redirect_uris,
            user_scopes=user_scopes,
        )
        self._world.directory.add_app(app)
        return app

    def add_user(self, name: str, *departments: Department, email: str = "", **profile: Any) -> User:
        """Adds a person, with any attributes of `Profile`; nobody is told (see `contacts.user_joins`)."""
        ids = self._world.ids
        user_id = ids.hex("user", 8)
        user = User(
            self._world,
            name,
            union_id="on_" + ids.hex("union"),
            user_id=user_id,
            email=email or f"{user_id}@example.com",
            profile=Profile(departments=list(departments), **profile),
        )
        self._world.directory.add_user(user)
        return user

    def add_department(self, name: str, parent: Department | None = None, *, leader: User | None = None) -> Department:
        """Adds a department below another (or the root); nobody is told (see `contacts.department_created`)."""
        directory, ids = self._world.directory, self._world.ids
        department = Department(
            open_department_id="od-" + ids.hex("department"),
            department_id=ids.hex("department_id", 12),
            name=name,
            parent=parent,
            leader=leader,
            order=len(directory.departments) + 1,
        )
        directory.departments[department.open_department_id] = department
        return department

    def private_chat(self, user: User, app: App) -> Chat:
        """The private chat of a person with a bot."""
        return self._world.directory.private_chat(user, app)

    def add_group(
        self, name: str, members: Iterable[User] = (), apps: Iterable[App] = (), *, topic: bool = False
    ) -> Chat:
        """Adds a group; with `topic=True` a topic group, where every new message opens a thread."""
        chat_id = "oc_" + self._world.ids.hex("chat")
        chat = Chat(chat_id=chat_id, kind="group", name=name, topic=topic, members=list(members), apps=list(apps))
        self._world.directory.chats[chat_id] = chat
        return chat

    def add_custom_bot(
        self,
        chat: Chat,
        secret: str = "",
        keywords: Sequence[str] = (),
        *,
        ip_allowed: bool = True,
        name: str = "Robot",
    ) -> CustomBot:
        """Adds a custom bot to a group: its `url` takes messages. See `CustomBot` for the arguments."""
        ids = self._world.ids
        token = ids.uuid("hook")
        sender = App(f"cli_{ids.hex('hook_app', 16)}", "", name, "ou_" + ids.hex("hook_bot"))
        url = f"{self._world.base_url}/open-apis/bot/v2/hook/{token}"
        bot = CustomBot(chat, url, sender, secret, keywords, ip_allowed)
        self._world.custom_bots[token] = bot
        return bot
