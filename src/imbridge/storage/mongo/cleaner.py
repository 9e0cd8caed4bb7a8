"""What is old in the collections."""

from collections.abc import Iterable, Iterator
from functools import partial

from imbridge.storage.core.cleaner import Cleaner
from imbridge.storage.core.work import Statements
from imbridge.storage.mongo.access import Access, Document, key_name

_DAY = 86_400.0
_CLOCKS = 3600.0
"""Seconds by which a process's clock may be wrong: notes say by it when they end."""


class MongoCleaner(Cleaner):
    """Deletes documents."""

    def _batches(self) -> Iterable[Statements]:
        return (partial(self._batch, *one) for one in self._old())

    def _old(self) -> Iterator[tuple[str, str, float, Document]]:
        """A collection, the time in it by which something is old, for how long it is kept, and what else holds."""
        keep = self._retention
        for name in ("dedup", "media", "tokens"):
            yield name, "expires_at", 0.0, {}
        yield "notes", "expires_at", _CLOCKS, {}
        # A number that begins again would be that of an old lease: those who may still have one are long gone by then.
        yield "leases", "until", _DAY, {}
        yield "nodes", "until", _DAY, {}
        if keep.log is not None:
            yield "log", "at", keep.log, {}
        if keep.sessions is not None:
            yield "sessions", "used_at", keep.sessions, {}
        if keep.dead is not None:
            for box in ("inbox", "outbox"):
                yield box, "changed_at", keep.dead, {"state": "dead"}

    async def _batch(self, name: str, time: str, seconds: float, wanted: Document, access: Access) -> int:
        old = {**wanted, time: {"$lt": await access.now() - seconds}}
        ids = [row[key_name(name)] for row in await access.find(name, old, limit=self._retention.batch, fields=[time])]
        if ids and name == "nodes":
            await access.delete("commits", {"_id": {"$in": ids}})
        return await access.delete(name, {"_id": {"$in": ids}, **old}) if ids else 0
