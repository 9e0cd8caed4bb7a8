"""A place of one's own on a database server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine

from imbridge.storage.sql.database import database_url


@asynccontextmanager
async def place_of(url: str, name: str) -> AsyncIterator[tuple[str, str]]:
    """A URL and a schema: a schema of PostgreSQL, a database of MariaDB; removed at the end."""
    server = database_url(url)
    is_schema = server.get_backend_name() == "postgresql"
    what = "SCHEMA" if is_schema else "DATABASE"
    await _ask(server, f"CREATE {what} {name}")
    try:
        where = server if is_schema else server.set(database=name)
        yield where.render_as_string(hide_password=False), name if is_schema else ""
    finally:
        await _ask(server, f"DROP {what} {name}" + (" CASCADE" if is_schema else ""))


async def cut(url: str, schema: str) -> None:
    """End all connections that a schema's processes have to PostgreSQL, in whatever they are."""
    statement = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{schema}'"  # noqa: S608
    await _ask(database_url(url), statement)


async def _ask(server: URL, statement: str) -> None:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()
