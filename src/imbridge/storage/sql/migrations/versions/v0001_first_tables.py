"""The first tables.

What stands here stays as it is: a database that was made by it may be anywhere. Changes are migrations of their own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

from imbridge.storage.sql.migrations.making import create_index, create_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Long = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")
Digest = sa.String(32)
Name = sa.String(255)
Address = sa.String(512)
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin",
          "mariadb_engine": "InnoDB", "mariadb_charset": "utf8mb4", "mariadb_collate": "utf8mb4_bin"}  # fmt: skip
_TABLES = ("inbox", "outbox", "dedup", "nodes", "leases", "sessions", "log", "tokens", "media", "jobs")


class _Index:
    def __init__(self, name: str, *columns: str, unique: bool = False) -> None:
        self.name = f"ix_imbridge_{name}"
        self.columns = columns
        self.unique = unique


def upgrade() -> None:
    """Make them."""
    _box("inbox", sa.Column("item", Long, nullable=False))
    _box("outbox", sa.Column("not_before", sa.Double), sa.Column("reply", Long))
    _table(
        "dedup",
        sa.Column("id", Digest, primary_key=True),
        sa.Column("uid", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        _Index("dedup_expires_at", "expires_at"),
    )
    _table(
        "nodes",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("host", Name, nullable=False),
        sa.Column("process", Name, nullable=False),
        sa.Column("commits", sa.BigInteger, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
    _table(
        "leases",
        sa.Column("id", Digest, primary_key=True),
        sa.Column("lane", Address, nullable=False),
        sa.Column("holder", sa.BigInteger, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
    _table(
        "sessions",
        sa.Column("id", Digest, primary_key=True),
        sa.Column("lane", Address, nullable=False),
        sa.Column("state", Long, nullable=False),
        sa.Column("used_at", sa.Double, nullable=False),
        _Index("sessions_used_at", "used_at"),
    )
    _table(
        "log",
        sa.Column("seq", BigId, primary_key=True, autoincrement=True),
        sa.Column("account", Name, nullable=False),
        sa.Column("channel", Address, nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("message_id", Name, nullable=False),
        sa.Column("sender_id", Name, nullable=False),
        sa.Column("sender_name", Name, nullable=False),
        sa.Column("content_type", sa.String(32), nullable=False),
        sa.Column("text", Long, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        _Index("log_channel", "channel", "at"),
        _Index("log_sender", "sender_id", "at"),
        _Index("log_at", "at"),
    )
    _table(
        "tokens",
        sa.Column("id", Digest, primary_key=True),
        sa.Column("account", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("encrypted", sa.Integer, nullable=False),
        sa.Column("value", Long, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("changed_at", sa.Double, nullable=False),
    )
    _table(
        "media",
        sa.Column("id", Digest, primary_key=True),
        sa.Column("account", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("content", Name, nullable=False),
        sa.Column("value", Long, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        _Index("media_expires_at", "expires_at"),
    )
    _table(
        "jobs",
        sa.Column("id", Digest, primary_key=True),
        sa.Column("name", Name, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("data", Long, nullable=False),
        sa.Column("holder", sa.BigInteger, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", Long, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
        _Index("jobs_due", "state", "due_at"),
    )


def downgrade() -> None:
    """Drop them, with all that is in them."""
    for name in _TABLES:
        op.drop_table(f"imbridge_{name}")


def _table(name: str, *parts: "sa.Column[object] | _Index") -> None:
    table = f"imbridge_{name}"
    create_table(table, *(part for part in parts if isinstance(part, sa.Column)), **_MYSQL)
    for index in parts:
        if isinstance(index, _Index):
            create_index(index.name, table, index.columns, unique=index.unique)


def _box(name: str, *parts: "sa.Column[object]") -> None:
    _table(
        name,
        sa.Column("seq", BigId, primary_key=True, autoincrement=True),
        sa.Column("uid", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("node", sa.BigInteger),
        sa.Column("account", Name, nullable=False),
        sa.Column("lane", Address, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("started_at", sa.Double),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.Column("history", Long, nullable=False),
        sa.Column("head", Long, nullable=False),
        *parts,
        _Index(f"{name}_uid", "uid", unique=True),
        _Index(f"{name}_state", "state", "seq"),
    )
