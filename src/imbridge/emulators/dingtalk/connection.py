"""One connection of the stream: frames out, acknowledgements in."""

import asyncio
import json
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import ClientConnectionResetError, WSMsgType, web

from imbridge.emulators.common.half_open import HalfOpen
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.dingtalk import frame as frames
from imbridge.emulators.dingtalk.acks import Acks
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.push import Push

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.world import World

FRAME_LIMIT = 8 * 1024 * 1024


class Connection(HalfOpen):
    """A connected client. Writing never waits: what cannot be written yet is kept in order.

    Attributes:
        app: Whose it is.
        connection_id: Its id, as in the frames' headers.
        topics: What it has subscribed to: pairs of type and topic.
        draining: Whether a SYSTEM disconnect was sent: nothing is pushed over it any more.
    """

    def __init__(self, world: "World", app: App, topics: frozenset[tuple[str, str]]) -> None:
        super().__init__()
        self.app = app
        self.connection_id = world.ids.uuid("connection")
        self.topics = topics
        self.draining = False
        self._world = world
        self._socket = web.WebSocketResponse(compress=False, max_msg_size=FRAME_LIMIT, autoping=False)
        self._outbox: deque[str] = deque()
        self._wake = asyncio.Event()
        self._waiting: dict[str, Push] = {}
        self._settled: Newest[str, Push] = Newest(world.settings.history)
        self._acks = Acks(world, self._waiting, self._settled)
        self._timers: set[asyncio.TimerHandle] = set()
        self._drained = 0.0
        self._closed = False

    # --- life ---------------------------------------------------------------------------------------------------------

    async def serve(self, request: web.BaseRequest) -> web.WebSocketResponse:
        """Runs the connection to its end."""
        await self._socket.prepare(request)
        self._transport = request.transport
        self._world.stream.opened(self)
        writer = asyncio.create_task(self._write(), name="dingtalk-emulator-writer")
        self._later(self._world.settings.ping_interval, self._ping)
        try:
            await self._read()
        finally:
            self._closed = True
            for timer in self._timers:
                timer.cancel()
            self._world.stream.closed(self)
            for push in self._waiting.values():
                push.settle(None)
            self._waiting.clear()
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return self._socket

    def takes(self, kind: str, topic: str) -> bool:
        """Whether such a frame may go over it: it was subscribed to, and nothing has said that the connection ends."""
        return not self.draining and not self._closed and (kind, topic) in self.topics

    def takes_still(self, kind: str, topic: str) -> bool:
        """Whether such a frame may go over it when the app has nothing better, although it is about to end."""
        return time.monotonic() < self._drained and not self._closed and (kind, topic) in self.topics

    def tolerate(self, message_id: str) -> None:
        """Lets a frame be acknowledged that was written by hand."""
        self._acks.tolerate(message_id)

    def disconnect(self, reason: str) -> None:
        """Says that it will end; nothing is pushed over it any more, and later the TCP connection is closed."""
        if self.draining:
            return
        self.draining = True
        self._drained = time.monotonic() + self._world.settings.drain_grace
        self._world.stats.planned_disconnects += 1
        message_id = self._world.ids.message_id()
        self._acks.tolerate(message_id)
        self.write(frames.disconnect(message_id, reason))
        self._later(self._world.settings.disconnect_linger, self._end)

    # --- out ----------------------------------------------------------------------------------------------------------

    def push(self, push: Push) -> None:
        """Writes a frame, `push.copies` times more than once."""
        push.message_id = self._world.ids.message_id()
        self._waiting[push.message_id] = push
        headers = {**push.headers, "topic": push.topic, "messageId": push.message_id}
        headers |= {"appId": push.app.app_id, "connectionId": self.connection_id}
        text = frames.frame(push.kind, headers, push.data)
        for _ in range(push.copies + 1):
            self._world.stats.frames_sent += 1
            self.write(text)
        if self._world.wire:
            shown = {"type": push.kind, "headers": headers, "data": json.loads(push.data)}
            self._world.wire.tell("out", "ws", shown)

    def write(self, text: str) -> None:
        """Queues a websocket message."""
        if not self._closed:
            self._outbox.append(text)
            self._wake.set()

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    await self._thawed.wait()
                    await self._socket.send_str(self._outbox.popleft())
        except ClientConnectionResetError:
            return  # the reader sees the end too and cleans up

    # --- in -----------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        async for message in self._socket:
            await self._thawed.wait()
            if message.type is WSMsgType.TEXT:
                self._frame(message.data)
            elif message.type is WSMsgType.PING:
                self._world.stats.client_pings += 1
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.BINARY:
                self._world.violation("binary_frame", f"{len(message.data)} bytes; frames are text")

    def _frame(self, text: str) -> None:
        frame = self._acks.read(text)
        if frame is not None and self._world.wire:
            self._world.wire.tell("in", "ws", frame)

    # --- time ---------------------------------------------------------------------------------------------------------

    def _ping(self) -> None:
        world = self._world
        if self.draining:
            return
        self._later(world.settings.ping_interval, self._ping)
        if world.faults.active and world.faults.take("skip_pings") is not None:
            return
        message_id, opaque = world.ids.message_id(), world.ids.uuid("opaque")
        world.stats.pings += 1
        self._acks.expect_pong(message_id, opaque)
        self.write(frames.ping(message_id, opaque))
        self._later(world.settings.ping_timeout, self._unanswered, message_id)

    def _unanswered(self, message_id: str) -> None:
        if not self.frozen and not self.draining and self._acks.lacks_pong(message_id):
            seconds = self._world.settings.ping_timeout
            self._world.violation("ping_unanswered", f"a SYSTEM ping was not answered within {seconds:g} s")

    def _later(self, seconds: float, act: Any, *args: Any) -> None:
        def run() -> None:
            self._timers.discard(timer)
            act(*args)

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)

    def _end(self) -> None:
        if self._transport is not None:
            self._transport.close()
