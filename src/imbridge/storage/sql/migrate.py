"""Making the tables, and changing them when a new version needs others."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.protocol import ConfigError
from imbridge.storage.sql.tables import VERSION_TABLE

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

HEAD = "0003"
"""The newest migration. Known without loading Alembic, which is dear and mostly has nothing to do."""
_LOCK = 0x696D6272  # "imbr"


async def migrate(connection: AsyncConnection, *, schema: str | None, allowed: bool, patience: float) -> None:
    """Bring the tables to what this version needs. Two processes may do so at once: one waits for the other.

    Args:
        connection: In no transaction.
        schema: The PostgreSQL schema to make, if it is missing.
        allowed: Change tables; without it they have to be as they should.
        patience: Seconds to wait for another process that is changing them.

    Raises:
        ConfigError: the tables are of a newer version, or of an older one and may not be changed.
    """
    dialect = connection.dialect.name
    async with connection.begin():
        version = await connection.run_sync(_version)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise ConfigError(
            f"storage: the tables are of a newer imbridge (version {version}, this one knows {HEAD}); update imbridge",
            key="storage",
        )
    if not allowed:
        raise ConfigError(
            f"storage: the tables are at version {version or 'none'} and have to be at {HEAD}; "
            "allow migrations, or run `alembic upgrade` with imbridge.storage.sql.migrate.alembic_config()",
            key="storage",
        )
    log.info("the tables of the storage are brought from version %s to %s", version or "none", HEAD)
    async with asyncio.timeout(patience * 4):
        if dialect in {"mysql", "mariadb"}:
            await _with_named_lock(connection)
            return
        async with connection.begin():
            if dialect == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                if schema and not await _has_schema(connection, schema):
                    quoted = connection.dialect.identifier_preparer.quote_identifier(schema)
                    await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {quoted}"))
            await connection.run_sync(_upgrade)


async def _has_schema(connection: AsyncConnection, schema: str) -> bool:
    """Whoever may not make schemas is refused even when there is nothing to make."""
    found = await connection.scalar(text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": schema})
    return found is not None


async def _with_named_lock(connection: AsyncConnection) -> None:
    """MariaDB and MySQL commit at every change of a table, so a lock of the session it is."""
    name = {"name": f"imbridge {connection.engine.url.database}"[:64]}
    async with connection.begin():
        if await connection.scalar(text("SELECT GET_LOCK(:name, 60)"), name) != 1:
            raise ConfigError(
                "storage: another process changes the tables, and has not ended in a minute; start again", key="storage"
            )
    try:
        async with connection.begin():
            await connection.run_sync(_upgrade)
    finally:
        async with connection.begin():
            await connection.execute(text("SELECT RELEASE_LOCK(:name)"), name)


async def check(connection: AsyncConnection) -> None:
    """See whether the tables are as this version needs them; nothing is changed.

    Raises:
        ConfigError: they are not.
    """
    version = await connection.run_sync(_version)
    if version is None:
        raise ConfigError("storage: nothing is kept there yet; the tables are made when the bot runs", key="storage")
    if version != HEAD:
        raise ConfigError(
            f"storage: the tables are at version {version}, and this imbridge knows version {HEAD}; "
            + ("update it" if version > HEAD else "run the bot with it once, which brings them there"),
            key="storage",
        )


def alembic_config(connection: Connection | None = None) -> "Config":
    """Alembic's settings for our migrations: `alembic.command.upgrade(alembic_config(connection), "head")`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "imbridge.storage.sql:migrations")
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    from alembic import command

    if _version(connection) != HEAD:  # another process may have done it while we waited
        if connection.dialect.name in {"mysql", "mariadb"} and not inspect(connection).has_table(VERSION_TABLE):
            # Alembic would give the key a name, and the server warn of that in the log of each first start.
            column = "version_num VARCHAR(32) NOT NULL PRIMARY KEY"
            connection.execute(text(f"CREATE TABLE {VERSION_TABLE} ({column})"))
        command.upgrade(alembic_config(connection), "head")


def _version(connection: Connection) -> str | None:
    looked: Any = inspect(connection)
    if not looked.has_table(VERSION_TABLE):
        return None
    version: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return version
