"""One long connection: frames out, pings and acknowledgements in."""

import asyncio
import base64
import json
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import ClientConnectionResetError, WSMsgType, web

from imbridge.emulators.feishu import frame as frames
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.delivery import Delivery
from imbridge.emulators.feishu.events import now_ms

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

HIGH_WATER = 500


class Connection:
    """A connected client. Writing never waits: what cannot be written yet is kept in order."""

    def __init__(self, app: App, world: "World", conn_id: str, service_id: int) -> None:
        self.app = app
        self.conn_id = conn_id
        self.service_id = service_id
        self.frozen = False
        self._world = world
        self._socket = web.WebSocketResponse(compress=False, max_msg_size=64 * 1024 * 1024)
        self._transport: asyncio.Transport | None = None
        self._outbox: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._thaw = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._closed = False
        self._seq = 0

    async def serve(self, request: web.BaseRequest) -> web.WebSocketResponse:
        """Runs the connection to its end."""
        await self._socket.prepare(request)
        self._transport = request.transport
        queue = self._world.queue(self.app)
        self._world.stats.connects += 1
        writer = asyncio.create_task(self._write(), name=f"feishu-emulator-writer-{self.conn_id}")
        queue.attach(self)
        try:
            await self._read()
        finally:
            self._closed = True
            self._drained.set()
            queue.detach(self)
            self._world.stats.disconnects += 1
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return self._socket

    def write(self, data: bytes) -> None:
        """Queues a websocket message."""
        if self._closed or self.frozen:
            return
        self._outbox.append(data)
        self._wake.set()
        if len(self._outbox) > HIGH_WATER:
            self._drained.clear()

    async def drain(self) -> None:
        """Waits while the client reads too slowly."""
        await self._drained.wait()

    def send_event(self, delivery: Delivery) -> None:
        """Writes the frames of an event; several when its payload is large or a fault says so."""
        world = self._world
        payload = delivery.payload
        parts = max(1, -(-len(payload) // world.settings.split_size))
        if world.faults.active:
            parts = max(parts, world.faults.frame_parts())
        self._seq += 1
        delivery.seq_id = self._seq
        size = max(1, -(-len(payload) // parts))
        headers = {
            "type": "event",
            "message_id": delivery.frame_id,
            "sum": str(parts),
            "seq": "0",
            "trace_id": delivery.event_id,
            "timestamp": str(now_ms()),
        }
        for part in range(parts):
            headers["seq"] = str(part)
            piece = payload[part * size : (part + 1) * size]
            world.stats.frames_sent += 1
            self.write(
                frames.encode(
                    method=frames.METHOD_DATA,
                    service=self.service_id,
                    headers=headers,
                    payload=piece,
                    seq_id=self._seq,
                    log_id=delivery.serial,
                )
            )
        if world.wire:
            facts = {"event_type": delivery.event_type, "event_id": delivery.event_id, "push": delivery.sends}
            world.wire.tell("out", "ws", {**facts, "app_id": self.app.app_id, "parts": parts, "bytes": len(payload)})

    def freeze(self) -> None:
        """Half-open: the TCP connection stays, but nothing is read or written any more."""
        self.frozen = True
        self._outbox.clear()
        self._drained.set()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def thaw(self) -> None:
        """Ends `freeze`."""
        if self.frozen and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        self.frozen = False
        self._thaw.set()

    def abort(self) -> None:
        """Cuts the TCP connection with no closing handshake."""
        self._thaw.set()
        if self._transport is not None:
            self._transport.abort()

    async def _read(self) -> None:
        async for message in self._socket:
            if self.frozen:
                self._thaw.clear()
                await self._thaw.wait()
            if message.type is WSMsgType.BINARY:
                self._frame(message.data)
            elif message.type is WSMsgType.TEXT:
                self._world.violation("text_message", "a websocket text message; frames are binary")

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    await self._socket.send_bytes(self._outbox.popleft())
                self._drained.set()
        except ClientConnectionResetError:
            self._drained.set()  # the reader sees the end too and cleans up

    def _frame(self, data: bytes) -> None:
        try:
            frame = frames.decode(data)
        except frames.BadFrameError as error:
            self._world.violation("bad_frame", f"{len(data)} bytes: {error}")
            return
        headers = frames.headers_of(frame)
        if frame.service != self.service_id:
            kind = "ping_service" if frame.method == frames.METHOD_CONTROL else "ack_service"
            self._world.violation(kind, f"service is {frame.service}, the connection's is {self.service_id}")
        if frame.method == frames.METHOD_DATA:
            self._acknowledgement(frame, headers)
        elif frame.method == frames.METHOD_CONTROL and headers.get("type") == "ping":
            self._ping()
        elif frame.method != frames.METHOD_CONTROL or headers.get("type") != "pong":
            self._world.violation("unknown_frame", f"method {frame.method}, type {headers.get('type')!r}")

    def _ping(self) -> None:
        self._world.stats.pings += 1
        config = json.dumps(self._world.client_config(self.app)).encode()
        headers = {"type": "pong"}
        self.write(
            frames.encode(method=frames.METHOD_CONTROL, service=self.service_id, headers=headers, payload=config)
        )
        if self._world.wire:
            self._world.wire.tell("in", "ws", {"type": "ping", "app_id": self.app.app_id})

    def _acknowledgement(self, frame: Any, headers: dict[str, str]) -> None:
        world = self._world
        frame_id = headers.get("message_id", "")
        try:
            body = json.loads(frame.payload)
            code = body["code"]
            answer = json.loads(base64.b64decode(body["data"])) if body.get("data") else None
        except (ValueError, TypeError, KeyError):
            world.violation("bad_ack", f"acknowledgement of {frame_id!r} has no JSON payload with a code")
            return
        ok = code == 200
        if ok and "biz_rt" not in headers:
            world.violation("ack_without_biz_rt", f"acknowledgement of {frame_id} lacks the biz_rt header")
        if headers.get("type") not in {"event", "card"} or not headers.get("trace_id"):
            world.violation("ack_changed_frame", f"acknowledgement of {frame_id} is not the frame that was sent")
        outcome = world.queue(self.app).acknowledged(frame_id, ok, answer)
        if outcome == "late":
            world.violation("ack_late", f"acknowledgement of {frame_id} came after {world.settings.ack_timeout} s")
        elif outcome in {"repeated", "unknown"}:
            world.violation(f"ack_{outcome}", f"acknowledgement of {frame_id!r}")
        if world.wire:
            facts = {"type": "ack", "code": code, "outcome": outcome, "biz_rt": headers.get("biz_rt")}
            world.wire.tell("in", "ws", {**facts, "app_id": self.app.app_id, "message_id": frame_id})
