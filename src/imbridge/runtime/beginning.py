"""Telling the storage that work begins, before it does: what ends the process again and again is to be known."""

import asyncio
from collections.abc import Awaitable, Callable

from imbridge.runtime.answers import abandon
from imbridge.storage import BaseStorage, InboxEntry
from imbridge.storage.base import begun


def noted(
    storage: BaseStorage, handle: Callable[[InboxEntry], Awaitable[None]]
) -> Callable[[InboxEntry], Awaitable[None]]:
    """Handling that is noted first."""

    async def handle_noted(entry: InboxEntry) -> None:
        try:
            marked = [storage.start_inbound(one) for one in entry.deliveries]
            await begun(marked[-1], entry.lane)  # the last: a storage writes in order
        except asyncio.CancelledError:
            abandon(entry.answer)
            raise
        await handle(entry)

    return handle_noted
