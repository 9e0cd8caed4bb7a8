"""Telling the storage that work begins, before it does: what ends the process again and again is to be known."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from imbridge.runtime.answers import abandon, abandoning
from imbridge.runtime.intake.suspects import Suspects
from imbridge.storage import BaseStorage, InboxEntry, StaleLeaseError
from imbridge.storage.base import begun
from imbridge.storage.sharing import working_as

log = logging.getLogger(__name__)


def noted(
    storage: BaseStorage, suspects: Suspects, handle: Callable[[InboxEntry], Awaitable[None]]
) -> Callable[[InboxEntry], Awaitable[None]]:
    """Handling that is noted first, alone if it is suspect; in memory there is nothing to note, and nobody suspect."""
    if not storage.survives:
        return handle

    async def handle_noted(entry: InboxEntry) -> None:
        if entry.at_once:  # one commit keeps many, and their acknowledgements leave before the first of them is handled
            with abandoning(entry.answer):
                await asyncio.sleep(0)
        marked = [one for one in map(storage.start_inbound, entry.deliveries) if one is not None]
        if marked and not await _are_begun(marked, entry):
            return
        try:
            if not entry.fence:
                await handle(entry)
                return
            with working_as(entry.fence):
                await handle(entry)
        except StaleLeaseError as error:
            log.info("%s: %s", entry.lane, error)

    return suspects.apart(handle_noted, waits=storage.delay_inbound)


async def _are_begun(marked: "Sequence[asyncio.Future[None]]", entry: InboxEntry) -> bool:
    """Wait until it is written down; False when another process has it."""
    try:
        with abandoning(entry.answer):
            for one in marked:  # they are done together, or nearly so
                await begun(one, entry.lane)
    except StaleLeaseError as error:
        log.info("%s: %s", entry.lane, error)
        abandon(entry.answer)
        return False
    return True
