"""Databases for tests: a file, or a place of one's own on a server that is there."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from imbridge.storage import SqlStorage
from imbridge.storage.sql.database import database_url
from imbridge.testing.storage_child import Nursery, StorageInChild

KINDS = ("sqlite", "postgresql", "mariadb")
_SERVERS = {
    "postgresql": ("IMBRIDGE_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test"),
    "mariadb": ("IMBRIDGE_TEST_MARIADB", "mariadb://root@127.0.0.1:3306/test"),
}


@dataclass(frozen=True)
class Place:
    """A database, or a schema of one, that only one test uses."""

    kind: str
    url: str
    schema: str = ""

    def storage(self, **options: object) -> SqlStorage:
        return make_storage(self.url, self.schema, **options)

    async def opened(self, **options: object) -> SqlStorage:
        storage = self.storage(**options)
        await storage.open()
        return storage

    def in_child(self, nursery: Nursery) -> StorageInChild:
        return StorageInChild(nursery, "databases:make_storage", self.url, self.schema)

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


def make_storage(url: str, schema: str = "", **options: object) -> SqlStorage:
    named = {"server_settings": {"application_name": schema}} if schema else None
    return SqlStorage(url, schema=schema or None, connect_args=named, **options)  # type: ignore[arg-type]


@asynccontextmanager
async def place(kind: str, folder: Path) -> AsyncIterator[Place]:
    if kind == "sqlite":
        yield Place(kind, f"sqlite:///{folder / 'imbridge.db'}")
        return
    server = _server(kind)
    name = f"t_{uuid4().hex}"
    is_schema = kind == "postgresql"
    what = "SCHEMA" if is_schema else "DATABASE"
    url = server if is_schema else server.set(database=name)
    await _ask(server, f"CREATE {what} {name}")
    try:
        yield Place(kind, url.render_as_string(hide_password=False), name if is_schema else "")
    finally:
        await _ask(server, f"DROP {what} {name}" + (" CASCADE" if is_schema else ""))


def database_of(*kinds: str) -> Any:
    """A fixture: such a database, or one of each of these kinds."""

    @pytest.fixture(params=kinds)
    async def made(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
        async with place(request.param, tmp_path) as database:
            yield database

    return made


def _server(kind: str) -> URL:
    variable, default = _SERVERS[kind]
    url = make_url(os.environ.get(variable, default))
    try:
        socket.create_connection((url.host, url.port or 0), timeout=2).close()
    except OSError as error:
        if variable in os.environ:
            raise
        pytest.skip(f"no {kind} at {url.host}:{url.port} ({error}); name one in {variable}")
    return url


async def _ask(server: URL, statement: str) -> None:
    url = database_url(server.render_as_string(hide_password=False))
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()
