import asyncio
from typing import Protocol

from imbridge.protocol.errors import LinkError
from imbridge.transport.connection import Connection, LinkCounters

_LATE = 1.0


class Heartbeat(Protocol):
    """A platform's own heartbeat."""

    @property
    def heartbeat_interval(self) -> float | None:
        """Seconds between two pings, None for none; the newest value is obeyed as soon as a frame has been handled."""

    def ping(self) -> bytes | str | None:
        """The next ping to send, None when there is nothing to send."""


class _Pulse:
    """One heartbeat: when it was last sent, and since when an answer has been missing."""

    __slots__ = ("missing_since", "sent_at")

    def __init__(self, now: float) -> None:
        self.sent_at = now
        self.missing_since: float | None = None

    def sent(self, now: float) -> None:
        self.sent_at = now
        if self.missing_since is None:
            self.missing_since = now

    def heard(self, at: float) -> None:
        if self.missing_since is not None and at >= self.missing_since:
            self.missing_since = None


class Watchdog:
    """Notices that a connection is dead though it looks open, and gives it up.

    Two heartbeats: websocket pings tell a dead network from a quiet one; the platform's own pings tell a server that
    answers websocket pings but has forgotten us. Any frame counts as an answer to either. Silence does not count while
    a frame is being handled, because what the peer says then waits unread; nor when our own event loop was blocked.

    Args:
        connection: What to watch.
        heartbeat: The platform's own heartbeat.
        counters: Where pings and kills are counted.
        name: The link, for the log.
        interval: Seconds between websocket pings.
        timeout: Seconds that an answer may take, for both heartbeats.
    """

    def __init__(
        self,
        connection: Connection,
        heartbeat: Heartbeat,
        counters: LinkCounters,
        *,
        name: str,
        interval: float = 30.0,
        timeout: float = 15.0,
    ) -> None:
        self._connection = connection
        self._heartbeat = heartbeat
        self._counters = counters
        self._name = name
        self._interval = interval
        self._timeout = timeout

    async def run(self) -> None:
        """Watch until the connection ends or is given up."""
        connection, clock = self._connection, asyncio.get_running_loop().time
        network, platform = _Pulse(clock()), _Pulse(clock())
        while not connection.ended.done():
            connection.wake_watchdog.clear()
            own_interval = connection.obeyed_interval = self._heartbeat.heartbeat_interval
            if connection.draining:  # the platform's heartbeat belongs to the newer connection now
                own_interval = platform.missing_since = None
            now = clock()
            network.heard(connection.heard_at)
            platform.heard(connection.spoken_at)
            if not connection.busy and self._is_dead(now, network, platform):
                return
            try:
                if now >= network.sent_at + self._interval:
                    await connection.ping()
                    network.sent(now)
                if own_interval is not None and now >= platform.sent_at + own_interval:
                    platform.sent_at = now
                    if (ping := self._heartbeat.ping()) is not None:
                        await connection.send(ping)
                        self._counters.pings += 1
                        platform.sent(now)
            except LinkError:
                return  # the connection has already been given up with this error
            due = [network.sent_at + self._interval]
            if own_interval is not None:
                due.append(platform.sent_at + own_interval)
            for pulse in (network, platform):
                if pulse.missing_since is not None:
                    silent = pulse.missing_since + self._timeout
                    # The deadlines of silence stand still while a frame is handled: look again a little later.
                    due.append(max(silent, clock() + self._timeout / 4) if connection.busy else silent)
            planned = min(due)
            await self._sleep_until(planned)
            if (now := clock()) > planned + _LATE:
                for pulse in (network, platform):
                    pulse.missing_since = None if pulse.missing_since is None else now

    def _is_dead(self, now: float, network: _Pulse, platform: _Pulse) -> bool:
        for pulse, what in ((network, "a websocket ping"), (platform, "the platform's own heartbeat")):
            if pulse.missing_since is not None and now - pulse.missing_since >= self._timeout:
                self._counters.watchdog_kills += 1
                text = f"{what} was not answered within {self._timeout:g} s"
                connection = self._connection
                connection.abort(LinkError(f"{self._name}: connection {connection.serial} is dead: {text}"))
                return True
        return False

    async def _sleep_until(self, when: float) -> None:
        try:
            async with asyncio.timeout_at(when):
                await self._connection.wake_watchdog.wait()
        except TimeoutError:
            return
