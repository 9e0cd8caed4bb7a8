"""The emulator: start it, fill it with apps and people, and talk."""

from collections.abc import Mapping, Sequence
from typing import Any

from imbridge.emulators.common.emulator import BaseEmulator
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
from imbridge.emulators.feishu.stats import Stats
from imbridge.emulators.feishu.tenant import TenantSetup
from imbridge.emulators.feishu.user import User
from imbridge.emulators.feishu.world import World

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


class FeishuEmulator(TenantSetup, BaseEmulator[Stats, Faults]):
    """Feishu's servers on this machine; `base_url` is what to configure as Feishu's domain.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        seed: The same seed gives the same ids.
        settings: The platform's numbers.
    """

    _world: World

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, seed: int = 0, settings: EmulatorSettings | None = None
    ) -> None:
        self.settings = settings or EmulatorSettings()
        world = World(seed, self.settings)
        link = LongLink(world)
        world.faults.attach(world, link)
        self.groups = Groups(world)
        self.contacts = Contacts(world)
        self.callbacks = Callbacks(world)
        auth = AuthApi(world)
        routes = Routes()
        auth.routes(routes)
        for part in PARTS:
            part.add_routes(routes)
        doors = Routes()
        api_oauth.add_doors(doors)
        api_hook.add_doors(doors)
        super().__init__(world, Gateway(world, link, routes, auth.public, doors).handle, host, port)

    async def _end(self) -> None:
        for queue in self._world.queues.values():
            queue.close()
        await self.callbacks.close()
        self.faults.drop_connections()

    @property
    def messages(self) -> Sequence[BotMessage]:
        """The bots' messages in the order of their arrival; the newest `settings.history`."""
        return self._world.store.of_bots

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
        return browser.consents(self._world, user, url)

    async def denies(self, user: User, url: str) -> str:
        """Somebody opens an authorisation address and refuses; returns where their browser is sent."""
        return browser.denies(self._world, user, url)

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

    def acknowledged_events(self, app: App) -> Mapping[str, int]:
        """What the app has taken, in that order: by event id, how often it was put off before, refused or too late.

        The newest `settings.history` of them.
        """
        return self._world.queue(app).taken
