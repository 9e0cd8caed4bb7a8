"""Feishu's long connection: where to dial, what to do with a frame, how to say that we are alive.

Source: the official SDK's `ws/client.py`; open.feishu.cn, "request URL configuration" (handle within 3 s, at most 50
connections of an app, each event goes to one of them at random).
"""

import asyncio
import base64
import logging
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from imbridge.adapters.base import Inbound, Intake, Verdict
from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.errors import LINK_ERRORS
from imbridge.adapters.feishu.frames import (
    CONTROL,
    DATA,
    Assembler,
    Frame,
    ack_frame,
    parse_frame,
    parse_json,
    ping_frame,
)
from imbridge.adapters.feishu.inbound import Identity, decode, unreadable
from imbridge.adapters.feishu.sent.answers import ANSWER_WITHIN, AnswerWriter, expects_answer
from imbridge.adapters.pending import Answer, PendingAnswer
from imbridge.adapters.tasks import Tasks
from imbridge.protocol import AuthError, DecodeError, LinkError
from imbridge.transport import Connection, Dial, HttpError, LinkVerdict, Reaction
from imbridge.transport.hosts import LOOPBACK

log = logging.getLogger(__name__)

_ENDPOINT = "/callback/ws/endpoint"
_TRUSTED = (".feishu.cn", ".larksuite.com")
_INT32 = 1 << 31


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """How the server wants its clients to behave; any pong may say so anew. Seconds; a count below 0: for ever."""

    ping_interval: float = 120.0
    reconnect_interval: float = 120.0
    reconnect_nonce: float = 0.0
    reconnect_count: int = -1

    def updated(self, wire: Any) -> "ClientConfig":
        """With what the server says now; what is missing or senseless there stays as it was."""
        if not isinstance(wire, dict):
            return self
        return ClientConfig(
            ping_interval=_bounded(wire.get("PingInterval"), self.ping_interval, least=0.01),
            reconnect_interval=_bounded(wire.get("ReconnectInterval"), self.reconnect_interval),
            reconnect_nonce=_bounded(wire.get("ReconnectNonce"), self.reconnect_nonce),
            reconnect_count=int(_bounded(wire.get("ReconnectCount"), self.reconnect_count, least=-1)),
        )


def _bounded(value: Any, default: float, *, least: float = 0.0) -> float:
    """A server's number, if it is one between sense and an hour."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 3600:
        return default
    return float(value)


class FeishuLink:
    """What the generic link needs to know about Feishu."""

    def __init__(self, caller: Caller, me: Identity, intake: Intake, answer: AnswerWriter) -> None:
        """For one account; `answer` writes the answer to a callback, within so many seconds."""
        self.caller = caller
        self.me = me
        self.intake = intake
        self._answer = answer
        self.counts: Counter[str] = Counter()
        self.client_config = ClientConfig()
        self._failures = 0
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._service_id = 0
        self._assembler = Assembler()
        self._told: set[str] = set()
        self._acks = Tasks()

    # -- what the generic link calls -----------------------------------------------------------------------------------

    async def dial(self) -> Dial:
        """Ask where to connect.

        Raises:
            LinkError: the platform refused; `fatal` when no retry helps.
            HttpError: it could not be asked.
        """
        config = self.caller.config
        response = await self.caller.pool.request(
            "POST",
            config.api_url + _ENDPOINT,
            headers={"locale": "zh", "User-Agent": self.caller.user_agent},
            json={"AppID": config.app_id, "AppSecret": config.app_secret.get_secret_value()},
        )
        try:
            body = response.json()
        except HttpError:
            if response.status == 200:
                raise
            body = None  # a gateway's page
        code = body.get("code") if isinstance(body, dict) else None
        if response.status != 200 and LINK_ERRORS.lookup(code).code != code:
            # Not the open platform's own words. Its codes 403 and 514 end the link, a gateway's status 403 does not.
            raise LinkError(f"feishu endpoint: HTTP {response.status}")
        if code != 0:
            raise _refusal("endpoint", code, body.get("msg") if isinstance(body, dict) else "no JSON object")
        data = body.get("data")
        url = data.get("URL") if isinstance(data, dict) else None
        if not isinstance(url, str):
            raise LinkError("feishu endpoint: an answer without URL")
        self.client_config = self.client_config.updated(data.get("ClientConfig"))
        self._check_host(url)
        self._service_id = _service_id(url)
        return Dial(url)

    async def on_open(self, conn: Connection) -> None:
        """Nothing to say first: the ticket in the URL has said who we are."""
        self._failures = 0

    @property
    def heartbeat_interval(self) -> float:
        """Seconds between our pings, as the server says."""
        return self.client_config.ping_interval

    async def on_frame(self, conn: Connection, data: bytes | str) -> None:
        """Take one frame. What cannot be read is counted and passed on as Unknown; it never ends the link."""
        if isinstance(data, str):
            self._bad("text_frame", "a text frame, where only binary ones are expected")
            return
        received = time.monotonic()
        try:
            frame = parse_frame(data)
        except DecodeError as error:
            self._bad("frame", str(error))
            return
        if frame.method == CONTROL:
            self._control(conn, frame)
        elif frame.method == DATA:
            try:
                await self._data(conn, frame, received)
            except LinkError:
                self.counts["ack_lost"] += 1  # the platform delivers again, and the inbox knows it already
        else:
            self._bad("method", f"a frame of method {frame.method}")

    def ping(self) -> bytes:
        """The heartbeat frame."""
        return ping_frame(self._service_id)

    def classify(self, error: Exception) -> LinkVerdict:
        """Whether and when to try again, as the server's ClientConfig says.

        Its nonce spreads the first retry of all clients that lost their connection at one moment. Its interval is
        where our exponential waiting ends; waited from the first failure on, as the SDK does, two minutes would pass
        after every hiccup.
        """
        refusal = handshake_refusal(error)
        if refusal is not None:
            log.warning("%s: %s", self.caller.config.key, refusal)  # the error itself knows a status only
            error = refusal
        rule = LINK_ERRORS.lookup(error.code) if isinstance(error, LinkError) else None
        if isinstance(error, AuthError) or (isinstance(error, LinkError) and error.fatal):
            return LinkVerdict.FATAL
        if rule is not None and rule.reaction is Reaction.STOP:
            return LinkVerdict.FATAL
        self._failures += 1
        config = self.client_config
        if 0 <= config.reconnect_count <= self._failures - 1:  # so many retries have been made
            return LinkVerdict.FATAL
        if self._failures == 1:
            wait = self._random.uniform(0.0, config.reconnect_nonce)
        else:
            wait = min(config.reconnect_interval, 2.0 ** min(self._failures - 2, 16))
        return LinkVerdict.after(max(wait, (rule.delay if rule is not None else None) or 0.0))

    async def close(self) -> None:
        """Wait for acknowledgements that are on their way."""
        await self._acks.end(2)

    # -- frames --------------------------------------------------------------------------------------------------------

    def _control(self, conn: Connection, frame: Frame) -> None:
        if frame.headers.get("type") != "pong":
            return
        conn.alive()
        if not frame.payload:
            return
        try:
            self.client_config = self.client_config.updated(parse_json(frame.payload))
        except DecodeError as error:
            self._bad("pong", str(error))

    async def _data(self, conn: Connection, frame: Frame, received: float) -> None:
        try:
            payload = self._assembler.add(frame)
        except DecodeError as error:
            self._bad("split", str(error))
            return
        if payload is None:
            return
        self.counts["events"] += 1
        inbound = self._decode(payload)
        if expects_answer(inbound.item):
            inbound.answer = PendingAnswer()
        offered = self.intake.offer(inbound)
        if offered.done() and inbound.answer is None:
            try:
                verdict = offered.result()
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - told; nothing is awaited here
                verdict = self._intake_failed(error)
            await self._ack(conn, frame, verdict, received)
            return
        # Acks may overtake one another, offers may not: a slow disk must not slow the reading down.
        self._acks.begin(self._ack_later(conn, frame, offered, received, inbound), "feishu acknowledgement")

    def _decode(self, payload: bytes) -> Inbound:
        kept: Any
        try:
            return decode(parse_json(payload), self.me)
        except DecodeError as error:
            self._bad("event", f"{error}; it is passed on as unknown")
            kept = payload.decode("utf-8", "replace") if isinstance(error.payload, bytes) else error.payload
        except Exception as error:  # noqa: BLE001 - told, and passed on whole: our mistake must not lose the event
            self._bad("decoder", f"the decoder failed on an event ({type(error).__name__}); it is passed on as unknown")
            kept = payload.decode("utf-8", "replace")
        return unreadable(kept, payload, self.me)

    def _intake_failed(self, error: BaseException) -> Verdict:
        """The platform shall deliver again."""
        self._bad("intake", f"the inbox could not take an event in ({type(error).__name__}); it is asked for again")
        return Verdict.OVERLOADED

    async def _ack_later(
        self, conn: Connection, frame: Frame, offered: "asyncio.Future[Verdict]", received: float, inbound: Inbound
    ) -> None:
        waiting = inbound.answer
        answer: bytes = b""
        shown: Answer = ()
        try:
            try:
                verdict = await offered
            except Exception as error:  # noqa: BLE001 - told
                verdict = self._intake_failed(error)
            if waiting is not None and verdict is Verdict.ACCEPTED:
                answer, shown = await self._answer(inbound, ANSWER_WITHIN - (time.monotonic() - received))
            await self._ack(conn, frame, verdict, received, base64.b64encode(answer))
            if waiting is not None:
                waiting.shown(shown)
        except LinkError:
            self.counts["ack_lost"] += 1  # the platform delivers again (no callback), and the inbox knows it already
        finally:
            if waiting is not None:
                waiting.shown(())

    async def _ack(
        self, conn: Connection, frame: Frame, verdict: Verdict, received: float, answer: bytes | None = None
    ) -> None:
        code = 500 if verdict is Verdict.OVERLOADED else 200
        self.counts[verdict.value] += 1
        elapsed_ms = int((time.monotonic() - received) * 1000)
        await conn.send(ack_frame(frame, code=code, elapsed_ms=elapsed_ms, answer=answer))

    def _bad(self, kind: str, what: str) -> None:
        """Count what cannot be used; log each kind once, without its content."""
        self.counts[f"bad_{kind}"] += 1
        if kind not in self._told:
            self._told.add(kind)
            log.warning(
                "%s: %s. Further ones of this kind are counted, not logged.",
                self.caller.config.key,
                what,
            )

    def _check_host(self, url: str) -> None:
        """The answer's address must be where the open platform lives: it is about to get our ticket."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            host = ""
        if not host:
            raise LinkError("feishu endpoint: an answer without a usable URL")
        if self.caller.config.base_url is None:
            if parts.scheme != "wss" or not host.endswith(_TRUSTED):
                raise LinkError(f"feishu endpoint: refuses to connect to {parts.scheme}://{host}", fatal=True)
        elif parts.scheme != "wss" and host not in LOOPBACK:
            raise LinkError(f"feishu endpoint: refuses an unencrypted connection to {host}", fatal=True)


def _service_id(url: str) -> int:
    try:
        service_id = int(parse_qs(urlsplit(url).query)["service_id"][0])
    except (KeyError, ValueError):
        service_id = _INT32
    if not -_INT32 <= service_id < _INT32:  # the width of the field that every ping says it in
        raise LinkError("feishu endpoint: a URL without a usable service_id")
    return service_id


def _refusal(where: str, code: Any, said: Any) -> LinkError:
    rule = LINK_ERRORS.lookup(code)
    hint = f"; {rule.hint}" if rule.hint else ""
    return LinkError(
        f"feishu {where}: {str(said)[:200]} (code {code}){hint}", code=code, fatal=rule.reaction is Reaction.STOP
    )


def handshake_refusal(error: BaseException | None) -> LinkError | None:
    """A refused handshake says why in headers: `handshake-status`, `handshake-msg`, `handshake-autherrcode`."""
    if not isinstance(error, HttpError):
        return None
    headers = {name.lower(): value for name, value in error.headers.items()}
    status = headers.get("handshake-status")
    if status is None:
        return None
    code = headers.get("handshake-autherrcode") if status == "514" else None
    number = int(code or status) if (code or status).isdigit() else None
    return _refusal("handshake", number, headers.get("handshake-msg"))
