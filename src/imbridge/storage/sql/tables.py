"""The tables as the code knows them. A database gets them by the migrations; a test holds the two together.

What identifies a row is a digest (`ids.py`), not the platform's text: it has a fixed length, and no collation, padding
or character that a database refuses can make two keys one, or one key unwritable. Texts beside it are for people.

Times are seconds since 1970, by the database's clock.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.mysql import LONGTEXT

from imbridge.storage.durable import Box

PREFIX = "imbridge_"
VERSION_TABLE = "imbridge_version"
BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is called INTEGER
Long = Text().with_variant(LONGTEXT(), "mysql", "mariadb")  # TEXT ends at 64 KiB there
Digest = String(32)
Name = String(255)
Address = String(512)
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin",
          "mariadb_engine": "InnoDB", "mariadb_charset": "utf8mb4", "mariadb_collate": "utf8mb4_bin"}  # fmt: skip

metadata = MetaData()


def _table(name: str, *parts: Column[Any] | Index) -> Table:
    return Table(PREFIX + name, metadata, *parts, **_MYSQL)


def _box(name: str, *parts: Column[Any]) -> Table:
    """What inbox and outbox have alike."""
    return _table(
        name,
        Column("seq", BigId, primary_key=True, autoincrement=True),
        Column("uid", BigInteger, nullable=False),
        Column("state", String(8), nullable=False),
        Column("node", BigInteger),
        Column("account", Name, nullable=False),
        Column("lane", Address, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("created_at", Double, nullable=False),
        Column("started_at", Double),
        Column("changed_at", Double, nullable=False),
        Column("history", Long, nullable=False),
        Column("head", Long, nullable=False),
        *parts,
        Index(f"ix_{PREFIX}{name}_uid", "uid", unique=True),
        Index(f"ix_{PREFIX}{name}_state", "state", "seq"),
    )


def _sealed(name: str, *parts: Column[Any] | Index) -> Table:
    """What tokens and notes have alike: see `Sealing.row`."""
    return _table(
        name,
        Column("id", Digest, primary_key=True),
        Column("account", Name, nullable=False),
        Column("kind", Name, nullable=False),
        Column("name", Name, nullable=False),
        Column("encrypted", Integer, nullable=False),
        Column("value", Long, nullable=False),
        Column("expires_at", Double),
        *parts,
    )


inbox = _box("inbox", Column("item", Long, nullable=False))
outbox = _box("outbox", Column("not_before", Double), Column("reply", Long))
BOXES: dict[Box, Table] = {Box.INBOX: inbox, Box.OUTBOX: outbox}
dedup = _table(
    "dedup",
    Column("id", Digest, primary_key=True),
    Column("uid", BigInteger, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("receipt", Long),
    Index(f"ix_{PREFIX}dedup_expires_at", "expires_at"),
)
nodes = _table(
    "nodes",
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("host", Name, nullable=False),
    Column("process", Name, nullable=False),
    Column("commits", BigInteger, nullable=False),
    Column("until", Double, nullable=False),
)
leases = _table(
    "leases",
    Column("id", Digest, primary_key=True),
    Column("lane", Address, nullable=False),
    Column("holder", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("until", Double, nullable=False),
)
sessions = _table(
    "sessions",
    Column("id", Digest, primary_key=True),
    Column("lane", Address, nullable=False),
    Column("state", Long, nullable=False),
    Column("used_at", Double, nullable=False),
    Index(f"ix_{PREFIX}sessions_used_at", "used_at"),
)
log = _table(
    "log",
    Column("seq", BigId, primary_key=True, autoincrement=True),
    Column("account", Name, nullable=False),
    Column("channel", Address, nullable=False),
    Column("direction", String(3), nullable=False),
    Column("message_id", Name, nullable=False),
    Column("sender_id", Name, nullable=False),
    Column("sender_name", Name, nullable=False),
    Column("content_type", String(32), nullable=False),
    Column("text", Long, nullable=False),
    Column("at", Double, nullable=False),
    Index(f"ix_{PREFIX}log_channel", "channel", "at"),
    Index(f"ix_{PREFIX}log_sender", "sender_id", "at"),
    Index(f"ix_{PREFIX}log_at", "at"),
)
tokens = _sealed("tokens", Column("changed_at", Double, nullable=False))
notes = _sealed(
    "notes",
    Column("node", BigInteger, nullable=False),
    Index(f"ix_{PREFIX}notes_account", "account"),
    Index(f"ix_{PREFIX}notes_expires_at", "expires_at"),
)
media = _table(
    "media",
    Column("id", Digest, primary_key=True),
    Column("account", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("content", Name, nullable=False),
    Column("value", Long, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index(f"ix_{PREFIX}media_expires_at", "expires_at"),
)
jobs = _table(
    "jobs",
    Column("id", Digest, primary_key=True),
    Column("name", Name, nullable=False),
    Column("state", String(8), nullable=False),
    Column("due_at", Double, nullable=False),
    Column("data", Long, nullable=False),
    Column("holder", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("until", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Long, nullable=False),
    Column("changed_at", Double, nullable=False),
    Index(f"ix_{PREFIX}jobs_due", "state", "due_at"),
)
