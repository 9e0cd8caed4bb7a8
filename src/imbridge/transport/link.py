import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from imbridge.protocol.errors import LinkError
from imbridge.transport.connection import Connection, LinkCounters
from imbridge.transport.driver import LinkDriver, LinkOptions, LinkState
from imbridge.transport.http import HttpPool
from imbridge.transport.reconnect import LinkVerdict, ReconnectPolicy
from imbridge.transport.watchdog import Watchdog

_log = logging.getLogger(__name__)


class Link:
    """A long connection that is kept open: it reconnects by itself, and says so.

    Args:
        driver: The platform's side of it.
        pool: Where websockets are opened.
        policy: When to reconnect.
        options: Limits and times.
        name: The account, for the log.
        on_state: Told every change of state, with the error that caused it; must not block.
    """

    def __init__(
        self,
        driver: LinkDriver,
        pool: HttpPool,
        *,
        policy: ReconnectPolicy | None = None,
        options: LinkOptions | None = None,
        name: str = "link",
        on_state: Callable[[LinkState, Exception | None], None] | None = None,
    ) -> None:
        self._driver = driver
        self._pool = pool
        self._policy = policy or ReconnectPolicy()
        self._options = options or LinkOptions()
        self._name = name
        self._on_state = on_state
        self._state = LinkState.STOPPED
        self._error: Exception | None = None
        self._current: Connection | None = None
        self._connections: set[Connection] = set()
        self._opening = asyncio.Lock()
        self._supervisor: asyncio.Task[None] | None = None
        self._rotation: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiters: list[tuple[frozenset[LinkState], asyncio.Future[LinkState]]] = []
        self.counters = LinkCounters()
        self._begun = False

    @property
    def begun(self) -> bool:
        """Whether it was ever started: one that was not is `STOPPED`, as one that has ended."""
        return self._begun

    @property
    def state(self) -> LinkState:
        """How the link is now."""
        return self._state

    @property
    def error(self) -> Exception | None:
        """What the last change for the worse was due to; None once the link is up again."""
        return self._error

    @property
    def connection(self) -> Connection | None:
        """The connection in use, None when there is none."""
        current = self._current
        return current if current is not None and current.open else None

    async def start(self, *, wait: bool = True) -> None:
        """Connect, and keep connected until `stop`.

        Args:
            wait: Return when first connected, however long that takes; else at once.

        Raises:
            LinkError: The platform's answer is fatal (only with `wait`), or the link is running already.
        """
        if self._supervisor is not None and not self._supervisor.done():
            raise LinkError(f"{self._name}: the link is running already")
        self._begun = True
        self._set_state(LinkState.CONNECTING, None)
        self._supervisor = asyncio.create_task(self._supervise(), name=f"link:{self._name}")
        self._supervisor.add_done_callback(self._supervisor_ended)
        if not wait:
            return
        try:
            state = await self.wait_state(LinkState.UP, LinkState.FAILED, LinkState.STOPPED)
        except asyncio.CancelledError:
            await self.stop()
            raise
        if state is LinkState.FAILED:
            cause = self._error
            raise LinkError(f"{self._name}: the platform refuses the connection: {cause}", fatal=True) from cause

    async def stop(self) -> None:
        """Close everything. Afterwards no task and no socket of this link is left; it can be started again.

        The frame in hand is finished first, for at most `LinkOptions.stop_grace`. Not to be awaited in `on_frame`.
        """
        tasks = [task for task in (self._supervisor, self._rotation, *self._tasks) if task is not None]
        own = asyncio.current_task()
        tasks = [task for task in tasks if task is not own]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        grace = self._options.stop_grace
        async with asyncio.TaskGroup() as group:
            for connection in tuple(self._connections):
                group.create_task(connection.close(grace=grace))
        self._connections.clear()
        self._current = None
        if self._state is not LinkState.STOPPED:
            self._set_state(LinkState.STOPPED, None)

    async def rotate(self) -> None:
        """Replace the connection without a gap: the new one is open before the old one is given up.

        The old one goes on being read until the server closes it or `LinkOptions.drain` has passed. Does nothing when
        another rotation or a reconnect replaced the connection meanwhile.

        Raises:
            LinkError: The link is not running, or the new connection was lost while it was being opened.
            Exception: Whatever dialling raised; the old connection stays in use.
        """
        old = self._current
        if old is None or self._supervisor is None or self._supervisor.done():
            raise LinkError(f"{self._name}: there is no connection to rotate")
        async with self._opening:
            if self._current is not old:
                return
            connection = await self._open()
            self._adopt(connection)
            self.counters.rotations += 1
        if not old.ended.done():
            old.draining = True
            old.wake_watchdog.set()
            self._own(self._drain(old), "drain")

    def rotate_soon(self, connection: Connection | None = None) -> None:
        """Rotate in the background, again and again until it worked or the old connection is gone.

        Args:
            connection: The one that is about to end, which may still be in its opening; the one in use, when left out.
        """
        leaving = connection or self._current
        if leaving is not None:
            leaving.leaving = True
            self._replace_leaving()

    def _replace_leaving(self) -> None:
        current = self._current
        if current is not None and current.leaving and (self._rotation is None or self._rotation.done()):
            self._rotation = asyncio.create_task(self._keep_rotating(), name=f"link:{self._name}:rotate")
            self._rotation.add_done_callback(self._log_crash)

    async def send(self, data: bytes | str) -> None:
        """Send on the connection in use.

        Raises:
            LinkError: There is none, or it broke.
        """
        connection = self.connection
        if connection is None:
            raise LinkError(f"{self._name}: not connected ({self._state})")
        await connection.send(data)

    async def wait_state(self, *states: LinkState) -> LinkState:
        """Wait until the link is, or for a moment was, in one of these states; returns which."""
        if self._state in states:
            return self._state
        waiter: asyncio.Future[LinkState] = asyncio.get_running_loop().create_future()
        entry = (frozenset(states), waiter)
        self._waiters.append(entry)
        try:
            return await waiter
        finally:
            if entry in self._waiters:
                self._waiters.remove(entry)

    async def _supervise(self) -> None:
        failures = 0
        while True:
            error: Exception
            try:
                connection = await self._ensure_open()
            except Exception as cause:  # noqa: BLE001 - the driver judges it, below
                error = cause
            else:
                connection, error = await self._lost(connection)
                self.counters.drops += 1
                if asyncio.get_running_loop().time() - connection.opened_at >= self._policy.healthy:
                    failures = 0
            verdict = self._judge(error)
            if verdict.fatal:
                _log.error("%s; given up, a person has to act", self._named(error))
                self._set_state(LinkState.FAILED, error)
                return
            failures += 1
            delay = self._policy.delay(failures, verdict.min_delay)
            _log.warning("%s; trying again in %.1f s (failure %d)", self._named(error), delay, failures)
            self._set_state(LinkState.DOWN, error)
            await asyncio.sleep(delay)

    async def _ensure_open(self) -> Connection:
        async with self._opening:  # a rotation under way may bring the next connection
            current = self._current
            if current is not None and not current.ended.done():
                self._set_state(LinkState.UP, None)
                return current
            self._set_state(LinkState.CONNECTING, self._error)
            connection = await self._open()
            self._adopt(connection)
            return connection

    async def _lost(self, connection: Connection) -> tuple[Connection, LinkError]:
        while True:
            await asyncio.wait((connection.ended,))
            if self._current is connection or self._current is None:
                return connection, connection.ended.result()
            connection = self._current

    async def _open(self) -> Connection:
        options = self._options
        try:
            async with asyncio.timeout(options.open_timeout) as limit:
                dial = await self._driver.dial()
                ws = await self._pool.ws_connect(
                    dial.url,
                    headers=dial.headers,
                    autoping=False,
                    max_msg_size=options.max_msg_size,
                    timeout=options.open_timeout,
                )
                connection = Connection(
                    ws,
                    dial,
                    name=self._name,
                    counters=self.counters,
                    heartbeat_interval=lambda: self._driver.heartbeat_interval,
                    send_timeout=options.send_timeout,
                    close_timeout=options.close_timeout,
                )
                self._connections.add(connection)
                self._own(self._attend(connection), "attend")
                await self._introduce(connection)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise LinkError(f"{self._name}: not connected within {options.open_timeout:g} s") from error
        return connection

    async def _introduce(self, connection: Connection) -> None:
        """Run the driver's `on_open`, unless the connection ends first."""
        connection.start(self._driver.on_frame)
        opening = asyncio.ensure_future(self._driver.on_open(connection))
        try:
            await asyncio.wait((opening, connection.ended), return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                raise connection.ended.result()  # noqa: TRY301 - the except below cleans up after it
            opening.result()
            if connection.ended.done():
                raise connection.ended.result()  # noqa: TRY301 - as above
        except BaseException:
            opening.cancel()
            await asyncio.wait((opening,))
            if not opening.cancelled():
                opening.exception()  # retrieved: what is raised here says more
            await connection.close(grace=0)
            raise

    def _adopt(self, connection: Connection) -> None:
        self._current = connection
        self.counters.connects += 1
        _log.info("%s: connected (connection %d)", self._name, connection.serial)
        self._set_state(LinkState.UP, None)
        self._replace_leaving()

    async def _attend(self, connection: Connection) -> None:
        """Run the watchdog, and forget the connection when it is closed."""
        options = self._options
        watchdog = Watchdog(
            connection,
            self._driver,
            self.counters,
            name=self._name,
            interval=options.ping_interval,
            timeout=options.ping_timeout,
        )
        try:
            await watchdog.run()
        except Exception as error:  # noqa: BLE001 - a driver whose ping() raises
            cause = LinkError(f"{self._name}: the heartbeat failed: {type(error).__name__}: {error}")
            connection.abort(cause)
        # However long the frame in hand takes: it has been read, so nobody else will handle it.
        await connection.close()
        self._connections.discard(connection)

    async def _drain(self, connection: Connection) -> None:
        await asyncio.wait((connection.ended,), timeout=self._options.drain)
        await connection.close()

    async def _keep_rotating(self) -> None:
        failures = 0
        while (old := self._current) is not None and old.leaving and not old.ended.done():
            least = 0.0
            try:
                await self.rotate()
            except Exception as error:  # noqa: BLE001 - the driver judges it
                verdict = self._judge(error)
                if verdict.fatal:
                    _log.error("%s; no new connection, the old one is used while it lasts", self._named(error))
                    return
                _log.warning("%s; not rotated yet, the old connection is still used", self._named(error))
                least = verdict.min_delay
            current = self._current
            if current is not None and current.leaving:  # not replaced yet, or what replaced it is to end as well
                failures += 1
                await asyncio.wait((current.ended,), timeout=self._policy.delay(failures, least))

    def _judge(self, error: Exception) -> LinkVerdict:
        try:
            return self._driver.classify(error)
        except Exception:  # noqa: BLE001 - logged; a driver's mistake must not end the link
            _log.exception("%s: the driver could not classify an error; it is retried", self._name)
            return LinkVerdict.RETRY

    def _named(self, error: Exception) -> str:
        text = str(error) or type(error).__name__
        return text if text.startswith(f"{self._name}: ") else f"{self._name}: {text}"

    def _set_state(self, state: LinkState, error: Exception | None) -> None:
        changed = state is not self._state or error is not self._error
        self._state, self._error = state, error
        for states, waiter in self._waiters:
            if state in states and not waiter.done():
                waiter.set_result(state)
        if changed and self._on_state is not None:
            try:
                self._on_state(state, error)
            except Exception:  # noqa: BLE001 - logged; somebody else's mistake must not end the link
                _log.exception("%s: the on_state callback failed", self._name)

    def _own(self, work: Coroutine[Any, Any, None], what: str) -> None:
        task = asyncio.create_task(work, name=f"link:{self._name}:{what}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._log_crash)

    def _log_crash(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("%s: %s crashed", self._name, task.get_name(), exc_info=error)

    def _supervisor_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("%s: the link crashed", self._name, exc_info=error)
            self._set_state(LinkState.FAILED, error if isinstance(error, Exception) else None)
