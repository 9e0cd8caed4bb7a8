"""A storage in SQLite, PostgreSQL, MariaDB or MySQL. Importing it loads SQLAlchemy: `imbridge.storage` does it late."""

from imbridge.storage.sql.storage import SqlStorage

__all__ = ["SqlStorage"]
