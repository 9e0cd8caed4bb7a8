"""The emulator: start it, fill it with apps and people, and talk."""

from collections.abc import Mapping, Sequence
from typing import Any

from imbridge.emulators.common.emulator import BaseEmulator
from imbridge.emulators.dingtalk import (
    api_cards,
    api_contacts,
    api_custom_robot,
    api_emotion,
    api_media,
    api_oauth,
    api_recall,
    api_robot,
    api_session,
    api_streaming,
    api_token,
    stream,
)
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.corp_setup import CorpSetup
from imbridge.emulators.dingtalk.faults import Faults
from imbridge.emulators.dingtalk.gateway import Gateway
from imbridge.emulators.dingtalk.message import BotMessage, PushedEvent
from imbridge.emulators.dingtalk.organisation import Organisation
from imbridge.emulators.dingtalk.push import Push
from imbridge.emulators.dingtalk.routes import Routes
from imbridge.emulators.dingtalk.settings import EmulatorSettings
from imbridge.emulators.dingtalk.stats import Stats
from imbridge.emulators.dingtalk.world import World

PARTS = (
    stream,
    api_token,
    api_robot,
    api_session,
    api_media,
    api_custom_robot,
    api_recall,
    api_emotion,
    api_cards,
    api_streaming,
    api_contacts,
    api_oauth,
)


class DingTalkEmulator(Organisation, CorpSetup, BaseEmulator[Stats, Faults]):
    """DingTalk's servers on this machine, as the apps of one organisation see them.

    `base_url` stands for `https://api.dingtalk.com`, `https://oapi.dingtalk.com` and `https://login.dingtalk.com`.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        seed: The same seed gives the same ids.
        settings: The platform's numbers.
        corp_name: What the organisation is called.
    """

    _world: World

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        seed: int = 0,
        settings: EmulatorSettings | None = None,
        corp_name: str = "Demo Corp",
    ) -> None:
        self.settings = settings or EmulatorSettings()
        world = World(seed, self.settings, corp_name)
        routes = Routes()
        for part in PARTS:
            part.add_routes(routes)
        super().__init__(world, Gateway(world, routes).handle, host, port)

    async def _end(self) -> None:
        await self._world.callbacks.close()
        await self._world.pushes.close()
        for connection in self._world.stream.of(None):
            connection.abort()

    @property
    def corp_id(self) -> str:
        """The organisation's id."""
        return self._world.corp_id

    @property
    def messages(self) -> Sequence[BotMessage]:
        """What the robots sent, in the order of arrival; the newest `settings.history`."""
        return tuple(self._world.messages)

    @property
    def world(self) -> World:
        """The state behind all this, for what the rest does not offer."""
        return self._world

    def connections(self, app: App | None = None) -> int:
        """How many connections an app has that are not about to end."""
        return len([one for one in self._world.stream.of(app) if not one.draining])

    async def disconnect(
        self, app: App | None = None, *, count: int | None = None, reason: str = stream.EXPIRED
    ) -> int:
        """Says on connections of an app that they will end, as the platform does; returns on how many.

        Nothing is pushed over them from now on; `settings.disconnect_linger` later their TCP connection is closed.

        Args:
            app: Whose connections; None: all.
            count: How many of them; None: all.
            reason: What the frame says.
        """
        connections = [one for one in self._world.stream.of(app) if not one.draining][:count]
        for connection in connections:
            connection.disconnect(reason)
        return len(connections)

    def push_callback(self, app: App, topic: str, data: Mapping[str, Any]) -> Push:
        """Pushes a callback of any topic over one of the app's connections, also a topic nobody has subscribed to.

        Raises:
            RuntimeError: The app has no connection.
        """
        connections = [one for one in self._world.stream.of(app) if not one.draining]
        push = self._world.pushes.callback(app, topic, data, connections[0]) if connections else None
        if push is None:
            raise RuntimeError(f"{app.name} has no connection")
        return push

    def push_event(
        self, app: App, event_type: str, fields: Mapping[str, Any], *, event_id: str | None = None
    ) -> PushedEvent:
        """Pushes any event until it is acknowledged with SUCCESS, or the platform gives up.

        Args:
            app: For whom.
            event_type: The event's name.
            fields: The frame's `data`.
            event_id: The event's id; a new one if it is left out.
        """
        return self._world.pushes.event(app, event_type, dict(fields), event_id)
