"""What a lease is called in a database."""

from imbridge.storage.core.ids import digest


def lease_id(lane: str) -> str:
    """The id of a conversation's row."""
    return digest("lease", lane)
