"""The bots' callback addresses: what is delivered to them, and requests that are not as they should be."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.callback import BaseCallbacks
from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.webhook import Webhook, now
from imbridge.emulators.qq.webhook_answer import PROPER, Forged, WebhookAnswer

if TYPE_CHECKING:
    from imbridge.emulators.qq.pushed import Pushed
    from imbridge.emulators.qq.world import World


class Webhooks(BaseCallbacks[Bot, Webhook]):
    """Reached as `qq.webhooks`. A bot with an address gets nothing over the gateway any more."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world

    async def set(self, bot: Bot, url: str, *, verify: bool = True) -> None:
        """Sets a bot's address; empty: none.

        Raises:
            CallbackRefusedError: It did not answer op 13 rightly; nothing changes.
        """
        if not url:
            await self._drop(bot)
            return
        await self._put(bot, Webhook(bot, self._world, url), verify=verify)

    def has(self, bot: Bot) -> bool:
        """Whether the bot has an address."""
        return bot in self._by_owner

    def takes(self, pushed: "Pushed", copies: int) -> bool:
        """Starts the delivery of an event, if the bot has an address."""
        webhook = self._by_owner.get(pushed.bot)
        if webhook is None:
            return False
        webhook.start(pushed, copies)
        return True

    # --- single requests ----------------------------------------------------------------------------------------------

    async def verify(self, bot: Bot) -> WebhookAnswer:
        """Has the address prove itself once more.

        Raises:
            CallbackRefusedError: It did not.
        """
        return await self._of(bot).verify()

    async def validate(self, bot: Bot, plain_token: str, event_ts: str = "", forged: Forged = PROPER) -> WebhookAnswer:
        """Sends one op 13 with any token and time, and returns the answer."""
        return await self._of(bot).validate(plain_token, event_ts or now(), forged)

    async def send(self, bot: Bot, payload: Mapping[str, Any], forged: Forged = PROPER) -> WebhookAnswer:
        """Sends one payload by itself, without repetitions, and returns the answer."""
        return await self._of(bot).send(payload, forged)

    async def replay(self, bot: Bot) -> WebhookAnswer:
        """Sends the bot's last request once more, byte by byte, and returns the answer."""
        return await self._of(bot).replay()

    async def forge_by_validation(self, bot: Bot, payload: Mapping[str, Any]) -> WebhookAnswer | None:
        """Attacks the address with no knowledge of its secret.

        An op 13 whose `plain_token` is the body of a forged event may be answered with the very signature that the
        event needs. The validation itself is not signed. Returns the answer to the forged event; None: there was no
        signature to be had.
        """
        webhook, timestamp = self._of(bot), now()
        body = dump(dict(payload))
        oracle = await webhook.validate(body, timestamp, Forged(signature="missing"))
        if not oracle.signature:
            return None
        forged = Forged(signature=oracle.signature, timestamp=timestamp, body=body.encode())
        return await webhook.send(payload, forged)

    def _named(self, owner: Bot) -> str:
        return owner.name
