"""What a storage raises."""

from imbridge.protocol import ImbridgeError


class StorageError(ImbridgeError):
    """Something could not be kept or read. It holds no value of a row.

    Attributes:
        passing: The database is away, full, locked or read-only: the same may work later.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        self.passing = passing
        super().__init__(message)


class StaleLeaseError(StorageError):
    """Somebody else has the conversation by now: what was to be written with this lease was not written."""
