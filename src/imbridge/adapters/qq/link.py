"""The gateway: where to dial, how to identify or resume, what to do with a frame.

Source: bot.q.qq.com, "event subscription and notification" and "WebSocket error codes". A session that is resumed gets
what came since the sequence number that is named, so that number advances when the inbox has what came with it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import from_json, to_json

from imbridge.adapters.base import Inbound, Intake, Verdict
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.qq.errors import ANEW_CODES, EXPIRED, STOP_CODES, TOKEN_CODES, TOO_FAST
from imbridge.adapters.qq.intents import bits
from imbridge.adapters.qq.sessions import GatewaySession
from imbridge.protocol import AuthError, LinkError
from imbridge.transport import Connection, Dial, LinkVerdict

log = logging.getLogger(__name__)

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_TRUSTED = (".qq.com",)
_HELLO_WITHIN = 10.0

Decoder = Callable[[dict[str, Any]], Inbound | None]
"""Reads a dispatched event; None when there is nothing in it for anybody. Never fails."""


class QQLink:
    """What the generic link needs to know about one shard.

    Attributes:
        counts: What came in; shared by the account's shards.
        heartbeat_interval: Seconds between our heartbeats, as Hello says.
    """

    def __init__(
        self, config: QQConfig, api: QQApi, intake: Intake, decode: Decoder, session: GatewaySession,
        counts: Counter[str],
    ) -> None:  # fmt: skip
        """For one shard of one account."""
        self._config = config
        self._api = api
        self._intake = intake
        self._decode = decode
        self.session = session
        self.counts = counts
        self.heartbeat_interval: float | None = None
        self._hello: asyncio.Future[float] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._told: set[str] = set()

    # -- what the generic link calls -----------------------------------------------------------------------------------

    async def dial(self) -> Dial:
        """Ask where the gateway is.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the answer cannot be used.
            DeliveryError: it was refused.
        """
        url = (await self._api.gateway()).get("url")
        if not isinstance(url, str):
            raise LinkError("qq gateway: an answer without url")
        self._check_host(url)
        loop = asyncio.get_running_loop()
        self._hello, self._ready = loop.create_future(), loop.create_future()
        return Dial(url)

    async def on_open(self, conn: Connection) -> None:
        """Wait for Hello, then identify, or resume the session there is.

        Raises:
            LinkError: it was not answered, or the session cannot be resumed.
        """
        hello, ready = self._hello, self._ready
        if hello is None or ready is None:
            raise LinkError("qq gateway: nobody dialled")
        async with asyncio.timeout(_HELLO_WITHIN):
            self.heartbeat_interval = await hello
        token = f"QQBot {await self._api.caller.token(patience=_HELLO_WITHIN)}"
        session = self.session
        if session.id:
            await conn.send(_frame(RESUME, {"token": token, "session_id": session.id, "seq": session.seq}))
        else:
            shard = [session.shard, session.shards]
            body = {"token": token, "intents": bits(self._config.intents), "shard": shard, "properties": {}}
            await conn.send(_frame(IDENTIFY, body))
        await ready

    def ping(self) -> str:
        """The heartbeat, with the last sequence number."""
        return _frame(HEARTBEAT, self.session.seq or None)

    async def on_frame(self, conn: Connection, data: bytes | str) -> None:
        """Take one frame. What cannot be read is counted; it never ends the connection."""
        try:
            frame = from_json(data, allow_inf_nan=False)
        except ValueError:
            self._bad("frame", "a frame that is not JSON")
            return
        op = frame.get("op") if isinstance(frame, dict) else None
        if op == DISPATCH:
            self._dispatch(frame)
        elif op == HEARTBEAT_ACK:
            conn.alive()
        elif op == HELLO:
            self._greeted(frame.get("d"))
        elif op == RECONNECT:
            self.counts["reconnects_asked"] += 1
            conn.abort(LinkError(f"{self._config.key}: the gateway asks to connect again"))
        elif op == INVALID:
            self.session.forget()
            conn.abort(LinkError(f"{self._config.key}: the gateway says that the session is not valid"))
        elif op == HEARTBEAT:
            await conn.send(self.ping())
        else:
            self._bad("op", "a frame with an op that this version does not know")

    def classify(self, error: Exception) -> LinkVerdict:
        """Whether and when to try again."""
        code = error.code if isinstance(error, LinkError) else None
        if code in STOP_CODES:
            log.error("%s: close code %s: %s", self._config.key, code, STOP_CODES[int(code)])
            return LinkVerdict.FATAL
        if isinstance(error, AuthError) or (isinstance(error, LinkError) and error.fatal):
            return LinkVerdict.FATAL
        if code in TOKEN_CODES:
            self._api.caller.forget_token()
            self.session.forget()
        elif code in ANEW_CODES:
            self.session.forget()
        elif code == EXPIRED:
            self.session.expired()
        return LinkVerdict.after(60.0 if code == TOO_FAST else 0.0)

    # -- frames --------------------------------------------------------------------------------------------------------

    def _greeted(self, data: Any) -> None:
        interval = data.get("heartbeat_interval") if isinstance(data, dict) else None
        if isinstance(interval, bool) or not isinstance(interval, int | float) or interval <= 0:
            interval = 45_000
        if self._hello is not None and not self._hello.done():
            self._hello.set_result(interval / 1000)

    def _dispatch(self, frame: dict[str, Any]) -> None:
        kind, number = frame.get("t"), frame.get("s")
        if kind in ("READY", "RESUMED"):
            self._opened(kind, frame)
            return
        self.counts["events"] += 1
        took = self.session.began(number)
        inbound = self._decode(frame)
        if inbound is None:
            took()
            return
        offered = self._intake.offer(inbound)
        offered.add_done_callback(lambda future: self._offered(future, took))

    def _offered(self, offered: "asyncio.Future[Verdict]", took: Callable[[], None]) -> None:
        verdict = Verdict.OVERLOADED if offered.cancelled() or offered.exception() else offered.result()
        self.counts[verdict.value] += 1
        if verdict is not Verdict.OVERLOADED:
            took()

    def _opened(self, kind: str, frame: dict[str, Any]) -> None:
        data = frame.get("d")
        if kind == "READY" and isinstance(data, dict):
            self.session.start(str(data.get("session_id") or ""), frame.get("s"))
        else:
            self.session.began(frame.get("s"))()
        self.counts[kind.lower()] += 1
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    def _bad(self, kind: str, what: str) -> None:
        """Count what cannot be used; log each kind once, without its content."""
        self.counts[f"bad_{kind}"] += 1
        if kind not in self._told:
            self._told.add(kind)
            log.warning("%s: %s. Further ones of this kind are counted, not logged.", self._config.key, what)

    def _check_host(self, url: str) -> None:
        """The gateway is about to get our token: it has to be the platform's."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            host, parts = "", urlsplit("")
        own = urlsplit(self._config.base_url).hostname or ""
        local = own in _LOOPBACK and host in _LOOPBACK and parts.scheme in ("ws", "wss")
        if not local and (parts.scheme != "wss" or not (host.endswith(_TRUSTED) or host == own)):
            raise LinkError(f"qq gateway: refuses to connect to {host or 'an address without a host'}")


def _frame(op: int, data: Any) -> str:
    return to_json({"op": op, "d": data}).decode()
