"""Documents as rows: reading and writing collections, within a transaction or without one."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from pymongo import InsertOne, ReplaceOne, ReturnDocument, UpdateOne

from imbridge.storage.core.work import Row

if TYPE_CHECKING:
    from pymongo.asynchronous.client_session import AsyncClientSession
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.database import AsyncDatabase

PREFIX = "imbridge_"
Document = dict[str, Any]
Filter = Mapping[str, Any]
Change = Mapping[str, Any] | Sequence[Mapping[str, Any]]
NOW: Document = {"$divide": [{"$toLong": "$$NOW"}, 1000]}
"""Seconds since 1970 by the server's clock, in an update by a pipeline."""
_BOXES = ("inbox", "outbox")


def key_name(collection: str) -> str:
    """What `_id` is called in a row."""
    return "uid" if collection in _BOXES else "id"


class Access:
    """Collections as one transaction sees them, or, without a session, as they are.

    What a document is known by is `_id`: the `uid` of an entry, the `id` of everything else.
    """

    def __init__(self, database: "AsyncDatabase[Document]", session: "AsyncClientSession | None" = None) -> None:
        """Nothing is read yet."""
        self._database = database
        self._session = session
        self._now: float | None = None

    async def now(self) -> float:
        """Seconds since 1970 by the server's clock, when this was asked for first."""
        if self._now is None:
            told = await self._database.client.admin.command("hello")
            self._now = told["localTime"].replace(tzinfo=UTC).timestamp()
        return self._now

    def note_now(self, now: float) -> None:
        """The server has just said what time it is."""
        self._now = now

    async def find(
        self,
        name: str,
        wanted: Filter,
        *,
        sort: Sequence[tuple[str, int]] = (),
        limit: int = 0,
        fields: Collection[str] | None = None,
    ) -> list[Row]:
        """Rows that meet the filter."""
        cursor = self._collection(name).find(
            wanted, projection=None if fields is None else list(fields), limit=limit, session=self._session
        )
        if sort:
            cursor = cursor.sort(list(sort))
        key = key_name(name)
        return [_row(document, key) for document in await cursor.to_list()]

    async def one(self, name: str, wanted: Filter, fields: Collection[str] | None = None) -> Row | None:
        """A row that meets the filter."""
        return next(iter(await self.find(name, wanted, limit=1, fields=fields)), None)

    async def count(self, name: str, wanted: Filter) -> int:
        """How many there are."""
        return await self._collection(name).count_documents(wanted, session=self._session)

    async def distinct(self, name: str, field: str, wanted: Filter) -> list[Any]:
        """The values of a field."""
        return await self._collection(name).distinct(field, wanted, session=self._session)

    async def groups(self, name: str, field: str, wanted: Filter) -> dict[Any, int]:
        """How many there are, by the values of a field."""
        stages: list[Filter] = [{"$match": wanted}, {"$group": {"_id": f"${field}", "count": {"$sum": 1}}}]
        cursor = await self._collection(name).aggregate(stages, session=self._session)
        return {found["_id"]: found["count"] async for found in _all(cursor)}

    async def insert(self, name: str, rows: Iterable[Row]) -> None:
        """Add rows."""
        key = key_name(name)
        added = [InsertOne(_document(row, key)) for row in rows]
        if added:
            await self._collection(name).bulk_write(added, session=self._session)

    async def put(self, name: str, rows: Iterable[Row]) -> None:
        """Write rows, over those that are there."""
        key = key_name(name)
        documents = [_document(row, key) for row in rows]
        written = [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents]
        if written:
            await self._collection(name).bulk_write(written, session=self._session)

    async def update(self, name: str, wanted: Filter, change: Change) -> int:
        """Change all that meet the filter; how many that are."""
        return (await self._collection(name).update_many(wanted, change, session=self._session)).matched_count

    async def update_each(self, name: str, changes: Iterable[tuple[Filter, Change]]) -> None:
        """Change one document by each filter."""
        written = [UpdateOne(wanted, change) for wanted, change in changes]
        if written:
            await self._collection(name).bulk_write(written, session=self._session)

    async def updated(self, name: str, wanted: Filter, change: Change, *, upsert: bool = False) -> Row | None:
        """Change one; as it is then."""
        found = await self._collection(name).find_one_and_update(
            wanted, change, upsert=upsert, return_document=ReturnDocument.AFTER, session=self._session
        )
        return None if found is None else _row(found, key_name(name))

    async def delete(self, name: str, wanted: Filter) -> int:
        """Delete all that meet the filter; how many that were."""
        return (await self._collection(name).delete_many(wanted, session=self._session)).deleted_count

    async def hold(self, name: str, wanted: Filter) -> None:
        """Nobody else changes these before the transaction ends, or one of the two is done again.

        To read them is not enough, for a transaction reads what was there when it began:
        https://www.mongodb.com/docs/manual/core/transactions-production-consideration/
        """
        await self.update(name, wanted, {"$inc": {"held": 1}})

    async def numbers(self, count: int) -> int:
        """The first of so many new numbers, each larger than all before: the order in which things came.

        They are taken outside of the transaction, or all processes would wait for each other.
        """
        taken = await Access(self._database).updated("numbers", {"_id": "seq"}, {"$inc": {"last": count}}, upsert=True)
        assert taken is not None  # noqa: S101 - it is made where it is missing
        return int(taken["last"]) - count + 1

    def _collection(self, name: str) -> "AsyncCollection[Document]":
        return self._database[PREFIX + name]


async def _all(cursor: Any) -> AsyncIterator[Document]:
    async with cursor:
        async for document in cursor:
            yield document


def _row(document: Document, key: str) -> Row:
    document[key] = document.pop("_id")
    return document


def _document(row: Row, key: str) -> Document:
    document = dict(row)
    document["_id"] = document.pop(key)
    return document
