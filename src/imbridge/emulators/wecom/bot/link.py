"""The long connections of all bots: one per bot, the newest."""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.connection import Connection
from imbridge.emulators.wecom.bot.errors import RefusedError
from imbridge.emulators.wecom.bot.interaction import Interaction

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World


class Link:
    """Knows which connection speaks for which bot."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._open: set[Connection] = set()
        self._current: dict[Bot, Connection] = {}

    def connections(self, bot: Bot | None = None) -> list[Connection]:
        """The open connections of a bot, replaced ones included; of all bots, and unsubscribed ones, for None."""
        return [one for one in self._open if bot is None or one.bot is bot]

    def current(self, bot: Bot) -> Connection | None:
        """The connection that gets the bot's callbacks."""
        return self._current.get(bot)

    def opened(self, connection: Connection) -> None:
        """A client has connected."""
        self._world.stats.connects += 1
        self._open.add(connection)

    def closed(self, connection: Connection) -> None:
        """A connection has ended."""
        self._world.stats.disconnects += 1
        self._open.discard(connection)
        self.lapsed(connection)

    def lapsed(self, connection: Connection) -> None:
        """A connection speaks for its bot no longer."""
        if connection.bot is not None and self._current.get(connection.bot) is connection:
            del self._current[connection.bot]

    def subscribe(self, connection: Connection, body: dict[str, Any]) -> Bot:
        """A connection wants to speak for a bot. The one that did so far is told, and cut.

        Raises:
            RefusedError: 853000, there is no such bot, its secret is another, or it takes callbacks at an address.
        """
        world = self._world
        bot_id = body.get("bot_id")
        bot = world.bots.get(bot_id) if isinstance(bot_id, str) else None
        if bot is None or body.get("secret") != bot.secret or bot.mode != "long_connection":
            world.stats.subscribes_refused += 1
            raise RefusedError(853000)
        old = self._current.get(bot)
        if old is connection:
            world.violation("subscribed_twice", f"{bot.bot_id} subscribed again on the same connection")
        elif old is not None:
            old.kick(close=world.faults.take("never_close_kicked") is None)
        self._current[bot] = connection
        world.stats.subscribes += 1
        return bot

    def deliver(self, interaction: Interaction, cmd: str, body: dict[str, Any]) -> None:
        """Gives a callback to the bot's connection; with none it is lost, as on the platform."""
        world = self._world
        connection = self._current.get(interaction.bot)
        if connection is None or world.faults.take("lose_callbacks") is not None:
            world.stats.callbacks_lost += 1
            return
        again = world.faults.take("duplicate_callbacks")
        for _ in range(1 if again is None else 1 + again.facts["n"]):
            connection.send(cmd, interaction.req_id, body)

    def abort(self) -> None:
        """Cuts every connection."""
        for connection in tuple(self._open):
            connection.abort()
