"""The emulator: start it, fill it with robots and people, and talk."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from imbridge.emulators.common.emulator import BaseEmulator
from imbridge.emulators.qq import (
    api_channels,
    api_chunks,
    api_files,
    api_guilds,
    api_members,
    api_messages,
    api_permissions,
    api_pins,
    api_reactions,
    api_read,
    api_recall,
    api_streaming,
    api_token,
    clicks,
    gateway,
    uploads,
)
from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.door import Door
from imbridge.emulators.qq.faults import Faults
from imbridge.emulators.qq.happenings import Happenings
from imbridge.emulators.qq.message import BotMessage
from imbridge.emulators.qq.pushed import Pushed
from imbridge.emulators.qq.routes import Routes
from imbridge.emulators.qq.session import Session
from imbridge.emulators.qq.settings import EmulatorSettings
from imbridge.emulators.qq.setup import Setup
from imbridge.emulators.qq.stats import Stats
from imbridge.emulators.qq.webhooks import Webhooks
from imbridge.emulators.qq.world import World

PARTS = (
    api_token,
    gateway,
    api_messages,
    api_streaming,
    api_files,
    api_chunks,
    uploads,
    api_channels,
    api_recall,
    api_reactions,
    api_read,
    clicks,
    api_guilds,
    api_members,
    api_pins,
    api_permissions,
)


class QQEmulator(Setup, BaseEmulator[Stats, Faults]):
    """QQ's servers for official robots on this machine.

    `base_url` stands for `https://api.sgroup.qq.com`, its sandbox and `https://api.bot.qq.com`; `token_url` for
    `https://bots.qq.com/app/getAppAccessToken`. Where the gateway is, the API says.

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
        routes = Routes()
        for part in PARTS:
            part.add_routes(routes)
        super().__init__(world, Door(world, routes).handle, host, port)

    async def _end(self) -> None:
        await self._world.webhooks.close()
        self._world.gateway.end()

    @property
    def token_url(self) -> str:
        """Where access tokens come from."""
        return self.base_url + api_token.PATH

    @property
    def messages(self) -> Sequence[BotMessage]:
        """What the robots sent, in the order of arrival; the newest `settings.history`."""
        return tuple(self._world.messages)

    @property
    def pending_audits(self) -> Sequence[BotMessage]:
        """The messages that wait for their audit."""
        return tuple(self._world.audits.pending)

    @property
    def world(self) -> World:
        """The state behind all this, for what the rest does not offer."""
        return self._world

    @cached_property
    def happenings(self) -> Happenings:
        """What happens to people, groups, guilds and messages."""
        return Happenings(self._world)

    @property
    def webhooks(self) -> Webhooks:
        """The bots' callback addresses, and requests to them that are not as they should be."""
        return self._world.webhooks

    async def set_webhook(self, bot: Bot, url: str, *, verify: bool = True) -> None:
        """Sets a bot's callback address: it gets its events there from now on; empty: over the gateway again.

        Raises:
            CallbackRefusedError: The address did not answer op 13 rightly; nothing changes.
        """
        await self._world.webhooks.set(bot, url, verify=verify)

    def pass_time(self, seconds: float) -> None:
        """Lets time pass for reply windows, quotas, recalls and files; connections and tokens notice nothing."""
        self._world.passed += seconds

    # --- the gateway --------------------------------------------------------------------------------------------------

    def connections(self, bot: Bot | None = None) -> int:
        """How many connections a bot has that carry a session."""
        return len(self._world.gateway.ready(bot))

    def sessions(self, bot: Bot) -> list[Session]:
        """The sessions of a bot that are connected or can be resumed."""
        return self._world.gateway.sessions(bot)

    def reconnect(self, bot: Bot | None = None) -> int:
        """Tells the clients of a bot, or of all, to connect again (op 7); returns how many."""
        connections = self._world.gateway.ready(bot)
        for connection in connections:
            connection.reconnect()
        return len(connections)

    def invalidate(self, bot: Bot | None = None, *, resumable: bool = False) -> int:
        """Tells the clients of a bot, or of all, that their session is not valid (op 9); returns how many.

        Unless it is resumable, the session can not be resumed any more, and its events are lost.
        """
        connections = self._world.gateway.ready(bot)
        for connection in connections:
            connection.invalidate(resumable=resumable)
            if not resumable and connection.session is not None:
                connection.session.end()
        return len(connections)

    def close(self, bot: Bot | None, code: int) -> int:
        """Closes the connections of a bot, or of all, with a code; returns how many."""
        connections = self._world.gateway.of(bot)
        for connection in connections:
            connection.close(code)
        return len(connections)

    def push_event(self, bot: Bot, event_type: str, data: Any, *, key: str = "", event_id: str | None = None) -> Pushed:
        """Sends any event; of a type nobody knows it goes to any session.

        Args:
            bot: For whom.
            event_type: `t`.
            data: `d`.
            key: What decides on the shard: a guild's number or an openid; by default the data's own.
            event_id: The payload's id; a new one if it is left out.
        """
        if not key and isinstance(data, dict):
            names = ("guild_id", "group_openid", "openid", "user_openid")
            key = next((str(data[name]) for name in names if data.get(name)), "")
        return self._world.dispatch.send(bot, event_type, data, key=key, event_id=event_id)
