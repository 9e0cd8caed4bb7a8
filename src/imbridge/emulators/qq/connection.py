"""One connection of the gateway: payloads in and out.

Rule: bot-docs, `dev-prepare/interface-framework/event-emit.md` and the close codes of
`dev-prepare/error-trace/websocket.md`.
"""

import asyncio
import json
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import ClientConnectionResetError, WSMsgType, web

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.common.half_open import HalfOpen
from imbridge.emulators.qq.identifying import Refused, identify, resume
from imbridge.emulators.qq.pushed import Pushed
from imbridge.emulators.qq.session import Session

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.world import World

PAYLOAD_LIMIT = 1024 * 1024
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11


class Connection(HalfOpen):
    """A connected client. Writing never waits: what cannot be written yet is kept in order.

    Attributes:
        session: The session it carries; None: nothing was identified yet.
        close_code: The code with which the platform has closed it; 0: it has not.
    """

    def __init__(self, world: "World") -> None:
        super().__init__()
        self.session: Session | None = None
        self.close_code = 0
        self._world = world
        self._socket = web.WebSocketResponse(compress=False, max_msg_size=PAYLOAD_LIMIT)
        self._outbox: deque[tuple[str, Pushed | None]] = deque()
        self._wake = asyncio.Event()
        self._heard = time.monotonic()
        self._closed = False

    @property
    def bot(self) -> "Bot | None":
        """Whose it is; None: nothing was identified yet."""
        return self.session.bot if self.session is not None else None

    # --- life ---------------------------------------------------------------------------------------------------------

    async def serve(self, request: web.BaseRequest) -> web.WebSocketResponse:
        """Runs the connection to its end."""
        await self._socket.prepare(request)
        self._transport = request.transport
        self._world.gateway.opened(self)
        self._write_op(HELLO, {"heartbeat_interval": int(self._world.settings.heartbeat_interval * 1000)})
        tasks = [
            asyncio.create_task(self._write(), name="qq-emulator-writer"),
            asyncio.create_task(self._watch(), name="qq-emulator-heartbeats"),
        ]
        try:
            await self._read()
        finally:
            self._closed = True
            if self.session is not None:
                self.session.detach(self)
            self._world.gateway.closed(self)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self._socket

    def abort(self) -> None:
        """Cuts the TCP connection with no closing handshake."""
        self._closed = True
        if self.session is not None:
            self.session.detach(self)
        super().abort()

    def close(self, code: int, text: str = "") -> None:
        """Closes it with a code, once what was queued is written."""
        if self._closed:
            return
        self.close_code = code
        if self.session is not None:
            self.session.detach(self)
        self._outbox.append(("", None))
        self._wake.set()
        self._closed = True
        self._world.gateway.tell("out", {"close": code, "reason": text})

    # --- out ----------------------------------------------------------------------------------------------------------

    def write_event(self, pushed: Pushed) -> None:
        """Writes an event."""
        self.write(pushed.frame(), pushed)
        if self._world.wire:
            shown = {"op": DISPATCH, "t": pushed.event_type, "s": pushed.seq, "d": pushed.data}
            self._world.gateway.tell("out", {**shown, "id": pushed.event_id})

    def write(self, text: str, pushed: Pushed | None = None) -> None:
        """Queues a websocket message."""
        if not self._closed:
            self._outbox.append((text, pushed))
            self._wake.set()

    def reconnect(self) -> None:
        """Tells the client to connect again, op 7."""
        self._write_op(RECONNECT)

    def invalidate(self, *, resumable: bool) -> None:
        """Tells the client that its session is not valid, op 9."""
        self._write_op(INVALID, resumable)

    def dispatch(self, event_type: str, seq: int, data: Any) -> None:
        """Writes READY or RESUMED."""
        self.write(dump({"op": DISPATCH, "s": seq, "t": event_type, "d": data}))
        self._world.gateway.tell("out", {"op": DISPATCH, "s": seq, "t": event_type, "d": data})

    def _write_op(self, op: int, data: Any = None) -> None:
        frame = {"op": op} if data is None else {"op": op, "d": data}
        self.write(dump(frame))
        self._world.gateway.tell("out", frame)

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    await self._thawed.wait()
                    text, pushed = self._outbox.popleft()
                    if not text:
                        await self._socket.close(code=self.close_code)
                        return
                    await self._socket.send_str(text)
                    if pushed is not None:
                        pushed.settle(taken=True)
        except ClientConnectionResetError:
            return  # the reader sees the end too and cleans up

    # --- in -----------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        async for message in self._socket:
            await self._thawed.wait()
            if self.close_code or message.type is not WSMsgType.TEXT:
                continue
            try:
                self._payload(message.data)
            except Refused as refused:
                if refused.kind:
                    self._world.violation(refused.kind, refused.detail)
                if refused.invalid is not None:
                    self.invalidate(resumable=refused.invalid)
                if refused.code:
                    self.close(refused.code, refused.detail)

    def _payload(self, text: str) -> None:
        try:
            payload = json.loads(text)
        except ValueError:
            payload = None
        if not isinstance(payload, dict) or not isinstance(payload.get("op"), int):
            raise Refused(4002, "payload", "a payload is no JSON object with a number as op")
        self._world.gateway.tell("in", payload)
        match payload["op"]:
            case 1:
                self._heartbeat(payload.get("d"))
            case 2:
                identify(self._world, self, payload.get("d"))
            case 6:
                resume(self._world, self, payload.get("d"))
            case op:
                raise Refused(4001, "opcode", f"op {op} is not one that clients send")

    def _heartbeat(self, last: Any) -> None:
        world = self._world
        world.stats.heartbeats += 1
        self._heard = time.monotonic()
        if last is not None and not isinstance(last, int):
            raise Refused(4002, "payload", "a heartbeat's d is no number")
        if self.session is not None and last is not None and not self.session.confirm(last):
            world.violation("heartbeat_seq", f"a heartbeat names {last}, the session is at {self.session.seq}")
        if not (world.faults.active and world.faults.take("silent_heartbeats") is not None):
            self._write_op(HEARTBEAT_ACK)

    async def _watch(self) -> None:
        while True:
            limit = self._world.settings.heartbeat_timeout
            left = self._heard + limit - time.monotonic()
            if left <= 0 and not self.frozen:
                self._world.violation("heartbeat_missing", f"no heartbeat came within {limit:g} s")
                self.close(4009, "session timed out")
                return
            await asyncio.sleep(max(left, 0.01))
