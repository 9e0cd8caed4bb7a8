"""What the media cache is whatever the database is: rows with an end."""

from abc import abstractmethod
from functools import partial
from typing import Any, Generic

from imbridge.storage import json_values
from imbridge.storage.core.database import DatabaseT
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.work import Row, RunStatements
from imbridge.storage.errors import StorageError
from imbridge.storage.media_cache import MediaCache


class DatabaseMediaCache(MediaCache, Generic[DatabaseT]):
    """The statements are the database's."""

    def __init__(self, run: RunStatements, database: DatabaseT) -> None:
        """`run` has statements carried out by the writer."""
        self._run = run
        self._database = database

    async def put(  # noqa: D102 - inherited
        self, account: str, kind: str, content: str, value: Any, *, seconds: float
    ) -> None:
        await self._run(partial(self._save, media_row(account, kind, content, value), seconds))

    async def get(self, account: str, kind: str, content: str) -> Any:  # noqa: D102 - inherited
        if not self._database.is_open:
            raise StorageError("the media cache could not be read: the storage is not open")
        value = await self._value(media_id(account, kind, content))
        return None if value is None else json_values.read(value)

    async def drop(self, account: str, kind: str, content: str) -> None:  # noqa: D102 - inherited
        await self._run(partial(self._forget, media_id(account, kind, content)))

    @abstractmethod
    async def _save(self, row: Row, seconds: float, connection: Any) -> None:
        """Write a row that ends after so many seconds, over the one that is there."""

    @abstractmethod
    async def _value(self, one: str) -> str | None:
        """What stands in a row that has not ended.

        Raises:
            StorageError: it could not be read.
        """

    @abstractmethod
    async def _forget(self, one: str, connection: Any) -> None:
        """Delete a row."""


def media_id(account: str, kind: str, content: str) -> str:
    """The id of an upload's row."""
    return digest("media", account, kind, content)


def media_row(account: str, kind: str, content: str, value: Any) -> Row:
    """All of it but its end."""
    return {
        "id": media_id(account, kind, content),
        "account": plain(account, 255),
        "kind": plain(kind, 255),
        "content": plain(content, 255),
        "value": json_values.written(value).decode(),
    }
