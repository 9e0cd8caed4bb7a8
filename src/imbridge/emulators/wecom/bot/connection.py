"""One long connection: JSON frames in and out."""

import asyncio
import json
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from aiohttp import ClientConnectionResetError, WSMsgType, web

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.common.half_open import HalfOpen
from imbridge.emulators.wecom.bot import bodies
from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.commands import COMMANDS
from imbridge.emulators.wecom.bot.errors import RefusedError
from imbridge.emulators.wecom.bot.world import EVENT_CALLBACK

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World

SUBSCRIBE, PING = "aibot_subscribe", "ping"
FRAME_LIMIT = 8 * 1024 * 1024


class Connection(HalfOpen):
    """A connected client. Writing never waits: what cannot be written yet is kept in order.

    Attributes:
        bot: For whom it has subscribed; it stays set when the subscription is lost.
        subscribed: Whether it speaks for its bot.
    """

    def __init__(self, world: "World") -> None:
        super().__init__()
        self.bot: Bot | None = None
        self.subscribed = False
        self._world = world
        self._socket = web.WebSocketResponse(compress=False, max_msg_size=FRAME_LIMIT)
        self._outbox: deque[tuple[str | bytes, str | None]] = deque()
        self._wake = asyncio.Event()
        self._unacknowledged: Counter[str] = Counter()
        self._timers: set[asyncio.TimerHandle] = set()
        self._silence: asyncio.TimerHandle | None = None
        self._ending = False
        self._closed = False

    # --- life ---------------------------------------------------------------------------------------------------------

    async def serve(self, request: web.BaseRequest) -> web.WebSocketResponse:
        """Runs the connection to its end."""
        await self._socket.prepare(request)
        self._transport = request.transport
        self._world.link.opened(self)
        self._later(self._world.settings.subscribe_seconds, self._never_subscribed)
        writer = asyncio.create_task(self._write(), name="wecom-bot-emulator-writer")
        try:
            await self._read()
        finally:
            self._closed = True
            for timer in self._timers:
                timer.cancel()
            if self._silence is not None:
                self._silence.cancel()
            self._world.link.closed(self)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return self._socket

    def thaw(self) -> None:
        """Ends `freeze`."""
        super().thaw()
        self._wake.set()

    def end(self) -> None:
        """Closes the TCP connection when everything is written, with no closing handshake, as the platform does."""
        self._ending = True
        self._wake.set()

    def kick(self, *, close: bool) -> None:
        """A newer connection has taken this one's place."""
        if self.bot is None:
            return
        self._world.stats.kicks += 1
        self.unsubscribe()
        self.send(EVENT_CALLBACK, self._world.ids.text("req_id", 24), bodies.disconnected_body(self._world, self.bot))
        if close:
            self._later(self._world.settings.kick_close_seconds, self.end)

    def unsubscribe(self) -> None:
        """It speaks for its bot no longer, without being told."""
        self.subscribed = False
        self._world.link.lapsed(self)

    # --- out ----------------------------------------------------------------------------------------------------------

    def send(self, cmd: str, req_id: str, body: dict[str, Any]) -> None:
        """Sends a callback."""
        if self._world.wire:
            self._world.wire.tell("out", "ws", {"cmd": cmd, "headers": {"req_id": req_id}, "body": body})
        self.write(dump({"cmd": cmd, "headers": {"req_id": req_id}, "body": body}))

    def write(self, data: str | bytes, acknowledged: str | None = None) -> None:
        """Queues a websocket message; `acknowledged` is the req_id that it acknowledges."""
        if not self._closed:
            self._outbox.append((data, acknowledged))
            self._wake.set()

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    await self._thawed.wait()
                    data, acknowledged = self._outbox.popleft()
                    if acknowledged is not None:
                        self._unacknowledged[acknowledged] -= 1
                        if not self._unacknowledged[acknowledged]:
                            del self._unacknowledged[acknowledged]
                    if isinstance(data, bytes):
                        await self._socket.send_bytes(data)
                    else:
                        await self._socket.send_str(data)
                if self._ending and self._transport is not None:
                    self._transport.close()
        except ClientConnectionResetError:
            return  # the reader sees the end too and cleans up

    # --- in -----------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        async for message in self._socket:
            await self._thawed.wait()
            if message.type is WSMsgType.TEXT:
                self._frame(message.data)
            elif message.type is WSMsgType.BINARY:
                self._world.violation("binary_frame", f"{len(message.data)} bytes; frames are text")

    def _frame(self, text: str) -> None:
        world = self._world
        world.stats.frames_in += 1
        try:
            frame = json.loads(text)
            cmd, req_id, body = frame["cmd"], frame["headers"]["req_id"], frame.get("body")
        except (ValueError, TypeError, KeyError):
            world.violation("bad_frame", f"{len(text)} characters that are no frame with cmd and headers.req_id")
            return
        if not isinstance(cmd, str) or not isinstance(req_id, str) or not req_id:
            world.violation("bad_frame", "cmd and req_id are texts")
            return
        if world.wire:
            world.wire.tell("in", "ws", frame)
        if self._unacknowledged[req_id]:
            world.violation("ack_not_awaited", f"{cmd} with req_id {req_id} before the last one was acknowledged")
        if cmd == PING:
            self._ping(req_id)
            return
        try:
            answer = self._obey(cmd, req_id, body if isinstance(body, dict) else {})
        except RefusedError as error:
            world.stats.refused += 1
            self._acknowledge(cmd, req_id, {"errcode": error.code, "errmsg": error.errmsg})
            if cmd == SUBSCRIBE and world.settings.close_refused:
                self.end()
            return
        if answer is not None:
            self._acknowledge(cmd, req_id, {"body": answer, "errcode": 0, "errmsg": "ok"})
        else:
            self._acknowledge(cmd, req_id, {"errcode": 0, "errmsg": "ok"})

    def _obey(self, cmd: str, req_id: str, body: dict[str, Any]) -> dict[str, Any] | None:
        world = self._world
        refusal = world.faults.take("refuse", cmd)
        if refusal is not None:
            raise RefusedError(refusal.facts["code"])
        if cmd == SUBSCRIBE:
            self.bot = world.link.subscribe(self, body)
            self.subscribed = True
            self._heard()
            return None
        command = COMMANDS.get(cmd)
        if command is None:
            world.violation("unknown_cmd", cmd)
            raise RefusedError(40058, f"cmd {cmd}")
        if self.bot is None or not self.subscribed:
            if self.bot is None:
                world.violation("not_subscribed", f"{cmd} before {SUBSCRIBE}")
            raise RefusedError(846609)
        return command(world, self.bot, req_id, body)

    def _ping(self, req_id: str) -> None:
        self._world.stats.pings += 1
        self._heard()
        if self._world.faults.take("mute_pings") is None:
            self._acknowledge(PING, req_id, {"errcode": 0, "errmsg": "ok"})

    def _acknowledge(self, cmd: str, req_id: str, rest: dict[str, Any]) -> None:
        world = self._world
        if world.faults.take("cut_after_accept", cmd) is not None:
            self.abort()
            return
        if world.faults.take("lose_acks", cmd) is not None:
            world.stats.acks_lost += 1
            return
        delay = world.faults.take("delay_acks", cmd)
        seconds = world.settings.ack_seconds if delay is None else delay.facts["seconds"]
        world.stats.acks += 1
        frame = {"headers": {"req_id": req_id}, **rest}
        if world.wire:
            world.wire.tell("out", "ws", frame)
        self._unacknowledged[req_id] += 1
        if seconds:
            self._later(seconds, self.write, dump(frame), req_id)
        else:
            self.write(dump(frame), req_id)

    # --- time ---------------------------------------------------------------------------------------------------------

    def _later(self, seconds: float, act: Any, *args: Any) -> None:
        def run() -> None:
            self._timers.discard(timer)
            act(*args)

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)

    def _heard(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
        seconds = self._world.settings.silence_seconds
        self._silence = asyncio.get_running_loop().call_later(seconds, self._silent)

    def _silent(self) -> None:
        if self.subscribed:
            seconds = self._world.settings.silence_seconds
            self._world.violation("no_ping", f"no ping for {seconds:g} s; one every 30 s is expected")
        self.abort()

    def _never_subscribed(self) -> None:
        if self.bot is None:
            seconds = self._world.settings.subscribe_seconds
            self._world.violation("never_subscribed", f"no successful {SUBSCRIBE} within {seconds:g} s")
            self.abort()
