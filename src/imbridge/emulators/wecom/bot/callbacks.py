"""The bots' callback addresses, and requests to them that are not as they should be."""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.callback import BaseCallbacks
from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.callback import Callback
from imbridge.emulators.wecom.bot.forged import PROPER, CallbackAnswer, Forged
from imbridge.emulators.wecom.bot.interaction import Interaction

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World


class Callbacks(BaseCallbacks[Bot, Callback]):
    """Reached as `platform.callbacks`."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world

    async def set(self, bot: Bot, url: str, *, verify: bool = True) -> None:
        """Switches the bot to callbacks; its long connection is cut and cannot be made again.

        Raises:
            CallbackRefusedError: The address did not pass the verification; nothing changes.
        """
        await self._put(bot, Callback(bot, self._world, url), verify=verify)
        bot.mode = "callback"
        for connection in self._world.link.connections(bot):
            connection.abort()

    async def unset(self, bot: Bot) -> None:
        """Switches the bot back to the long connection."""
        bot.mode = "long_connection"
        await self._drop(bot)

    async def verify(self, bot: Bot, forged: Forged = PROPER) -> CallbackAnswer:
        """Verifies the address once more.

        Raises:
            CallbackRefusedError: It did not pass.
        """
        return await self._of(bot).verify(forged)

    async def send(self, bot: Bot, body: dict[str, Any] | str, forged: Forged = PROPER) -> CallbackAnswer:
        """Makes one request with any body (a text: as it is) and returns the answer; nothing is tried again.

        Raises:
            aiohttp.ClientError: There was no answer.
            TimeoutError: There was none in time.
        """
        return await self._of(bot).send(body if isinstance(body, str) else dump(body), forged)

    async def replay(self, bot: Bot) -> CallbackAnswer:
        """Makes the last request once more, byte by byte, and returns the answer."""
        return await self._of(bot).replay()

    def deliver(self, interaction: Interaction, body: dict[str, Any]) -> None:
        """Starts giving a callback out."""
        self._of(interaction.bot).deliver(interaction, body)

    def _named(self, owner: Bot) -> str:
        return owner.bot_id
