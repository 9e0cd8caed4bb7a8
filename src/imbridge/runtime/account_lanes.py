"""Lanes kept apart by account: one whose platform hangs or floods uses up its own bounds, and nobody else's."""

import contextvars
from collections.abc import Awaitable, Callable
from typing import Generic

from imbridge.runtime.lanes import Item, Lanes


class _ByAccount(dict[str, Lanes[Item]]):
    """Makes what is not there yet."""

    def __init__(self, make: Callable[[str], Lanes[Item]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, account: str) -> Lanes[Item]:
        lanes = self[account] = self._make(account)
        return lanes


class AccountLanes(Generic[Item]):
    """Lanes for each account, made when the account first has work. The bounds are those of one account.

    Attributes:
        of: The lanes of an account.
        interrupted: Items whose work `cancel` has cut short.
    """

    def __init__(
        self,
        work: Callable[[Item], Awaitable[None]],
        *,
        name: str,
        max_running: int,
        max_length: int,
        max_waiting: int,
    ) -> None:
        """Keep the bounds; see `Lanes`."""
        self._work = work
        self._name = name
        self._bounds = {"max_running": max_running, "max_length": max_length, "max_waiting": max_waiting}
        self._context = contextvars.copy_context()
        self._of = _ByAccount(self._made)
        self.of: Callable[[str], Lanes[Item]] = self._of.__getitem__
        self._closed = False

    def _made(self, account: str) -> Lanes[Item]:
        lanes = Lanes(self._work, name=f"{self._name} of {account}", context=self._context, **self._bounds)
        if self._closed:
            lanes.close()
        return lanes

    def break_off(self, unwanted: Callable[[Item], bool]) -> int:
        """Cancel the work on some items; on how many."""
        return sum(lanes.break_off(unwanted) for lanes in self._of.values())

    def leave(self, unwanted: Callable[[Item], bool]) -> None:
        """Cancel the work on some items, and leave all that waits behind them to `cancel`."""
        for lanes in self._of.values():
            lanes.leave(unwanted)

    def release_all(self) -> None:
        """Nothing is held back any more."""
        for lanes in tuple(self._of.values()):
            lanes.release_all()

    async def drain(self) -> None:
        """Wait until nothing runs in any of them, and nothing waits but what is held back."""
        while not self.idle:
            for lanes in tuple(self._of.values()):
                await lanes.drain()

    async def cancel(self) -> list[Item]:
        """Stop all work at once and for good; the items that were still waiting."""
        self._closed = True
        return [item for lanes in tuple(self._of.values()) for item in await lanes.cancel()]

    @property
    def idle(self) -> bool:
        """Nothing runs in any of them, and nothing waits but what is held back."""
        return all(lanes.idle for lanes in self._of.values())

    @property
    def waiting(self) -> int:
        """Items that wait, in all lanes of all accounts."""
        return sum(lanes.waiting for lanes in self._of.values())

    @property
    def interrupted(self) -> int:
        """Items whose work `cancel` has cut short."""
        return sum(lanes.interrupted for lanes in self._of.values())
