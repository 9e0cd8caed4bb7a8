"""Telling the storage that work begins, before it does: what ends the process again and again is to be known."""

import logging
from collections.abc import Awaitable, Callable

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
        try:
            with abandoning(entry.answer):
                marked = [storage.start_inbound(one) for one in entry.deliveries]
                for one in marked:  # they are done together, or nearly so
                    await begun(one, entry.lane)
        except StaleLeaseError as error:
            log.info("%s: %s", entry.lane, error)
            abandon(entry.answer)
            return
        with working_as(entry.fence):
            try:
                await handle(entry)
            except StaleLeaseError as error:
                log.info("%s: %s", entry.lane, error)

    return suspects.apart(handle_noted, waits=storage.delay_inbound)
