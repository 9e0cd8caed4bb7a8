"""Taking over what processes that are gone left: when a bridge starts, and while it runs."""

import asyncio
import logging
from collections.abc import Collection

from imbridge.runtime.delivery import Delivery
from imbridge.runtime.intake.inbox import Inbox
from imbridge.storage import BaseStorage, DurableStorage

log = logging.getLogger(__name__)

_EVERY = 2.0
"""Seconds between two looks. Each is two short queries while there is nothing to take over."""


class Recovery:
    """Goes on with what was left of the accounts of this bridge. What other accounts have left is not touched."""

    def __init__(self, storage: BaseStorage, accounts: Collection[str], inbox: Inbox, delivery: Delivery) -> None:
        """`accounts` are the keys of the bridge's accounts, asked for anew each time."""
        self._storage = storage
        self._accounts = accounts
        self._inbox = inbox
        self._delivery = delivery
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take over what was left until now, then go on looking until `end`."""
        await self._take_over(wait=True)
        if not self._storage.survives:
            return
        if isinstance(self._storage, DurableStorage):
            for account, count in sorted((await self._storage.unclaimed(tuple(self._accounts))).items()):
                log.info("%s: %d entries are kept of this account, and no bridge that runs has it", account, count)
        self._looking = asyncio.create_task(self._keep_looking(), name="recovery")

    async def end(self) -> None:
        """Take over nothing more. What is being taken over at this moment is left for the next process."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.wait((looking,))

    async def _keep_looking(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self._take_over(wait=False)
                failing = False
            except Exception as error:  # noqa: BLE001 - whatever a storage raises, the next look may go well
                if not failing:
                    log.warning("what other processes left is not taken over at the moment: %s", error)
                failing = True

    async def _take_over(self, *, wait: bool) -> None:
        accounts = tuple(self._accounts)
        inbound = await self._storage.unfinished_inbound(accounts, wait=wait)
        # After the inbox: whoever has left the one has left the other by then. What was answered is said before what is
        # answered now.
        outbound = await self._storage.unfinished_outbound(accounts, wait=wait)
        self._delivery.restore(outbound)
        self._inbox.restore(inbound)
