"""What migrations make, unless it is there already.

MariaDB and MySQL commit each change of a table by itself: a process that is killed in the middle of a migration leaves
some of it, and no word that it was done. The next one begins it anew, and finds what is there.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op


def create_table(name: str, *columns: "sa.Column[Any]", **options: Any) -> None:
    """A table."""
    if not sa.inspect(op.get_bind()).has_table(name):
        op.create_table(name, *columns, **options)


def create_index(name: str, table: str, columns: Sequence[str], *, unique: bool = False) -> None:
    """An index."""
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, list(columns), unique=unique)


def add_column(table: str, column: "sa.Column[Any]") -> None:
    """A column of a table that is there."""
    if column.name not in {one["name"] for one in sa.inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, column)
