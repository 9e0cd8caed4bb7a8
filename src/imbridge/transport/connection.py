import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

import aiohttp

from imbridge.protocol.errors import LinkError
from imbridge.transport.errors import place
from imbridge.transport.prompt import promptly

_log = logging.getLogger(__name__)
_serials = count(1)
_KINDS_LOGGED = 64


@dataclass(frozen=True, slots=True)
class Dial:
    """Where to open a connection; the first two can hold tickets, so neither is shown.

    Attributes:
        url: The address.
        headers: Of the handshake.
        close_code: What we close it with in order. To some platforms 1000 says that we do not come back.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    close_code: int = 1000


@dataclass(slots=True)
class LinkCounters:
    """What happened on a link since it was made."""

    connects: int = 0
    drops: int = 0
    rotations: int = 0
    frames: int = 0
    bad_frames: int = 0
    pings: int = 0
    pongs: int = 0
    watchdog_kills: int = 0


class Connection:
    """One open websocket: read in order, one frame at a time, by one task.

    While `on_frame` works, nothing is read, so a slow receiver slows the platform down and memory stays bounded.

    Attributes:
        serial: Tells connections of one process apart in the log.
        dial: Where it leads.
        opened_at: When it was opened, on the event loop's clock.
        heard_at: When anything at all came from the peer, on the event loop's clock.
        spoken_at: When the peer's application said something: a data frame, or a pong reported by `alive`.
        draining: True once a newer connection has taken over.
        leaving: True once it is known that the peer is about to close it.
        ended: Done when the connection is of no more use; the result says why.
    """

    def __init__(
        self,
        ws: "aiohttp.ClientWebSocketResponse[bool]",
        dial: Dial,
        *,
        name: str,
        counters: LinkCounters,
        heartbeat_interval: Callable[[], float | None],
        send_timeout: float = 10.0,
        close_timeout: float = 0.8,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.serial = next(_serials)
        self.dial = dial
        self.opened_at = self.heard_at = self.spoken_at = loop.time()
        self.draining = False
        self.leaving = False
        self.ended: asyncio.Future[LinkError] = loop.create_future()
        self.wake_watchdog = asyncio.Event()
        self.ended.add_done_callback(lambda _: self.wake_watchdog.set())
        self.obeyed_interval: float | None = None
        self._loop = loop
        self._ws = ws
        self._name = name
        self._counters = counters
        self._heartbeat_interval = heartbeat_interval
        self._send_timeout = send_timeout
        self._close_timeout = close_timeout
        self._busy = False
        self._closing = False
        self._closer: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._kinds: set[tuple[str, str, int]] = set()

    def __repr__(self) -> str:
        return f"<Connection {self.serial} of {self._name} to {place(self.dial.url)}>"

    @property
    def busy(self) -> bool:
        """True while a frame is being handled, that is, while nothing is read."""
        return self._busy

    @property
    def open(self) -> bool:
        """True while frames can be sent."""
        return not self._closing and not self.ended.done() and not self._ws.closed

    def start(self, on_frame: Callable[["Connection", bytes | str], Awaitable[None]]) -> None:
        """Begin to read; called once, by the link."""
        self._reader = asyncio.create_task(self._run(on_frame), name=f"link:{self._name}:{self.serial}")

    def alive(self) -> None:
        """Report an application-level pong. Frames as such need not be reported: the link sees them."""
        self._counters.pongs += 1
        self.spoken_at = self._loop.time()

    async def send(self, data: bytes | str) -> None:
        """Send one message: text for `str`, binary for `bytes`.

        Raises:
            LinkError: The connection is closed, or the peer has not taken anything for too long.
        """
        # Not `self.open`: while it closes in order the frame in hand is finished, and that may want an acknowledgement.
        if self.ended.done() or self._ws.closed:
            raise LinkError(f"{self._name}: connection {self.serial} is closed, nothing can be sent on it")
        try:
            sending = self._ws.send_str(data) if isinstance(data, str) else self._ws.send_bytes(data)
            await promptly(sending, self._send_timeout)
        except TimeoutError:
            text = f"{self._name}: the peer of connection {self.serial} took nothing for {self._send_timeout:g} s"
            error = LinkError(text)
        except (aiohttp.ClientError, OSError) as cause:
            error = LinkError(f"{self._name}: connection {self.serial} broke while sending: {type(cause).__name__}")
        else:
            return
        self.abort(error)
        raise error

    async def ping(self) -> None:
        """Send a websocket ping.

        Raises:
            LinkError: The connection is closed or broken.
        """
        try:
            async with asyncio.timeout(self._send_timeout):
                await self._ws.ping()
        except (aiohttp.ClientError, OSError) as cause:
            error = LinkError(f"{self._name}: connection {self.serial} broke while pinging: {type(cause).__name__}")
            self.abort(error)
            raise error from cause
        self._counters.pings += 1

    def abort(self, error: LinkError) -> None:
        """Give the connection up because of `error`; the link opens a new one without waiting for this one to close."""
        if not self.ended.done():
            self.ended.set_result(error)
        self._begin_close()

    async def close(self, *, grace: float | None = None) -> None:
        """Close in order: the frame in hand is finished first, for at most `grace` seconds (None: however long).

        Called from within `on_frame` it returns at once, and the connection closes when that returns.
        """
        self._begin_close()
        reader = self._reader
        if reader is None:
            await self._close_socket()
        elif reader is not asyncio.current_task():
            await asyncio.wait((reader,), timeout=grace)
            if not reader.done():
                reader.cancel()
                await asyncio.wait((reader,))

    def _begin_close(self) -> None:
        self._closing = True
        # A reader that waits for a frame has to be woken; one that is busy looks at the flag when it is done.
        if not self._busy and self._closer is None and self._reader is not None and not self._reader.done():
            self._closer = asyncio.create_task(self._close_socket(), name=f"link:{self._name}:{self.serial}:close")

    async def _run(self, on_frame: Callable[["Connection", bytes | str], Awaitable[None]]) -> None:
        error = LinkError(f"{self._name}: connection {self.serial} was closed by us")
        try:
            error = await self._read(on_frame) or error
        except Exception as cause:  # noqa: BLE001 - logged, and the link is told
            _log.exception("%s: connection %d cannot be read any more", self._name, self.serial)
            error = LinkError(f"{self._name}: connection {self.serial} broke: {type(cause).__name__}")
        finally:
            if not self.ended.done():
                self.ended.set_result(error)
            if self._closer is not None:
                await asyncio.wait((self._closer,))
            await self._close_socket()

    async def _read(self, on_frame: Callable[["Connection", bytes | str], Awaitable[None]]) -> LinkError | None:
        ws, now = self._ws, self._loop.time
        while not self._closing:
            message = await ws.receive()
            self.heard_at = now()
            kind = message.type
            if kind is aiohttp.WSMsgType.BINARY or kind is aiohttp.WSMsgType.TEXT:
                self.spoken_at = self.heard_at
                self._counters.frames += 1
                self._busy = True
                try:
                    await on_frame(self, message.data)
                except Exception as error:  # noqa: BLE001 - one bad frame must not cost the connection
                    self._note_bad_frame(error)
                finally:
                    self._busy = False
                    # The peer's answers wait unread meanwhile: its time to be heard begins anew.
                    self.heard_at = self.spoken_at = now()
                if self._heartbeat_interval() != self.obeyed_interval:
                    self.wake_watchdog.set()
            elif kind is aiohttp.WSMsgType.PING:
                await self._pong(message.data)
            elif kind is aiohttp.WSMsgType.PONG:
                self._counters.pongs += 1
            elif kind is aiohttp.WSMsgType.CLOSE:
                return self._dropped(
                    f"closed by the peer with code {message.data}{_reason(message.extra)}", message.data
                )
            elif kind is aiohttp.WSMsgType.ERROR:
                return self._dropped(f"broke: {type(message.data).__name__}{_reason(str(message.data))}", ws.close_code)
            elif not self._closing:
                return self._dropped("lost without a close frame", ws.close_code)
        return None

    async def _pong(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._send_timeout):
                await self._ws.pong(data)
        except (aiohttp.ClientError, OSError) as cause:
            self.abort(LinkError(f"{self._name}: connection {self.serial} broke while answering a ping: {cause!r}"))

    def _dropped(self, what: str, code: int | None) -> LinkError:
        return LinkError(f"{self._name}: connection {self.serial} {what}", code=code)

    def _note_bad_frame(self, error: Exception) -> None:
        self._counters.bad_frames += 1
        place_of_error = error.__traceback__
        while place_of_error is not None and place_of_error.tb_next is not None:
            place_of_error = place_of_error.tb_next
        file = "?" if place_of_error is None else place_of_error.tb_frame.f_code.co_filename
        line = 0 if place_of_error is None else place_of_error.tb_lineno
        kind = (type(error).__name__, file, line)
        if kind not in self._kinds and len(self._kinds) < _KINDS_LOGGED:
            self._kinds.add(kind)
            # Neither the frame nor the text of the error, which may quote it.
            _log.error("%s: a frame was not understood: %s at %s:%d; further ones are counted", self._name, *kind)

    async def _close_socket(self) -> None:
        try:
            async with asyncio.timeout(self._close_timeout):
                await self._ws.close(code=self.dial.close_code)
        except TimeoutError:
            _log.debug("%s: connection %d did not close in order", self._name, self.serial)


def _reason(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        return ""
    clean = "".join(character if character.isprintable() else " " for character in text[:120])
    return f" ({clean.strip()})"
