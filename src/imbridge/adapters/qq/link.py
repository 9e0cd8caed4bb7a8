"""The gateway: where to dial, how to identify or resume, what to do with a frame.

Source: bot.q.qq.com, "event subscription and notification" and "WebSocket error codes". A session that is resumed gets
what came since the sequence number that is named, so that number advances when the inbox has what came with it.
"""

import asyncio
import logging
from collections import Counter
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic_core import to_json

from imbridge.adapters.json_text import read_json
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.qq.hearing.base import Decoder, Introduced
from imbridge.adapters.qq.hearing.endings import Endings
from imbridge.adapters.qq.hearing.starts import LaterError, Starts
from imbridge.adapters.qq.intents import Asked, bits
from imbridge.adapters.qq.sessions import GatewaySession
from imbridge.adapters.taking import Taking
from imbridge.protocol import LinkError
from imbridge.transport import Connection, Dial, LinkVerdict
from imbridge.transport.hosts import LOOPBACK

log = logging.getLogger(__name__)

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11
CLOSE_CODE = 4000
"""What we close a connection with: after 1000 a gateway may take the session for finished."""
_TRUSTED = (".qq.com",)
_HELLO_WITHIN = 10.0
_READY_WITHIN = 20.0
"""Seconds for the gateway to answer, or to write the first of what was missed."""
_SOON = 10.0
"""Seconds to wait for our turn on an open connection; when it takes longer, it is closed meanwhile."""
_HEARTBEATS = (0.01, 300.0)
"""Seconds between two heartbeats: what is taken from Hello."""

ResultT = TypeVar("ResultT")


class QQLink:
    """What the generic link needs to know about one shard.

    Attributes:
        counts: What came in; shared by the account's shards.
        heartbeat_interval: Seconds between our heartbeats, as Hello says.
        reading: False: what comes is left to the next process, which resumes the session.
    """

    def __init__(
        self, config: QQConfig, api: QQApi, taking: Taking, decode: Decoder, session: GatewaySession, asked: Asked,
        starts: Starts, introduced: Introduced, counts: Counter[str],
    ) -> None:  # fmt: skip
        """For one shard of one account; `asked`, `starts` and `counts` are shared with the others."""
        self._config = config
        self._api = api
        self._taking = taking
        self._decode = decode
        self._asked = asked
        self._starts = starts
        self._introduced = introduced
        self.session = session
        self.counts = counts
        self.reading = True
        self.heartbeat_interval: float | None = None
        self._endings = Endings(config.key, api, session, asked)
        self._hello: asyncio.Future[float] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._told: set[str] = set()

    # -- what the generic link calls -----------------------------------------------------------------------------------

    async def dial(self) -> Dial:
        """Ask where the gateway is, and whether a session may be started.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the answer cannot be used, or it is not our turn.
            DeliveryError: it was refused.
        """
        answer = await self._api.gateway()
        url = answer.get("url")
        if not isinstance(url, str):
            raise LinkError("qq gateway: an answer without url")
        self._check_host(url)
        self._starts.learn(answer.get("session_start_limit"))
        if not self.session.id:
            self._turn()
        loop = asyncio.get_running_loop()
        self._hello, self._ready = loop.create_future(), loop.create_future()
        return Dial(url, close_code=CLOSE_CODE)

    async def on_open(self, conn: Connection) -> None:
        """Wait for Hello, then identify, or resume the session there is.

        Raises:
            LinkError: it was not answered.
        """
        hello, ready = self._hello, self._ready
        if hello is None or ready is None:
            raise LinkError("qq gateway: nobody dialled")
        self.heartbeat_interval = await _within(_HELLO_WITHIN, hello, "it said no Hello")
        token = f"QQBot {await self._api.caller.token(patience=_HELLO_WITHIN)}"
        session = self.session
        if session.id:
            await conn.send(_frame(RESUME, {"token": token, "session_id": session.id, "seq": session.seq}))
            try:
                await _within(_READY_WITHIN, ready, "it did not answer a Resume")
            except LinkError:
                session.refused()
                raise
        else:
            await asyncio.sleep(self._turn())
            self._starts.taken(session.shard)
            self._endings.identified_for = intents = bits(self._asked.names)
            shard = [session.shard, session.shards]
            await conn.send(_frame(IDENTIFY, {"token": token, "intents": intents, "shard": shard, "properties": {}}))
            await _within(_READY_WITHIN, ready, "it did not answer an Identify")

    def ping(self) -> str:
        """The heartbeat, with the last sequence number that the inbox has."""
        return _frame(HEARTBEAT, self.session.seq or None)

    async def on_frame(self, conn: Connection, data: bytes | str) -> None:
        """Take one frame. What cannot be read is counted; it never ends the connection."""
        try:
            frame = read_json(data)
        except ValueError:
            self._bad("frame", "a frame that is not JSON")
            return
        op = frame.get("op") if isinstance(frame, dict) else None
        if op == DISPATCH:
            await self._dispatch(frame)
        elif op == HEARTBEAT_ACK:
            conn.alive()
        elif op == HELLO:
            self._greeted(frame.get("d"))
        elif op == RECONNECT:
            self.counts["reconnects_asked"] += 1
            conn.abort(LinkError(f"{self._config.key}: the gateway asks to connect again"))
        elif op == INVALID:
            self._invalid(conn, resumable=frame.get("d") is True)
        elif op == HEARTBEAT:
            await conn.send(self.ping())
        else:
            self._bad("op", "a frame with an op that this version does not know")

    def classify(self, error: Exception) -> LinkVerdict:
        """Whether and when to try again."""
        return self._endings.judge(error)

    # -- frames --------------------------------------------------------------------------------------------------------

    def _invalid(self, conn: Connection, *, resumable: bool) -> None:
        self.counts["invalid_sessions"] += 1
        if resumable:
            self.session.refused()
        else:
            self.session.forget()
        conn.abort(LinkError(f"{self._config.key}: the gateway says that the session is not valid"))

    def _greeted(self, data: Any) -> None:
        interval = data.get("heartbeat_interval") if isinstance(data, dict) else None
        if isinstance(interval, bool) or not isinstance(interval, int | float) or interval <= 0:
            interval = 45_000
        low, high = _HEARTBEATS
        if self._hello is not None and not self._hello.done():
            self._hello.set_result(min(max(interval / 1000, low), high))

    async def _dispatch(self, frame: dict[str, Any]) -> None:
        kind, number = frame.get("t"), frame.get("s")
        if kind == "READY":
            self._started(frame.get("d"), number)
            return
        if kind == "RESUMED":
            self.counts["resumed"] += 1
            self.session.resumed(number)
            self._answered()
            return
        if not self.reading:
            self.counts["after_stop"] += 1
            return
        self.counts["events"] += 1
        had = self.session.began(number)
        self._answered()  # what was missed comes before RESUMED, and may take its time
        inbound = self._decode(frame)
        if inbound is None:
            had()
        else:
            await self._taking.keep(inbound, had)

    def _started(self, data: Any, number: Any) -> None:
        data = data if isinstance(data, dict) else {}
        identity, user = data.get("session_id"), data.get("user")
        if not isinstance(identity, str) or not identity:
            self._bad("ready", "a READY without session_id: what comes while there is no connection will be lost")
            identity = ""
        user = user if isinstance(user, dict) else {}
        self.session.start(identity, number, user)
        self._introduced(user)
        self._endings.ready_at = asyncio.get_running_loop().time()
        self.counts["ready"] += 1
        self._answered()

    def _answered(self) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    def _turn(self) -> float:
        """Seconds until we may identify; few enough to wait for them.

        Raises:
            LaterError: it takes longer.
        """
        wait = self._starts.turn(self.session.shard)
        if wait > _SOON:
            raise LaterError(f"{self._config.key}: shard {self.session.shard} waits for its turn to identify", wait)
        return wait

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
        local = own in LOOPBACK and host in LOOPBACK and parts.scheme in ("ws", "wss")
        if not local and (parts.scheme != "wss" or not (host.endswith(_TRUSTED) or host == own)):
            raise LinkError(f"qq gateway: refuses to connect to {host or 'an address without a host'}")


async def _within(seconds: float, future: "asyncio.Future[ResultT]", what: str) -> ResultT:
    try:
        async with asyncio.timeout(seconds):
            return await future
    except TimeoutError:
        raise LinkError(f"qq gateway: {what} within {seconds:g} s") from None


def _frame(op: int, data: Any) -> str:
    return to_json({"op": op, "d": data}).decode()
