"""Notes in a collection."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from imbridge.storage.core.notebook import Notebook
from imbridge.storage.core.work import ReadRow, Row
from imbridge.storage.mongo.access import Access, Document
from imbridge.storage.mongo.database import MongoDatabase


class MongoNotebook(Notebook[MongoDatabase]):
    """Documents, sealed."""

    async def _rows(self, accounts: Collection[str] | None, kind: str | None = None) -> Sequence[ReadRow]:
        of_accounts: Document = {} if accounts is None else {"account": {"$in": list(accounts)}}
        of_kind: Document = {} if kind is None else {"kind": kind}
        async with self._database.reading() as access:
            return await access.find("notes", {**of_accounts, **of_kind})

    async def _owners(self, account: str, kind: str) -> tuple[Mapping[int, float | None], Iterable[tuple[str, int]]]:
        async with self._database.reading() as access:
            alive = await self._nodes.alive(access)
            rows = await access.find("notes", {"account": account, "kind": kind}, fields=["node"])
            return alive, [(row["id"], row["node"]) for row in rows]

    async def _save(self, connection: Access, rows: Sequence[Row]) -> None:
        await connection.put("notes", rows)

    async def _forget(self, connection: Access, ids: Sequence[str]) -> None:
        await connection.delete("notes", {"_id": {"$in": list(ids)}})
