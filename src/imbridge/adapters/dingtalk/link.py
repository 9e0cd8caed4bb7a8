"""A stream connection: where to dial, what to do with a frame.

Source: open-dingtalk.github.io, "stream protocol": a ticket is good for one connection within 90 s; each push goes to
one of the app's connections, picked at random; robot messages are never pushed again, events until they are
acknowledged; a `disconnect` means that the server is about to close.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic_core import to_json

from imbridge.adapters.base import Inbound, Intake, Verdict
from imbridge.adapters.dingtalk.calls import is_ban
from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.dingtalk.errors import API_ERRORS, BANNED, CREDENTIALS
from imbridge.adapters.dingtalk.frames import (
    BAD_REQUEST,
    CALLBACK,
    CARDS,
    DELEGATED,
    DISCONNECT,
    EVENT,
    MESSAGES,
    NOT_FOUND,
    NOTICES,
    PING,
    SYSTEM,
    Frame,
    ack,
    parse_data,
    parse_frame,
)
from imbridge.adapters.dingtalk.hearing.base import Decoder
from imbridge.adapters.errcode_refusals import json_object
from imbridge.adapters.pending import Answer, PendingAnswer
from imbridge.adapters.taking import Taking
from imbridge.adapters.tasks import Tasks
from imbridge.protocol import AuthError, DecodeError, LinkError
from imbridge.transport import Connection, Dial, HttpPool, LinkVerdict, Reaction
from imbridge.transport.hosts import LOOPBACK

log = logging.getLogger(__name__)

OPEN = "/v1.0/gateway/connections/open"
ANSWER_WITHIN = 1.5
"""Seconds for a skill to answer a click; the rest of the platform's 2 is for the way."""
_LAST_ACKS = 0.5
"""Seconds for acknowledgements at the end. What is said to a click later goes another way."""
_USER_AGENT = "imbridge-sdk-python/1"
_SUCCESS = '{"status":"SUCCESS","message":"ok"}'
_LATER = '{"status":"LATER","message":"no room"}'
_SUBSCRIPTIONS = (
    {"type": EVENT, "topic": "*"},
    {"type": CALLBACK, "topic": MESSAGES},
    {"type": CALLBACK, "topic": DELEGATED},
    {"type": CALLBACK, "topic": CARDS},
)

AnswerWriter = Callable[[Inbound, float], Awaitable[tuple[bytes, Answer]]]
"""Waits so many seconds for what a skill says to a click: the JSON of the answer (or nothing), and what it shows."""


class DingTalkLink:
    """What the generic link needs to know about one stream connection.

    Attributes:
        counts: What came in; shared by the account's connections.
        reading: Whether events and clicks are taken in; messages are, as long as there is a connection.
        on_disconnect: Told which connection the server is about to close.
        heartbeat_interval: None: the server pings, and the generic link sends websocket pings.
    """

    heartbeat_interval: float | None = None

    def __init__(
        self,
        config: DingTalkConfig,
        pool: HttpPool,
        intake: Intake,
        taking: Taking,
        decode: Decoder,
        answer: AnswerWriter,
        counts: Counter[str],
    ) -> None:
        """For one connection of one account."""
        self._config = config
        self._pool = pool
        self._intake = intake
        self._taking = taking
        self._decode = decode
        self._answer = answer
        self.counts = counts
        self.reading = True
        self.on_disconnect: Callable[[Connection], None] = lambda conn: None
        self._told: set[str] = set()
        self._acks = Tasks()

    # -- what the generic link calls -----------------------------------------------------------------------------------

    async def dial(self) -> Dial:
        """Get a ticket.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: it was refused, or the answer cannot be used.
            HttpError: it could not be asked.
        """
        config = self._config
        secret = config.client_secret.get_secret_value()
        response = await self._pool.request(
            "POST",
            config.base_url + OPEN,
            json={
                "clientId": config.client_id,
                "clientSecret": secret,
                "subscriptions": _SUBSCRIPTIONS,
                "ua": _USER_AGENT,
            },
        )
        body = json_object(response)
        if is_ban(response, body):
            raise LinkError("dingtalk connections/open: our address is banned for 5 minutes", code=BANNED)
        if response.status != 200:
            raise _refusal(response.status, body, secret)
        endpoint, ticket = body.get("endpoint"), body.get("ticket")
        if not isinstance(endpoint, str) or not isinstance(ticket, str) or not ticket:
            raise LinkError("dingtalk connections/open: an answer without endpoint and ticket")
        self._check_host(endpoint)
        return Dial(f"{endpoint}{'&' if '?' in endpoint else '?'}ticket={quote(ticket, safe='')}")

    async def on_open(self, conn: Connection) -> None:
        """Nothing to say first: the ticket has said who we are."""

    def ping(self) -> None:
        """There is no heartbeat of ours."""
        return

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
        try:
            await self._handle(conn, frame)
        except LinkError:
            # Of a message nothing follows; an event comes again, and the inbox knows it already.
            self.counts["ack_lost"] += 1

    def classify(self, error: Exception) -> LinkVerdict:
        """Whether and when to try again."""
        if isinstance(error, AuthError) or (isinstance(error, LinkError) and error.fatal):
            return LinkVerdict.FATAL
        rule = API_ERRORS.lookup(error.code) if isinstance(error, LinkError) else None
        return LinkVerdict.after((rule.delay if rule is not None else None) or 0.0)

    async def close(self) -> None:
        """Take no more events and clicks, and wait for acknowledgements that are on their way."""
        self.reading = False
        await self._acks.end(_LAST_ACKS)

    # -- frames --------------------------------------------------------------------------------------------------------

    async def _handle(self, conn: Connection, frame: Frame) -> None:
        if frame.kind == CALLBACK and frame.topic in (MESSAGES, DELEGATED):
            await self._message(conn, frame)
        elif frame.kind == SYSTEM:
            await self._system(conn, frame)
        elif frame.kind == EVENT:
            self._begin(conn, frame, self._event)
        elif frame.kind == CALLBACK and frame.topic == CARDS:
            self._begin(conn, frame, self._click)
        else:
            self._bad("topic", "a frame of a topic that this version does not know; the platform is told so")
            await conn.send(ack(frame.message_id, code=NOT_FOUND))

    async def _system(self, conn: Connection, frame: Frame) -> None:
        conn.alive()
        if frame.topic == PING:
            try:
                opaque = parse_data(frame.data).get("opaque")
            except DecodeError as error:
                self._bad("ping", str(error))
                await conn.send(ack(frame.message_id, code=BAD_REQUEST))
                return
            await conn.send(ack(frame.message_id, to_json({"opaque": opaque}).decode()))
        elif frame.topic == DISCONNECT:
            self.counts["disconnects"] += 1
            self.on_disconnect(conn)
        elif frame.topic not in NOTICES:
            self._bad("system", "a system frame of a topic that this version does not know; the platform is told so")
            if frame.message_id:
                await conn.send(ack(frame.message_id, code=NOT_FOUND))

    async def _message(self, conn: Connection, frame: Frame) -> None:
        """A message is ours from here on, whatever happens, also while we stop: it never comes again.

        It is acknowledged when the inbox has it, which is when a kill of the process does not lose it any more.
        """
        self.counts["messages"] += 1
        await self._taking.keep(self._decode(frame), lambda: self._owned(self._taken(conn, frame)))

    async def _taken(self, conn: Connection, frame: Frame) -> None:
        await conn.send(ack(frame.message_id))

    def _begin(
        self,
        conn: Connection,
        frame: Frame,
        handle: "Callable[[Connection, Frame, Inbound, asyncio.Future[Verdict]], Coroutine[Any, Any, None]]",
    ) -> None:
        """Offer it now, in its order; acknowledge it when its answer is known, while the next frames are read."""
        if not self.reading:
            self.counts["after_stop"] += 1
            return
        self.counts["events"] += 1
        inbound = self._decode(frame)
        if frame.kind == CALLBACK:
            inbound.answer = PendingAnswer()
        # Acknowledgements may overtake one another, offers may not.
        offered = self._intake.offer(inbound)
        self._owned(handle(conn, frame, inbound, offered))

    def _owned(self, handling: Coroutine[Any, Any, None]) -> None:
        """An acknowledgement that is sent while the next frames are read."""
        self._acks.begin(self._guarded(handling), "dingtalk acknowledgement")

    async def _guarded(self, handling: Coroutine[Any, Any, None]) -> None:
        try:
            await handling
        except LinkError:
            self.counts["ack_lost"] += 1

    async def _event(
        self, conn: Connection, frame: Frame, inbound: Inbound, offered: "asyncio.Future[Verdict]"
    ) -> None:
        verdict = await self._verdict(offered)
        await conn.send(ack(frame.message_id, _LATER if verdict is Verdict.OVERLOADED else _SUCCESS))

    async def _click(
        self, conn: Connection, frame: Frame, inbound: Inbound, offered: "asyncio.Future[Verdict]"
    ) -> None:
        waiting = inbound.answer or PendingAnswer()
        began = asyncio.get_running_loop().time()
        said: bytes = b""
        shown: Answer = ()
        try:
            if await self._verdict(offered) is Verdict.ACCEPTED:
                spent = asyncio.get_running_loop().time() - began
                said, shown = await self._answered(inbound, ANSWER_WITHIN - spent)
            await conn.send(ack(frame.message_id, said.decode() or "{}"))
            waiting.shown(shown)
        finally:
            waiting.shown(())

    async def _answered(self, inbound: Inbound, within: float) -> tuple[bytes, Answer]:
        try:
            return await self._answer(inbound, within)
        except Exception as error:  # noqa: BLE001 - told; who clicked must not wait for nothing
            self._bad("answer", f"what a skill says to a click could not be written ({type(error).__name__})")
            return b"", ()

    async def _verdict(self, offered: "asyncio.Future[Verdict]") -> Verdict:
        try:
            verdict = await offered
        except Exception as error:  # noqa: BLE001 - told; the platform delivers an event again
            self._bad("intake", f"the inbox could not take an event in ({type(error).__name__})")
            return Verdict.OVERLOADED
        self.counts[verdict.value] += 1
        return verdict

    def _bad(self, kind: str, what: str) -> None:
        """Count what cannot be used; log each kind once, without its content."""
        self.counts[f"bad_{kind}"] += 1
        if kind not in self._told:
            self._told.add(kind)
            log.warning("%s: %s. Further ones of this kind are counted, not logged.", self._config.key, what)

    def _check_host(self, endpoint: str) -> None:
        """The answer's address must be the platform's: it is about to get our ticket."""
        try:
            parts = urlsplit(endpoint)
            host = parts.hostname or ""
        except ValueError:
            host = ""
        own = urlsplit(self._config.base_url).hostname or ""
        if parts_are_safe(parts.scheme if host else "", host, own):
            return
        raise LinkError(f"dingtalk connections/open: refuses to connect to {host or 'an address without a host'}")


def parts_are_safe(scheme: str, host: str, own: str) -> bool:
    """Whether a connection may go there: to the platform, encrypted, or to this machine when the API is on it."""
    if own in LOOPBACK and host in LOOPBACK:
        return scheme in ("ws", "wss")
    return scheme == "wss" and (host.endswith(".dingtalk.com") or host == own)


def _refusal(status: int, body: dict[str, Any], secret: str) -> Exception:
    code = body.get("code")
    rule = API_ERRORS.lookup(code if isinstance(code, str | int) else None, status=status)
    said = str(body.get("message", ""))[:200].replace(secret, "***")
    text = f"dingtalk connections/open: {rule.meaning} (code {code}, HTTP {status}): {said}"
    # A gateway's page has no code: it says nothing about our credentials.
    refused = code is not None and status in (401, 403) and rule.reaction is not Reaction.RETRY
    if refused or rule.reaction is Reaction.STOP:
        return AuthError(f"{text}; {CREDENTIALS}", code=code)
    return LinkError(text, code=code if isinstance(code, str | int) else status)
