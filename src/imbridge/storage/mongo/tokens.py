"""Tokens in a collection."""

from collections.abc import Sequence
from typing import Any

from imbridge.storage.core.ids import plain
from imbridge.storage.core.tokens import DatabaseTokens, token_id
from imbridge.storage.core.work import ReadRow
from imbridge.storage.errors import StorageError
from imbridge.storage.mongo.access import Access, Document
from imbridge.storage.mongo.database import MongoDatabase

_SEALED = ("encrypted", "value")


class MongoTokens(DatabaseTokens[MongoDatabase]):
    """Documents with an end, sealed."""

    async def put(  # noqa: D102 - inherited
        self, account: str, kind: str, name: str, value: Any, *, expires_at: float | None = None
    ) -> None:
        row = self._sealing.row(token_id(account, kind, name), account, kind, name, value, expires_at=expires_at)

        async def save(access: Access) -> None:
            await access.put("tokens", [{**row, "changed_at": await access.now()}])

        await self._run(save)

    async def get(self, account: str, kind: str, name: str) -> Any:  # noqa: D102 - inherited
        one = token_id(account, kind, name)
        row = next(iter(await self._living({"_id": one})), None)
        return None if row is None else self._sealing.open(one, row["encrypted"], row["value"])["value"]

    async def drop(self, account: str, kind: str, name: str) -> None:  # noqa: D102 - inherited
        await self._run(lambda access: access.delete("tokens", {"_id": token_id(account, kind, name)}))

    async def names(self, account: str, kind: str) -> list[str]:  # noqa: D102 - inherited
        rows = await self._living({"account": plain(account, 255), "kind": plain(kind, 255)})
        return [str(self._sealing.open(row["id"], row["encrypted"], row["value"])["name"]) for row in rows]

    async def _living(self, wanted: Document) -> Sequence[ReadRow]:
        try:
            async with self._database.reading() as access:
                lives = {"$or": [{"expires_at": None}, {"expires_at": {"$gt": await access.now()}}]}
                return await access.find("tokens", {**wanted, **lives}, sort=[("name", 1)], fields=_SEALED)
        except RuntimeError as error:
            raise StorageError(f"a token could not be read: {error}") from error

    async def rotate(self) -> int:  # noqa: D102 - inherited
        if not self._sealing.encrypts:
            raise StorageError("there is no key to encrypt with; configure one")

        async def rewrite(access: Access) -> int:
            count = 0
            for kept in ("tokens", "notes"):
                rows = await access.find(kept, {}, fields=_SEALED)
                count += len(rows)
                again = {row["id"]: self._sealing.again(row["id"], row["encrypted"], row["value"]) for row in rows}
                changes = (({"_id": one}, {"$set": {"value": value, "encrypted": 1}}) for one, value in again.items())
                await access.update_each(kept, changes)
            return count

        count: int = await self._run(rewrite)
        return count
