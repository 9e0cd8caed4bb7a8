"""Ends the talk of bots that would go on without people, and says so."""

import logging

from imbridge.adapters.tasks import Tasks
from imbridge.protocol import ImbridgeError, Message, Reply, Text
from imbridge.runtime.bots import Bots
from imbridge.runtime.delivery import Delivery, answer_key
from imbridge.runtime.intake.gate import Pass

log = logging.getLogger(__name__)


class BotLoops:
    """Decides whether one more message of a bot is handled; tells the log and the group, once, when it is not.

    Args:
        bots: Count them.
        delivery: For what is said in the group.
        notice: What that is; empty: nothing is said.
    """

    def __init__(self, bots: Bots, delivery: Delivery, notice: str) -> None:
        self._bots = bots
        self._delivery = delivery
        self._notice = notice
        self._telling = Tasks()

    def check(self, message: Message, decision: Pass) -> Pass:
        """Count a bot's message, unless the gate has decided against it anyway."""
        if decision is not Pass.GO:
            return decision
        stop = self._bots.stop(message)
        if stop is None:
            return decision
        if stop.new:
            log.warning("%s: bots talk to each other, and are stopped: %s", message.channel.address, stop.reason)
            if self._notice:
                self._telling.begin(self._tell(message), "bots stopped")
        return Pass.BOT_LOOP

    async def _tell(self, message: Message) -> None:
        key = answer_key(message.channel.account_key, f"{message.id} stopped", 0)
        reply = Reply(elements=(Text(self._notice),))
        try:
            await self._delivery.post(message.channel, reply, key=key, calls=False)
        except ImbridgeError as error:
            log.warning("%s: the group is not told that bots are stopped: %s", message.channel.address, error)

    async def drain(self) -> None:
        """Wait until what is to be said is in the outbox."""
        await self._telling.end(None)

    async def cancel(self) -> None:
        """Say nothing more."""
        await self._telling.end(0)
