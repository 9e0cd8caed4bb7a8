"""What a database's errors mean, for those who work on any database."""

from typing import Protocol


class Errors(Protocol):
    """Reads the errors of one kind of database."""

    def is_of_database(self, error: BaseException) -> bool:
        """It comes of the database or of the way to it, and not of our own code."""

    def is_lost(self, error: BaseException) -> bool:
        """The connection is gone: what was asked for may have been done or not."""

    def is_conflict(self, error: BaseException) -> bool:
        """Another process was in the way: the same once more will do."""

    def is_about_all(self, error: BaseException) -> bool:
        """No single row is at fault: the server is away, the disk full, the file locked or read-only."""

    def in_words(self, error: BaseException) -> str:
        """What happened, without the statement and its values."""
