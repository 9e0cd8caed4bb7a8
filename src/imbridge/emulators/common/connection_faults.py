"""Faults of a platform's long connections."""

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.faults import FaultRegistry, Freezable

OwnerT = TypeVar("OwnerT")


class Connection(Freezable, Protocol):
    """A connection that can be cut and made half-open."""

    def abort(self) -> None:
        """Cuts it, with no closing handshake."""


class ConnectionFaults(FaultRegistry, Generic[OwnerT]):
    """Connections of an app or a bot are cut, once or again and again, or are dead and stay."""

    @abstractmethod
    def _connections(self, owner: OwnerT | None) -> Sequence[Connection]:
        """Those of an app or a bot, or all."""

    def drop_connections(self, owner: OwnerT | None = None) -> int:
        """Cuts the connections of an app or a bot, or all, with no closing handshake; returns how many."""
        connections = self._connections(owner)
        for connection in connections:
            connection.abort()
        return len(connections)

    def drop_every(self, seconds: float, owner: OwnerT | None = None) -> Fault:
        """Cuts them every so many seconds, until cleared."""
        fault = self._add("drop_every", None, seconds=seconds)
        loop = asyncio.get_running_loop()
        timers: list[asyncio.TimerHandle] = []

        def strike() -> None:
            timers[0] = loop.call_later(seconds, strike)
            if self.drop_connections(owner):
                fault.strike()

        def stop() -> None:
            timers[0].cancel()

        timers.append(loop.call_later(seconds, strike))
        return fault.on_clear(stop)

    def half_open(self, owner: OwnerT | None = None) -> Fault:
        """The connections of now stay established, but nothing is read, answered or pushed on them.

        Connections made later work. Clearing the fault lets those that still exist go on.
        """
        return self._freeze(self._connections(owner))
