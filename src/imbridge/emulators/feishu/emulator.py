"""The emulator: start it, fill it with apps and people, and talk."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

from imbridge.emulators.feishu import (
    api_authen,
    api_directory,
    api_hook,
    api_media,
    api_messages,
    api_oauth,
    api_reactions,
    browser,
    events,
)
from imbridge.emulators.feishu.api_auth import AuthApi
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.callback import Callback
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.custom_bot import CustomBot
from imbridge.emulators.feishu.faults import Faults
from imbridge.emulators.feishu.gateway import Gateway, Routes
from imbridge.emulators.feishu.longlink import LongLink
from imbridge.emulators.feishu.message import BotMessage
from imbridge.emulators.feishu.settings import EmulatorSettings
from imbridge.emulators.feishu.stats import Stats, Violation
from imbridge.emulators.feishu.user import User
from imbridge.emulators.feishu.wire import Wire
from imbridge.emulators.feishu.world import World

MAX_BODY = 64 * 1024 * 1024


class FeishuEmulator:
    """Feishu's servers on this machine.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        seed: The same seed gives the same ids.
        settings: The platform's numbers.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, seed: int = 0, settings: EmulatorSettings | None = None
    ) -> None:
        self.settings = settings or EmulatorSettings()
        self._host = host
        self._port = port
        self._world = World(seed, self.settings)
        self._link = LongLink(self._world)
        self._world.faults.attach(self._world, self._link)
        self._callbacks: dict[str, Callback] = {}
        self._runner: web.ServerRunner | None = None
        auth = AuthApi(self._world)
        routes = Routes()
        auth.routes(routes)
        for part in (api_messages, api_reactions, api_media, api_directory, api_authen):
            part.add_routes(routes)
        doors = Routes()
        api_oauth.add_doors(doors)
        api_hook.add_doors(doors)
        self._gateway = Gateway(self._world, self._link, routes, auth.public, doors)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts listening."""
        if self._runner is not None:
            raise RuntimeError("the emulator is already started")
        server = web.Server(
            self._gateway.handle,
            request_factory=_request,
            access_log=None,
        )
        runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port)
        try:
            await site.start()
        except BaseException:
            await runner.cleanup()
            raise
        self._port = runner.addresses[0][1]
        self._runner = runner

    async def stop(self) -> None:
        """Cuts all connections and stops listening; stopping twice is nothing."""
        runner, self._runner = self._runner, None
        self.faults.clear()
        for queue in self._world.queues.values():
            queue.close()
        for callback in self._callbacks.values():
            await callback.close()
        self._callbacks.clear()
        self.faults.drop_connections()
        if runner is not None:
            await runner.cleanup()

    @property
    def base_url(self) -> str:
        """What to configure as Feishu's domain: `http://127.0.0.1:PORT`."""
        if self._runner is None:
            raise RuntimeError("the emulator is not started: use `async with FeishuEmulator() as feishu`")
        return f"http://{self._host}:{self._port}"

    @property
    def messages(self) -> Sequence[BotMessage]:
        """The bots' messages in the order of their arrival; the newest `settings.history`."""
        return self._world.store.of_bots

    @property
    def stats(self) -> Stats:
        """Counters."""
        return self._world.stats

    @property
    def violations(self) -> list[Violation]:
        """The platform's rules that clients broke."""
        return self._world.violations

    @property
    def faults(self) -> Faults:
        """Faults on demand."""
        return self._world.faults

    @property
    def wire(self) -> Wire:
        """For watching frames and HTTP calls."""
        return self._world.wire

    @property
    def world(self) -> World:
        """The state behind all this, for what the rest does not offer."""
        return self._world

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
        redirect_uris: Collection[str] | None = None,
        user_scopes: Collection[str] | None = None,
    ) -> App:
        """Adds an app with a bot; what is not given is made up. See `App` for the arguments."""
        ids = self._world.ids
        app_id = app_id or f"cli_{ids.next('app', 16)}"
        if app_id in self._world.directory.apps:
            raise ValueError(f"there is an app {app_id} already")
        app = App(
            app_id=app_id,
            app_secret=app_secret or ids.next("secret"),
            name=name,
            bot_open_id="ou_" + ids.derived("bot", app_id, app_id),
            encrypt_key=encrypt_key,
            verification_token=ids.next("verification") if verification_token is None else verification_token,
            group_scope=group_scope,
            hears_bots=hears_bots,
            subscriptions=subscriptions,
            redirect_uris=redirect_uris,
            user_scopes=user_scopes,
        )
        self._world.directory.add_app(app)
        return app

    def add_user(self, name: str) -> User:
        """Adds a person."""
        ids = self._world.ids
        user_id = ids.next("user", 8)
        union_id = "on_" + ids.next("union")
        user = User(self._world, name, union_id=union_id, user_id=user_id, email=f"{user_id}@example.com")
        self._world.directory.add_user(user)
        return user

    def private_chat(self, user: User, app: App) -> Chat:
        """The private chat of a person with a bot."""
        return self._world.directory.private_chat(user, app)

    def add_group(
        self, name: str, members: Iterable[User] = (), apps: Iterable[App] = (), *, topic: bool = False
    ) -> Chat:
        """Adds a group; with `topic=True` a topic group, where every new message opens a thread."""
        chat_id = "oc_" + self._world.ids.next("chat")
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
        raw = ids.next("hook")
        token = f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
        sender = App(f"cli_{ids.next('hook_app', 16)}", "", name, "ou_" + ids.next("hook_bot"))
        url = f"{self.base_url}/open-apis/bot/v2/hook/{token}"
        bot = CustomBot(chat, url, sender, secret, keywords, ip_allowed)
        self._world.custom_bots[token] = bot
        return bot

    async def consents(self, user: User, url: str) -> str:
        """Somebody opens an authorisation address and agrees; returns where their browser is sent, with the code.

        The address of a device flow sends nobody anywhere: an empty text.

        Raises:
            ConsentPageError: The page shows an error instead of asking.
        """
        return browser.consents(self._world, self.base_url, user, url)

    async def denies(self, user: User, url: str) -> str:
        """Somebody opens an authorisation address and refuses; returns where their browser is sent."""
        return browser.denies(self._world, self.base_url, user, url)

    def revokes(self, user: User, app: App) -> None:
        """Somebody takes back all they let an app do: its tokens of theirs are invalid."""
        self._world.grants.revoke(user, app)

    def add_bot(self, chat: Chat, app: App, *, by: User) -> str:
        """Somebody adds a bot to a group: `im.chat.member.bot.added_v1`; returns the event's id."""
        chat.apps.append(app)
        return self.push_event(app, events.BOT_ADDED, self._membership(chat, app, by))

    def remove_bot(self, chat: Chat, app: App, *, by: User) -> str:
        """Somebody removes a bot from a group: `im.chat.member.bot.deleted_v1`; returns the event's id."""
        chat.apps.remove(app)
        return self.push_event(app, events.BOT_DELETED, self._membership(chat, app, by))

    def push_event(self, app: App, event_type: str, event: dict[str, Any], *, event_id: str | None = None) -> str:
        """Pushes any event; returns its id (empty: the app is not subscribed to it)."""
        return self._world.push(app, event_type, event, event_id=event_id)

    async def call_back(self, app: App, event_type: str, event: dict[str, Any], *, timeout: float = 5.0) -> Any:
        """Pushes an event that is answered (`card.action.trigger`, `url.preview.get`) and returns the answer.

        Raises:
            TimeoutError: No answer in `timeout` seconds.
        """
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._world.push(app, event_type, event, answer=answer)
        return await asyncio.wait_for(answer, timeout)

    async def clicks(self, user: User, message: BotMessage, value: dict[str, Any], *, timeout: float = 5.0) -> Any:
        """Somebody presses a button of a card: `card.action.trigger`; returns the bot's answer (toast, card)."""
        app = self._world.directory.apps[message.app_id]
        ids = self._world.directory.ids_of(user, app)
        event = {
            "operator": {"tenant_key": self.settings.tenant_key, **ids},
            "token": f"c-{self._world.ids.next('card_token')}",
            "action": {"value": value, "tag": "button"},
            "host": "im_message",
            "context": {"open_message_id": message.message_id, "open_chat_id": message.chat_id},
        }
        return await self.call_back(app, events.CARD_ACTION, event, timeout=timeout)

    def push_client_config(self, app: App, config: dict[str, int]) -> None:
        """Changes the app's ClientConfig (or some of its values); clients get it with their next pong."""
        self._world.client_configs[app.app_id] = {**self._world.client_config(app), **config}

    async def set_callback(self, app: App, url: str) -> None:
        """Switches the app to HTTP callbacks; the address must pass the challenge first.

        Raises:
            CallbackRefusedError: It did not.
        """
        callback = Callback(app, self._world, url)
        try:
            await callback.verify()
        except BaseException:
            await callback.close()
            raise
        old = self._callbacks.get(app.app_id)
        if old is not None:
            await old.close()
        self._callbacks[app.app_id] = callback
        self._world.queue(app).callback = callback

    def connections(self, app: App) -> int:
        """How many long connections the app has now."""
        return len(self._world.queue(app).links)

    def waiting_events(self, app: App) -> int:
        """Events that wait for the app to connect."""
        return self._world.queue(app).waiting

    def unacknowledged_events(self, app: App) -> int:
        """Events that were sent and are not acknowledged yet."""
        return self._world.queue(app).unacknowledged

    def _membership(self, chat: Chat, app: App, by: User) -> dict[str, Any]:
        return {
            "chat_id": chat.chat_id,
            "operator_id": self._world.directory.ids_of(by, app),
            "external": False,
            "operator_tenant_key": self.settings.tenant_key,
            "name": chat.name,
        }


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    # The default request refuses bodies above 1 MB; uploads are larger.
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)
