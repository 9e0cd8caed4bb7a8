"""What every emulator offers: it starts and stops, and says what it saw."""

from types import TracebackType
from typing import Any, Generic, Self

from imbridge.emulators.common.listener import Listener, RequestHandler
from imbridge.emulators.common.stats import Violation
from imbridge.emulators.common.wire import Wire
from imbridge.emulators.common.world import BaseWorld, FaultsT, StatsT


class BaseEmulator(Generic[StatsT, FaultsT]):
    """A platform's servers on this machine; a platform adds who is there and what can be done.

    Args:
        world: The platform's state.
        handler: Answers every request.
        host: Address to listen on.
        port: Port; 0 takes a free one.
    """

    def __init__(self, world: BaseWorld[Any, StatsT, FaultsT], handler: RequestHandler, host: str, port: int) -> None:
        self._world = world
        self._listener = Listener(handler, host, port)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts listening.

        Raises:
            RuntimeError: It is started already.
            OSError: The port is taken.
        """
        self._world.origin = await self._listener.start()

    async def stop(self) -> None:
        """Ends what is under way, cuts all connections and stops listening; stopping twice is nothing."""
        self.faults.clear()
        await self._end()
        await self._listener.stop()
        self._world.origin = ""

    async def _end(self) -> None:
        """Ends what the platform has under way, while its server still listens."""

    @property
    def base_url(self) -> str:
        """What stands for the platform's own host: `http://127.0.0.1:PORT`.

        Raises:
            RuntimeError: The emulator is not started.
        """
        return self._world.base_url

    @property
    def stats(self) -> StatsT:
        """Counters."""
        return self._world.stats

    @property
    def violations(self) -> list[Violation]:
        """The platform's rules that clients broke."""
        return self._world.violations

    @property
    def faults(self) -> FaultsT:
        """Faults on demand."""
        return self._world.faults

    @property
    def wire(self) -> Wire:
        """For watching what goes over the wire."""
        return self._world.wire
