"""The emulated tenant: all state, shared by the parts of the emulator."""

import asyncio
import random
from typing import Any

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.common.rates import Rates
from imbridge.emulators.common.world import BaseWorld
from imbridge.emulators.feishu import events, old_events
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.approvals import Approvals
from imbridge.emulators.feishu.card_entity import CardEntities
from imbridge.emulators.feishu.card_tokens import CardTokens
from imbridge.emulators.feishu.custom_bot import CustomBot
from imbridge.emulators.feishu.delivery import Delivery, EventQueue
from imbridge.emulators.feishu.device_flow import DeviceRequests
from imbridge.emulators.feishu.directory import Directory
from imbridge.emulators.feishu.faults import Faults
from imbridge.emulators.feishu.grants import Grants
from imbridge.emulators.feishu.message import BotMessage, Message
from imbridge.emulators.feishu.secret_fields import SECRET_FIELDS
from imbridge.emulators.feishu.settings import EmulatorSettings
from imbridge.emulators.feishu.stats import Stats
from imbridge.emulators.feishu.store import MessageStore
from imbridge.emulators.feishu.tokens import Tokens
from imbridge.emulators.feishu.uploads import Uploads


class World(BaseWorld[EmulatorSettings, Stats, Faults]):
    """State and the operations on it that no single part owns."""

    def __init__(self, seed: int, settings: EmulatorSettings) -> None:
        super().__init__(settings, Stats(), Faults(), SECRET_FIELDS)
        self.ids = Ids(seed)
        self.directory = Directory(self.ids)
        self.tokens = Tokens(settings, self.ids)
        self.grants = Grants(settings, self.ids)
        self.devices = DeviceRequests(settings, self.ids)
        self.custom_bots: dict[str, CustomBot] = {}
        self.uploads = Uploads(self.ids, limit=settings.history, limit_bytes=settings.resource_bytes)
        self.cards = CardEntities(self.ids, limit=settings.history)
        self.card_tokens = CardTokens(self.ids, limit=settings.history)
        self.store = MessageStore(settings)
        self.approvals = Approvals(self)
        self.batches: Newest[str, list[BotMessage]] = Newest(settings.history)
        self.queues: dict[str, EventQueue] = {}
        self.client_configs: dict[str, dict[str, int]] = {}
        self.api_rates = Rates((settings.api_rate, 1.0), (settings.api_rate_minute, 60.0))
        self.chat_rates = Rates((settings.chat_rate, 1.0))
        self.hook_rates = Rates((settings.hook_rate, 1.0), (settings.hook_rate_minute, 60.0))
        self.update_rates = Rates((settings.chat_rate, 1.0))
        self.card_rates = Rates((settings.card_rate, 1.0))
        self._rng = random.Random(seed)  # noqa: S311 - which connection gets an event
        self._serial = 0

    def queue(self, app: App) -> EventQueue:
        """The app's event queue."""
        queue = self.queues.get(app.app_id)
        if queue is None:
            queue = EventQueue(app, self, self._rng)
            self.queues[app.app_id] = queue
        return queue

    def client_config(self, app: App) -> dict[str, int]:
        """The ClientConfig for this app."""
        return self.client_configs.get(app.app_id) or self.settings.client_config()

    def push(
        self,
        app: App,
        event_type: str,
        event: dict[str, Any],
        *,
        event_id: str | None = None,
        answer: asyncio.Future[Any] | None = None,
    ) -> str:
        """Gives an event out for delivery; returns its id, or an empty text when the app is not subscribed to it."""
        if not app.wants(event_type):
            return ""
        event_id = event_id or self.ids.hex("event")
        payload = events.envelope(app, event_id, event_type, event, self.settings.tenant_key)
        return self._give_out(app, event_id, event_type, payload, answer)

    def push_old(self, app: App, event_type: str, event: dict[str, Any], *, uuid: str | None = None) -> str:
        """Gives an event of the old schema 1.0 out; returns its uuid, or an empty text (not subscribed)."""
        if not app.wants(event_type):
            return ""
        uuid = uuid or self.ids.hex("event")
        payload = old_events.envelope(app, uuid, event_type, event, self.settings.tenant_key)
        return self._give_out(app, uuid, event_type, payload)

    def push_message(self, message: Message) -> dict[str, str]:
        """Pushes `im.message.receive_v1` to every app of the chat that is to have it; event ids by app_id."""
        pushed: dict[str, str] = {}
        for app in message.chat.apps:
            if self._hears(app, message):
                event = events.message_received(message, app, self.directory, self.settings.tenant_key)
                event_id = self.push(app, events.MESSAGE_RECEIVE, event)
                if event_id:
                    pushed[app.app_id] = event_id
                if app.names(old_events.MESSAGE):
                    self.push_old(app, old_events.MESSAGE, old_events.message(message, app, self.directory))
        return pushed

    def _give_out(
        self,
        app: App,
        event_id: str,
        event_type: str,
        payload: bytes,
        answer: asyncio.Future[Any] | None = None,
    ) -> str:
        self._serial += 1
        delivery = Delivery(
            app=app,
            event_id=event_id,
            event_type=event_type,
            payload=payload,
            frame_id=self.ids.hex("frame"),
            serial=self._serial,
            answer=answer,
        )
        self.stats.events_pushed += 1
        self.queue(app).push(delivery)
        return event_id

    def _hears(self, app: App, message: Message) -> bool:
        if message.sender is app:
            return False
        if isinstance(message.sender, App):
            return app.hears_bots and app in message.mentions
        if message.chat.kind == "p2p" or app.group_scope == "all":
            return True
        return app in message.mentions or "@_all" in message.raw_content
