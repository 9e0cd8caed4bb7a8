"""Databases for tests: a file, or a place of one's own on a server that is there."""

import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from mongo_server import ends_with_us, server_url
from reaching import needs
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from imbridge.storage import MongoStorage, SqlStorage
from imbridge.storage.core.storage import DatabaseStorage
from imbridge.storage.sql.database import database_url
from imbridge.testing.storage_child import Nursery, StorageInChild

SQL_KINDS = ("sqlite", "postgresql", "mariadb")
KINDS = (*SQL_KINDS, "mongodb")
_SERVERS = {
    "postgresql": ("IMBRIDGE_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test"),
    "mariadb": ("IMBRIDGE_TEST_MARIADB", "mariadb://root@127.0.0.1:3306/test"),
}


@dataclass(frozen=True)
class Place(ABC):
    """A database, or a schema of one, that only one test uses."""

    kind: str
    url: str
    schema: str = ""

    @abstractmethod
    def storage(self, **options: Any) -> DatabaseStorage:
        """A storage there, not opened yet."""

    async def opened(self, **options: Any) -> DatabaseStorage:
        storage = self.storage(**options)
        await storage.open()
        return storage

    def in_child(self, nursery: Nursery) -> StorageInChild:
        return StorageInChild(nursery, "databases:make_storage", self.url, self.schema)

    @abstractmethod
    async def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """What stands in these columns, by the database itself."""

    @abstractmethod
    async def change(
        self, table: str, values: Mapping[str, object], where: Mapping[str, object] | None = None, *, but: bool = False
    ) -> None:
        """Change rows behind the storage's back: all of them, those where this stands, or (`but`) all others."""

    @abstractmethod
    async def drop(self, table: str) -> None:
        """Drop a table."""

    async def count(self, table: str) -> int:
        return len(await self.rows(table, "uid" if table in ("inbox", "outbox") else "account"))


class SqlPlace(Place):
    def storage(self, **options: Any) -> SqlStorage:
        return make_sql_storage(self.url, self.schema, **options)

    async def execute(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        """Ask the database itself."""
        options = {"server_settings": {"search_path": self.schema}} if self.schema else {}
        engine = create_async_engine(database_url(self.url), connect_args=options)
        try:
            async with engine.begin() as connection:
                result = await connection.execute(text(statement), values)
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            await engine.dispose()

    async def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        return await self.execute(f"SELECT {', '.join(columns)} FROM imbridge_{table}")  # noqa: S608 - our own table

    async def change(
        self, table: str, values: Mapping[str, object], where: Mapping[str, object] | None = None, *, but: bool = False
    ) -> None:
        given = ", ".join(f"{name} = :to_{name}" for name in values)
        wanted = " AND ".join(f"{name} {'<>' if but else '='} :of_{name}" for name in where or {}) or "1 = 1"
        bound = {f"to_{name}": value for name, value in values.items()}
        bound |= {f"of_{name}": value for name, value in (where or {}).items()}
        await self.execute(f"UPDATE imbridge_{table} SET {given} WHERE {wanted}", **bound)  # noqa: S608

    async def drop(self, table: str) -> None:
        await self.execute(f"DROP TABLE imbridge_{table}")


class MongoPlace(Place):
    def storage(self, **options: Any) -> MongoStorage:
        return MongoStorage(self.url, **options)

    async def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        async with mongo_collections(self.url) as collections:
            found = await collections[f"imbridge_{table}"].find({}).to_list()
        return [tuple(row["_id" if name in ("id", "uid") else name] for name in columns) for row in found]

    async def change(
        self, table: str, values: Mapping[str, object], where: Mapping[str, object] | None = None, *, but: bool = False
    ) -> None:
        known = {"_id" if name in ("id", "uid") else name: value for name, value in (where or {}).items()}
        wanted = {name: {"$ne": value} for name, value in known.items()} if but else known
        async with mongo_collections(self.url) as collections:
            await collections[f"imbridge_{table}"].update_many(wanted, {"$set": dict(values)})

    async def drop(self, table: str) -> None:
        async with mongo_collections(self.url) as collections:
            await collections.drop_collection(f"imbridge_{table}")


@asynccontextmanager
async def mongo_collections(url: str) -> AsyncIterator[Any]:
    """The database as pymongo has it."""
    from pymongo import AsyncMongoClient

    client: AsyncMongoClient[Any] = AsyncMongoClient(url)
    try:
        yield client.get_default_database("imbridge")
    finally:
        await client.close()


def make_storage(url: str, schema: str = "", **options: Any) -> DatabaseStorage:
    return MongoStorage(url, **options) if url.startswith("mongodb") else make_sql_storage(url, schema, **options)


def make_sql_storage(url: str, schema: str = "", **options: Any) -> SqlStorage:
    named = {"server_settings": {"application_name": schema}} if schema else None
    return SqlStorage(url, schema=schema or None, connect_args=named, **options)


@asynccontextmanager
async def place(kind: str, folder: Path) -> AsyncIterator[Place]:
    if kind == "sqlite":
        yield SqlPlace(kind, f"sqlite:///{folder / 'imbridge.db'}")
        return
    if kind == "mongodb":
        async with mongo_place(server_url()) as made:
            yield made
        return
    server = server_of(kind)
    name = f"t_{uuid4().hex}"
    is_schema = kind == "postgresql"
    what = "SCHEMA" if is_schema else "DATABASE"
    url = server if is_schema else server.set(database=name)
    await _ask(server, f"CREATE {what} {name}")
    try:
        yield SqlPlace(kind, url.render_as_string(hide_password=False), name if is_schema else "")
    finally:
        await _ask(server, f"DROP {what} {name}" + (" CASCADE" if is_schema else ""))


@asynccontextmanager
async def mongo_place(server: str) -> AsyncIterator[MongoPlace]:
    """A database of a test's own on this server.

    One that ends with our tests takes it along: what SecantusDB drops while a killed process's transaction is open may
    take minutes, in which it answers nobody.
    """
    url = urlsplit(server)._replace(path=f"/t_{uuid4().hex}").geturl()
    try:
        yield MongoPlace("mongodb", url)
    finally:
        if not ends_with_us(server):
            async with mongo_collections(url) as collections:
                await collections.client.drop_database(collections.name)


def database_of(*kinds: str) -> Any:
    """A fixture: such a database, or one of each of these kinds."""

    @pytest.fixture(params=kinds)
    async def made(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
        async with place(request.param, tmp_path) as database:
            yield database

    return made


def server_of(kind: str) -> URL:
    variable, default = _SERVERS[kind]
    url = make_url(os.environ.get(variable, default))
    needs(kind, url.host, url.port, variable)
    return url


async def _ask(server: URL, statement: str) -> None:
    url = database_url(server.render_as_string(hide_password=False))
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()
