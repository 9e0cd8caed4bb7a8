"""What leases are whatever the database is: rows with an owner, a number and an end."""

from abc import abstractmethod
from functools import partial
from typing import Any

from imbridge.storage.core.ids import digest
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.work import RunStatements
from imbridge.storage.leases import Lease, Leases


class DatabaseLeases(Leases):
    """Every claim is part of the writer's next transaction. The statements are the database's."""

    def __init__(self, run: RunStatements, nodes: Nodes) -> None:
        """`run` has statements carried out by the writer."""
        self._run = run
        self._nodes = nodes

    async def claim(self, lane: str, *, seconds: float) -> Lease | None:  # noqa: D102 - inherited
        taken: Lease | None = await self._run(partial(self._claim, lane, seconds))
        return taken

    async def renew(self, lease: Lease, *, seconds: float) -> bool:  # noqa: D102 - inherited
        renewed: bool = await self._run(partial(self._until, lease, seconds))
        return renewed

    async def release(self, lease: Lease) -> bool:  # noqa: D102 - inherited
        released: bool = await self._run(partial(self._until, lease, 0.0))  # the row has to stay, with its number
        return released

    @abstractmethod
    async def _claim(self, lane: str, seconds: float, connection: Any) -> Lease | None:
        """Take a conversation, as `claim`."""

    @abstractmethod
    async def _until(self, lease: Lease, seconds: float, connection: Any) -> bool:
        """Let a lease end in so many seconds; whether it is ours still."""


def lease_id(lane: str) -> str:
    """The id of a conversation's row."""
    return digest("lease", lane)
