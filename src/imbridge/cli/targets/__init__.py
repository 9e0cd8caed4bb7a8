"""`imbridge targets`: chats that are gone, to which nothing is sent for a time."""

from imbridge.cli.targets.commands import targets

__all__ = ["targets"]
