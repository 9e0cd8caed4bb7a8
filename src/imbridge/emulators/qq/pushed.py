"""An event on its way to a bot."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.qq.bot import Bot


@dataclass(slots=True, eq=False)
class Pushed:
    """An event for one bot.

    Attributes:
        bot: For whom.
        event_type: `t`.
        event_id: The payload's `id`; the same in every repetition.
        data: `d`.
        key: What decides on the shard: a guild's number, or an openid.
        outcome: Whether it was taken, once that is known.
        created: The emulator's time when it came about.
        seq: Its number in the session it went to; 0: none.
        sendings: How often it was written.
        confirmed: Whether a heartbeat or a Resume has named its number, or a later one.
    """

    bot: Bot
    event_type: str
    event_id: str
    data: Any
    key: str = ""
    outcome: "asyncio.Future[bool]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    created: float = 0.0
    seq: int = 0
    sendings: int = 0
    confirmed: bool = False

    @property
    def lost(self) -> bool:
        """Whether the platform sends it to nobody any more, and nobody has got it."""
        return self.outcome.done() and not self.outcome.result()

    async def taken(self, timeout: float = 10.0) -> bool:
        """Waits until it was written to a connection, or acknowledged with op 12 by the callback address.

        False: nobody was there to take it. The gateway has no acknowledgements: see `confirmed`.

        Raises:
            TimeoutError: It is still under way after `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self.outcome)

    def settle(self, *, taken: bool) -> None:
        """Says how it ended."""
        if not self.outcome.done():
            self.outcome.set_result(taken)

    def frame(self) -> str:
        """The payload as the gateway writes it."""
        return dump({"id": self.event_id, "op": 0, "s": self.seq, "t": self.event_type, "d": self.data})
