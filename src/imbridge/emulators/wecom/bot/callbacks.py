"""The bots' callback addresses, and requests to them that are not as they should be."""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.callback import CallbackAddress
from imbridge.emulators.wecom.bot.compact_json import dump
from imbridge.emulators.wecom.bot.forged import PROPER, CallbackAnswer, Forged
from imbridge.emulators.wecom.bot.interaction import Interaction

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World


class Callbacks:
    """Reached as `platform.callbacks`."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._by_bot: dict[Bot, CallbackAddress] = {}

    async def set(self, bot: Bot, url: str, *, verify: bool = True) -> None:
        """Switches the bot to callbacks; its long connection is cut and cannot be made again.

        Raises:
            CallbackRefusedError: The address did not pass the verification; nothing changes.
        """
        address = CallbackAddress(bot, self._world, url)
        try:
            if verify:
                await address.verify()
        except BaseException:
            await address.close()
            raise
        await self.unset(bot)
        self._by_bot[bot] = address
        bot.mode = "callback"
        for connection in self._world.link.connections(bot):
            connection.abort()

    async def unset(self, bot: Bot) -> None:
        """Switches the bot back to the long connection."""
        bot.mode = "long_connection"
        old = self._by_bot.pop(bot, None)
        if old is not None:
            await old.close()

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

    async def close(self) -> None:
        """Forgets all addresses."""
        for address in self._by_bot.values():
            await address.close()
        self._by_bot.clear()

    def _of(self, bot: Bot) -> CallbackAddress:
        address = self._by_bot.get(bot)
        if address is None:
            raise RuntimeError(f"{bot.bot_id} has no callback address: call set_callback first")
        return address
