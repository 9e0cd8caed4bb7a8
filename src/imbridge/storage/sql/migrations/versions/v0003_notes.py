"""The notes of accounts."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

from imbridge.storage.sql.migrations.making import create_index, create_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_Name = sa.String(255)
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin",
          "mariadb_engine": "InnoDB", "mariadb_charset": "utf8mb4", "mariadb_collate": "utf8mb4_bin"}  # fmt: skip


def upgrade() -> None:
    """Make the table."""
    create_table(
        "imbridge_notes",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account", _Name, nullable=False),
        sa.Column("kind", _Name, nullable=False),
        sa.Column("name", _Name, nullable=False),
        sa.Column("encrypted", sa.Integer, nullable=False),
        sa.Column("value", sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb"), nullable=False),
        sa.Column("node", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.Double),
        **_MYSQL,
    )
    create_index("ix_imbridge_notes_account", "imbridge_notes", ["account"])
    create_index("ix_imbridge_notes_expires_at", "imbridge_notes", ["expires_at"])


def downgrade() -> None:
    """Drop it, with all that is in it."""
    op.drop_table("imbridge_notes")
