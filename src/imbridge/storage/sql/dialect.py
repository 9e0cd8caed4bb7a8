"""Where the databases differ: the time, writing over what is there, and what an error means."""

import errno
import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Double, Table, exc, text
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import Executable
from sqlalchemy.sql.functions import FunctionElement

_AGAIN = {"40001", "40P01", 1205, 1213}
"""PostgreSQL: serialization failure, deadlock. MariaDB: a lock is waited for too long, deadlock."""
_POSTGRESQL_AWAY = {"55P03", "57014", "57P01", "57P02", "57P03", "53100", "53200", "53300", "25006"}
"""A lock, a cancelled statement, a server that stops or starts, no room (disk, memory, connections), read-only."""
_MYSQL_AWAY = {1021, 1040, 1053, 1114, 1205, 1213, 1290, 1836}
"""No room (disk, connections, table), a server that stops, locks, read-only. 2000 and more: the connection."""


_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_ADVICE = {
    **dict.fromkeys(
        _DAMAGED,
        "the file is damaged, or none of SQLite's: stop, put a backup in its place, or move it away with its -wal and "
        "-shm, and start again",
    ),
    **dict.fromkeys(
        (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN),
        "the file and its folder, in which SQLite keeps its log, have to be writable for this user",
    ),
}
"""What to do about an error of SQLite's, by its primary code: https://www.sqlite.org/rescode.html."""


class db_now(FunctionElement[float]):  # noqa: N801 - it reads as the SQL function that it is
    """Seconds since 1970 by the database's clock, at the moment when the statement runs."""

    type = Double()
    inherit_cache = True


@compiles(db_now, "sqlite")
def _sqlite_now(element: Any, compiler: Any, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(db_now, "postgresql")
def _postgresql_now(element: Any, compiler: Any, **_: Any) -> str:
    return "cast(extract(epoch from clock_timestamp()) as double precision)"


@compiles(db_now, "mysql")
@compiles(db_now, "mariadb")
def _mysql_now(element: Any, compiler: Any, **_: Any) -> str:
    return "cast(unix_timestamp(sysdate(6)) as double)"


def upsert(dialect: str, table: Table, changed: Sequence[str]) -> Executable:
    """An INSERT that changes these columns where the primary key is there already."""
    if dialect in {"mysql", "mariadb"}:
        statement = mysql.insert(table)
        return statement.on_duplicate_key_update({name: statement.inserted[name] for name in changed})
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    row = insert(table)
    return row.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: row.excluded[name] for name in changed}
    )


async def packet(connection: AsyncConnection) -> int:
    """How many bytes a server takes at once, where it has a bound of its own."""
    if connection.dialect.name not in {"mysql", "mariadb"}:
        return 2**31
    async with connection.begin():
        return int(await connection.scalar(text("SELECT @@max_allowed_packet")) or 2**24)


def is_of_database(error: BaseException) -> bool:
    """It comes of the database or of the way to it, and not of our own code."""
    return isinstance(error, exc.SQLAlchemyError | OSError | EOFError)


def is_lost(error: BaseException) -> bool:
    """The connection is gone: what was asked for may have been done or not."""
    if isinstance(error, exc.DBAPIError):
        return bool(error.connection_invalidated) or isinstance(error.orig, OSError | EOFError)
    return isinstance(error, OSError | EOFError)


def is_conflict(error: BaseException) -> bool:
    """Another process was in the way: the same once more will do."""
    if isinstance(error, exc.IntegrityError):
        return True
    return isinstance(error, exc.DBAPIError) and _code(error) in _AGAIN


def is_about_all(error: BaseException) -> bool:
    """No single row is at fault: the server is away, the disk full, the file locked, read-only or damaged."""
    if is_lost(error) or isinstance(error, exc.TimeoutError | exc.DisconnectionError | TimeoutError):
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    if _sqlite_code(error.orig) in _DAMAGED:
        return True
    code = _code(error)
    if isinstance(code, str):
        return code in _POSTGRESQL_AWAY
    if isinstance(code, int):  # what has no class of its own is an OperationalError there
        return code in _MYSQL_AWAY or 2000 <= code < 3000
    return isinstance(error, exc.OperationalError | exc.InterfaceError)


def in_words(error: BaseException) -> str:
    """What happened, without the statement and its values."""
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    if isinstance(cause, TimeoutError) and not str(cause):
        return "no answer in time"
    if not isinstance(cause, OSError) or cause.errno is None:
        told = f"{type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else ''}".rstrip(": ")
        advice = _ADVICE.get(_sqlite_code(cause) or 0)
        return told if advice is None else f"{told} ({advice})"
    return f"{errno.errorcode.get(cause.errno, type(cause).__name__)}: {cause.strerror}"


def _sqlite_code(cause: BaseException | None) -> int | None:
    """SQLite's primary code."""
    code = getattr(cause, "sqlite_errorcode", None) if isinstance(cause, sqlite3.Error) else None
    return None if code is None else int(code) & 0xFF


def _code(error: exc.DBAPIError) -> str | int | None:
    """PostgreSQL's SQLSTATE, or MariaDB's number."""
    orig = error.orig
    state = getattr(orig, "sqlstate", None) or getattr(orig, "pgcode", None)
    if state is not None:
        return str(state)
    first = orig.args[0] if orig is not None and orig.args else None
    return first if isinstance(first, int) else None
