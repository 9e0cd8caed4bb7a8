"""The emulator: start it, fill it with apps and people, and talk."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from imbridge.emulators.common.wire import Wire
from imbridge.emulators.feishu import (
    api_application,
    api_approval,
    api_authen,
    api_batch,
    api_cardkit,
    api_cards,
    api_chats,
    api_departments,
    api_forward,
    api_history,
    api_hook,
    api_media,
    api_messages,
    api_oauth,
    api_pins,
    api_reactions,
    api_urgent,
    api_users,
    browser,
)
from imbridge.emulators.feishu.api_auth import AuthApi
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.approvals import Approvals
from imbridge.emulators.feishu.callbacks import Callbacks
from imbridge.emulators.feishu.callbacks_asked import ask_and_check
from imbridge.emulators.feishu.card_action import Input
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.clicking import click
from imbridge.emulators.feishu.contacts import Contacts
from imbridge.emulators.feishu.faults import Faults
from imbridge.emulators.feishu.gateway import Gateway, Routes
from imbridge.emulators.feishu.groups import Groups
from imbridge.emulators.feishu.longlink import LongLink
from imbridge.emulators.feishu.message import BotMessage
from imbridge.emulators.feishu.settings import EmulatorSettings
from imbridge.emulators.feishu.stats import Stats, Violation
from imbridge.emulators.feishu.tenant import TenantSetup
from imbridge.emulators.feishu.user import User
from imbridge.emulators.feishu.world import World

MAX_BODY = 64 * 1024 * 1024
PARTS = (
    api_messages,
    api_reactions,
    api_media,
    api_chats,
    api_users,
    api_departments,
    api_application,
    api_approval,
    api_authen,
    api_cardkit,
    api_cards,
    api_forward,
    api_history,
    api_urgent,
    api_pins,
    api_batch,
)


class FeishuEmulator(TenantSetup):
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
        self.groups = Groups(self._world)
        self.contacts = Contacts(self._world)
        self.callbacks = Callbacks(self._world)
        self._runner: web.ServerRunner | None = None
        auth = AuthApi(self._world)
        routes = Routes()
        auth.routes(routes)
        for part in PARTS:
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
        await self.callbacks.close()
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
    def approvals(self) -> Approvals:
        """Approval definitions, and who asks for and decides what."""
        return self._world.approvals

    @property
    def world(self) -> World:
        """The state behind all this, for what the rest does not offer."""
        return self._world

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
        return next(iter(self.groups.add_bot(chat, app, by=by)), "")

    def remove_bot(self, chat: Chat, app: App, *, by: User) -> str:
        """Somebody removes a bot from a group: `im.chat.member.bot.deleted_v1`; returns the event's id."""
        return next(iter(self.groups.remove_bot(chat, app, by=by)), "")

    def push_event(self, app: App, event_type: str, event: dict[str, Any], *, event_id: str | None = None) -> str:
        """Pushes any event; returns its id (empty: the app is not subscribed to it)."""
        return self._world.push(app, event_type, event, event_id=event_id)

    def push_old_event(self, app: App, event_type: str, event: dict[str, Any], *, uuid: str | None = None) -> str:
        """Pushes any event of schema 1.0 (`app_id`, `tenant_key` and `type` are added); returns its uuid."""
        return self._world.push_old(app, event_type, event, uuid=uuid)

    async def call_back(self, app: App, event_type: str, event: dict[str, Any], *, timeout: float = 5.0) -> Any:
        """Pushes an event that is answered (`card.action.trigger`, `url.preview.get`) and returns the answer.

        Raises:
            CallbackError: What a person would see: no right answer in time. That the answer's format is wrong counts
                as the violation `callback_answer` too.
        """
        return await ask_and_check(self._world, app, event_type, event, timeout)

    async def clicks(
        self,
        user: User,
        message: BotMessage,
        value: Any = None,
        *,
        button: str | None = None,
        form: Mapping[str, Any] | None = None,
        selected: str | Sequence[str] | None = None,
        date: str | None = None,
        text: str | None = None,
        checked: bool | None = None,
        timezone: str = "Asia/Shanghai",
        timeout: float = 5.0,
    ) -> Any:
        """Somebody uses a card: `card.action.trigger`; returns the bot's answer, whose card is shown.

        Args:
            user: Who.
            message: The card.
            value: The callback's value as it is, for a card that has no such button.
            button: The component, a button or any other, by its name, element_id, text, label or placeholder; not
                needed when the card has one only.
            form: What is entered in the button's form, by the names of its components.
            selected: What is chosen in a menu: an option's value or text, or several.
            date: What is chosen in a date or time picker: `2026-11-01`, `09:30`, `2026-11-01 09:30`.
            text: What is written into a text field that is in no form.
            checked: What a checkbox becomes.
            timezone: The client's time zone.
            timeout: Seconds to wait; the answer is due in `settings.ack_timeout`.

        Raises:
            NothingToDoError: A client would not send anything: there is no such component, it is disabled, ...
            CallbackError: What the person sees when the answer is late or wrong.
        """
        given = Input(form=form, selected=selected, date=date, text=text, checked=checked, timezone=timezone)
        return await click(self._world, user, message, value=value, component=button, given=given, timeout=timeout)

    def push_client_config(self, app: App, config: dict[str, int]) -> None:
        """Changes the app's ClientConfig (or some of its values); clients get it with their next pong."""
        self._world.client_configs[app.app_id] = {**self._world.client_config(app), **config}

    async def set_callback(self, app: App, url: str, *, verify: bool = True) -> None:
        """Switches the app to HTTP callbacks; the address must pass the challenge first, unless `verify` is False.

        Raises:
            CallbackRefusedError: It did not.
        """
        await self.callbacks.set(app, url, verify=verify)

    def connections(self, app: App) -> int:
        """How many long connections the app has now."""
        return len(self._world.queue(app).links)

    def waiting_events(self, app: App) -> int:
        """Events that wait for the app to connect."""
        return self._world.queue(app).waiting

    def unacknowledged_events(self, app: App) -> int:
        """Events that were sent and are not acknowledged yet."""
        return self._world.queue(app).unacknowledged


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    # The default request refuses bodies above 1 MB; uploads are larger.
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)
