"""Looking at entries, giving them up, and what a person does with them."""

from collections.abc import Callable
from functools import partial
from typing import Any, Unpack

from imbridge.storage.base import InboxEntry, OutboxEntry
from imbridge.storage.core.backlog import Backlog
from imbridge.storage.core.rows import Rows
from imbridge.storage.core.work import RunStatements
from imbridge.storage.durable import Box, DurableStorage, EntryState, Kept, Sought


class LookingIn(DurableStorage):
    """The part of a storage that a person uses, and what becomes of an entry beside being handled or said."""

    _backlog: Backlog[Any]
    _rows: Rows
    _run: RunStatements
    _done_with: Callable[[int], None]

    async def give_up(self, entry: InboxEntry | OutboxEntry, why: str) -> bool:  # noqa: D102 - inherited
        box = Box.INBOX if isinstance(entry, InboxEntry) else Box.OUTBOX
        self._done_with(entry.uid)
        return await self._mark(box, entry.uid, what=EntryState.DEAD.value, why=why)

    async def put_off(self, entry: OutboxEntry, not_before: float, why: str) -> bool:  # noqa: D102 - inherited
        head = self._rows.outbound_head(entry)
        return await self._mark(Box.OUTBOX, entry.uid, what="put off", why=why, not_before=not_before, head=head)

    async def _mark(self, box: Box, uid: int, **facts: Any) -> bool:
        done: bool = await self._run(partial(self._backlog.mark, box=box, uid=uid, **facts))
        return done

    async def kept(  # noqa: D102 - inherited
        self, box: Box, state: EntryState, *, after: Kept | None = None, limit: int = 100, **sought: Unpack[Sought]
    ) -> list[Kept]:
        return await self._backlog.kept(box, state, after=after, limit=limit, sought=sought)

    async def count(self, box: Box, state: EntryState, **sought: Unpack[Sought]) -> int:  # noqa: D102 - inherited
        return await self._backlog.count(box, state, sought)

    async def retry(  # noqa: D102 - inherited
        self, box: Box, *uids: int, state: EntryState = EntryState.DEAD
    ) -> list[int]:
        done: list[int] = await self._run(partial(self._backlog.retry, box=box, uids=uids, state=state))
        return done

    async def drop(  # noqa: D102 - inherited
        self, box: Box, *uids: int, state: EntryState = EntryState.DEAD, in_hand: bool = False
    ) -> list[int]:
        dropped = partial(self._backlog.drop, box=box, uids=uids, state=state, in_hand=in_hand)
        done: list[int] = await self._run(dropped)
        return done
