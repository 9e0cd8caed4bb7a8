"""The callback of an app's robot: verify, take in, answer at once.

Source: open.dingtalk.com, "receive messages of a robot": the headers `timestamp` (milliseconds) and `sign`; the body is
what stream has in a frame's data. The documents speak of no second delivery, so what is let in is kept as on a stream.
The signature says that the platform has signed the time, not what was said: whoever sees one request pass can say
anything with its headers. That is why each signature counts once, and why stream is the better way.
"""

import asyncio
import logging
from collections import Counter

from imbridge.adapters.base import Inbound
from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.dingtalk.crypto import robot_signature
from imbridge.adapters.dingtalk.frames import CALLBACK, MESSAGES, Frame
from imbridge.adapters.dingtalk.hearing.base import Decoder
from imbridge.adapters.taking import Taking
from imbridge.transport import (
    Refused,
    ReplayWindow,
    WebhookRequest,
    WebhookResponse,
    WebhookRoute,
    constant_time_equal,
)

log = logging.getLogger(__name__)

_MAX_BODY = 256 * 1024
_SKEW = 3600.0
"""Seconds that a signature may be from our clock, as the platform says."""
_MOST = 500_000
"""Signatures that are remembered: 138 messages a second for an hour."""
_ROOM_WITHIN = 1.0
"""Seconds to wait for room in the row for the inbox; the platform waits some 1.5 s for an answer."""
_TIMEOUT = 1.4
_LATER = {"Retry-After": "5"}


class RobotWebhook:
    """The callback URL of one app's robot, `/dingtalk/<account>`."""

    def __init__(self, config: DingTalkConfig, taking: Taking, decode: Decoder, counts: Counter[str]) -> None:
        """For one account; `decode` reads a message, and never fails."""
        self._secret = config.client_secret.get_secret_value()
        self._taking = taking
        self._decode = decode
        self._counts = counts
        self._replay = ReplayWindow(_SKEW, max_entries=_MOST)
        self._path = f"/dingtalk/{config.name}"
        self._told: set[str] = set()
        self.reading = True

    def route(self) -> WebhookRoute:
        """Where it is."""
        return WebhookRoute(self._path, ("POST",), self.handle, max_body=_MAX_BODY, timeout=_TIMEOUT)

    async def handle(self, request: WebhookRequest) -> WebhookResponse:
        """Answer one message.

        Raises:
            Refused: it is not the platform's, or its signature was used before. One answer for all, so that nothing
                can be found out by trying.
        """
        timestamp, sign = request.headers.get("timestamp", ""), request.headers.get("sign", "")
        if not timestamp or not sign:
            raise Refused(403, "not signed")
        if not constant_time_equal(sign, robot_signature(timestamp, self._secret)):
            raise Refused(403, "wrong signature")
        if not self.reading:
            self._counts["after_stop"] += 1
            return WebhookResponse(503, b"", _LATER)
        self._check_once(timestamp, sign)
        try:
            text = request.body.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused(403, "not UTF-8") from None
        self._counts["messages"] += 1
        # The stamp makes two things that cannot be read different, as the id of a frame does.
        inbound = self._decode(Frame(CALLBACK, MESSAGES, f"{timestamp} {sign}", {}, text))
        kept = False
        try:
            kept = await self._kept(inbound)
        finally:
            if not kept:  # whatever the reason: whoever is not told that it is taken may come again
                self._replay.forget(timestamp, sign)
        return WebhookResponse(200) if kept else WebhookResponse(503, b"", _LATER)

    async def _kept(self, inbound: Inbound) -> bool:
        """Whether the inbox has it, so that a kill of the process does not lose it any more."""
        had = asyncio.Event()
        in_row = False
        try:
            async with asyncio.timeout(_ROOM_WITHIN):
                await self._taking.keep(inbound, had.set)
                in_row = True
                await had.wait()
        except (TimeoutError, asyncio.CancelledError) as over:  # the latter where the request's own time is over, too
            if in_row:  # it is taken in when there is room, unless the process ends before
                self._tell_once("a message waits for the inbox; it is answered with 503 meanwhile")
            else:
                self._counts["lost"] += 1
                self._tell_once("a message is not taken in, for too many wait for the inbox; it is answered with 503")
            if isinstance(over, asyncio.CancelledError):
                raise
            return False
        return True

    def _check_once(self, timestamp: str, sign: str) -> None:
        try:
            self._replay.check(timestamp, sign)
        except Refused as refusal:
            self._counts["refused_once_signed"] += 1
            self._tell_once(
                f"a rightly signed message is refused ({refusal.reason}): somebody plays requests back, the clock is "
                "wrong, or two messages were signed in the same millisecond; mode stream knows none of these, see "
                "docs/dingtalk.md"
            )
            raise

    def _tell_once(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            log.warning("%s: %s. Further ones are counted, not logged.", self._path, what)
