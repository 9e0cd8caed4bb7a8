"""Keys of what was said stand beside those of what came, with what became of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

from imbridge.storage.sql.migrations.making import add_column

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keys have a receipt."""
    long = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")
    add_column("imbridge_dedup", sa.Column("receipt", long))


def downgrade() -> None:
    """They have none."""
    op.drop_column("imbridge_dedup", "receipt")
