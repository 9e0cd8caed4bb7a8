"""A smart bot's long connection: where to dial, how to subscribe, what to do with a frame.

Source: developer.work.weixin.qq.com, "long connection of smart bots" (path/101463), and the official Node SDK: a ping
every 30 s, dead after two that were missed, acknowledgements within 5 s, one command of a `req_id` after another.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from imbridge.adapters.wecom.bot.errors import BOT_ERRORS
from imbridge.adapters.wecom.bot.frames import EVENT, MESSAGE, PING, SUBSCRIBE, Frame, command, new_req_id, parse_frame
from imbridge.adapters.wecom.bot.kicked import KICKED, Kicks
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.protocol import AuthError, DecodeError, LinkError
from imbridge.transport import Connection, Dial, LinkVerdict, Reaction

log = logging.getLogger(__name__)

ACK_WITHIN = 5.0
"""Seconds for the platform to acknowledge a command."""
PING_INTERVAL = 30.0

OnCallback = Callable[[Frame], Awaitable[None]]


class AckLostError(LinkError):
    """A command left, and nobody knows whether it was obeyed."""


class BotLink:
    """What the generic link needs to know about smart bots.

    Attributes:
        counts: What came in, and what could not be used.
        kicks: How often another connection took the bot.
        heartbeat_interval: Seconds between our pings.
    """

    def __init__(self, config: WeComConfig, on_callback: OnCallback) -> None:
        """For one account; `on_callback` takes each message and event in order, and has to come back soon."""
        self._config = config
        self._on_callback = on_callback
        self._waiting: dict[str, asyncio.Future[Frame]] = {}
        self._told: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.kicks = Kicks(config.key)
        self.heartbeat_interval: float | None = PING_INTERVAL

    # -- what the generic link calls -----------------------------------------------------------------------------------

    async def dial(self) -> Dial:
        """There is one address; who we are is said on the connection."""
        return Dial(self._config.bot_url)

    async def on_open(self, conn: Connection) -> None:
        """Subscribe.

        Raises:
            AuthError: bot_id or secret is wrong.
            LinkError: it is refused, for now or for good, or not acknowledged.
        """
        config = self._config
        body = {"bot_id": config.bot_id, "secret": config.bot_secret.get_secret_value()}
        ack = await self.exchange(conn, SUBSCRIBE, new_req_id(SUBSCRIBE), body)
        if ack.code == 0:
            return
        rule = BOT_ERRORS.lookup(ack.code)
        said = f"wecom {SUBSCRIBE}: {rule.meaning} (code {ack.code}): {self._clean(ack.said)}"
        if rule.reaction is Reaction.STOP:
            raise AuthError(f"{said}; {rule.hint}", code=ack.code)
        raise LinkError(said, code=ack.code)

    async def on_frame(self, conn: Connection, data: bytes | str) -> None:
        """Take one frame. What cannot be read is counted; it never ends the connection."""
        if isinstance(data, bytes):
            self._bad("binary_frame", "a binary frame, where only text is expected")
            return
        try:
            frame = parse_frame(data)
        except DecodeError as error:
            self._bad("frame", str(error))
            return
        if not frame.cmd:
            self._acknowledged(conn, frame)
        elif frame.cmd == EVENT and _is_kick(frame):
            self.counts["kicked"] += 1
            conn.abort(self.kicks.note(asyncio.get_running_loop().time()))
        elif frame.cmd in (MESSAGE, EVENT):
            self.counts["callbacks"] += 1
            await self._on_callback(frame)
        else:
            self._bad("cmd", "a frame with a cmd that this version does not know")

    def ping(self) -> str:
        """The heartbeat frame."""
        return command(PING, new_req_id(PING))

    def classify(self, error: Exception) -> LinkVerdict:
        """Whether and when to try again."""
        if isinstance(error, AuthError) or (isinstance(error, LinkError) and error.fatal):
            return LinkVerdict.FATAL
        if isinstance(error, LinkError) and error.code == KICKED:
            return LinkVerdict.after(self.kicks.wait())
        rule = BOT_ERRORS.lookup(error.code) if isinstance(error, LinkError) else None
        if rule is not None and rule.reaction is Reaction.STOP:
            return LinkVerdict.FATAL
        return LinkVerdict.after((rule.delay if rule is not None else None) or 0.0)

    # -- commands ------------------------------------------------------------------------------------------------------

    async def exchange(
        self, conn: Connection, cmd: str, req_id: str, body: Mapping[str, Any], within: float = ACK_WITHIN
    ) -> Frame:
        """Send a command and wait for its acknowledgement; of one `req_id` one after another.

        Raises:
            AckLostError: it left, and no acknowledgement came in time or before the connection was lost.
            LinkError: it did not leave.
        """
        if not conn.open and cmd != SUBSCRIBE:
            raise LinkError(f"{self._config.key}: connection {conn.serial} is closed")
        waiting: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiting[req_id] = waiting
        try:
            try:
                await conn.send(command(cmd, req_id, body))
            except LinkError as error:
                raise AckLostError(f"{cmd}: {error}") from None
            await asyncio.wait((waiting, conn.ended), timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if self._waiting.get(req_id) is waiting:
                del self._waiting[req_id]
        if waiting.done():
            return waiting.result()
        self.counts["acks_lost"] += 1
        if conn.ended.done():
            raise AckLostError(f"{cmd}: the connection was lost before it was acknowledged: {conn.ended.result()}")
        raise AckLostError(f"{cmd}: not acknowledged within {within:g} s")

    def _acknowledged(self, conn: Connection, frame: Frame) -> None:
        waiting = self._waiting.get(frame.req_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)
        elif frame.req_id.startswith(PING):
            if frame.code:
                text = f"{self._config.key}: a ping was refused with code {frame.code}: {self._clean(frame.said)}"
                conn.abort(LinkError(text, code=frame.code))
                return
            conn.alive()
        else:
            self.counts["acks_unexpected"] += 1

    def _clean(self, said: str) -> str:
        """The platform's words, without our secret should they repeat it."""
        secret = self._config.bot_secret.get_secret_value()
        return said.replace(secret, "***") if secret else said

    def _bad(self, kind: str, what: str) -> None:
        """Count what cannot be used; log each kind once, without its content."""
        self.counts[f"bad_{kind}"] += 1
        if kind not in self._told:
            self._told.add(kind)
            log.warning("%s: %s. Further ones of this kind are counted, not logged.", self._config.key, what)


def _is_kick(frame: Frame) -> bool:
    event = frame.body.get("event")
    return isinstance(event, dict) and event.get("eventtype") == KICKED
