"""What a database is, for those who ask it nothing themselves."""

from typing import Protocol, TypeVar


class AnyDatabase(Protocol):
    """A connection to a database of some kind."""

    @property
    def where(self) -> str:
        """It in words, without a password."""

    @property
    def is_open(self) -> bool:
        """Between the connection and the end."""


DatabaseT = TypeVar("DatabaseT", bound=AnyDatabase)
"""A kind of database. What stands in `core` takes one for those who derive from it, and looks at nothing else of it."""
