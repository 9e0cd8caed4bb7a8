"""Commands of the long connection: pacing, acknowledgement, error table, retries."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imbridge.adapters.errcode_refusals import DegradeError, RetargetError
from imbridge.adapters.wecom.bot.errors import BOT_ERRORS, KINDS
from imbridge.adapters.wecom.bot.frames import Frame, new_req_id
from imbridge.adapters.wecom.bot.link import ACK_WITHIN, AckLostError, BotLink
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.protocol import (
    ContentRefusedError,
    DeliveryError,
    LinkError,
    NotPermittedError,
    RateLimitedError,
    TargetGoneError,
)
from imbridge.transport import Backoff, Connection, ErrorRule, Link, LinkState, Pacer, Rate, Reaction
from imbridge.transport.prompt import promptly

_MAX_RECONNECTS = 1


@dataclass(slots=True)
class Obeyed:
    """A command that was obeyed: what its acknowledgement holds, the attempts made, the seconds held back by rates."""

    body: dict[str, Any]
    attempts: int
    held: float = 0.0


class BotCaller:
    """Gives commands for one account.

    Attributes:
        calls: Commands sent, each attempt counted.
        retries: How many of them were further attempts.
        backoff: Waits between attempts.
    """

    def __init__(self, config: WeComConfig, driver: BotLink, link: Link) -> None:
        """Over the account's connection."""
        self.config = config
        self.calls = 0
        self.retries = 0
        self.backoff = Backoff(0.5, 15.0)
        self._driver = driver
        self._link = link
        self._pacer = Pacer()
        self._rates = (Rate.parse(config.member_rate), Rate.parse(config.member_hour_rate))

    async def call(
        self,
        cmd: str,
        body: dict[str, Any],
        *,
        req_id: str = "",
        paced: str = "",
        repeatable: bool = False,
        patience: float | None = None,
        limits: Sequence[tuple[str, Rate]] = (),
        ack_within: float | None = None,
    ) -> Obeyed:
        """Give one command until it is obeyed or cannot be.

        Args:
            cmd: The command.
            body: Its body.
            req_id: Of the callback that it answers; a new one when left out.
            paced: The conversation that it counts against.
            repeatable: Doing it twice is the same as doing it once, so one whose acknowledgement got lost is repeated.
            patience: Seconds after which passing trouble is given up; `send_timeout` when left out.
            limits: Further rates that it counts against.
            ack_within: Seconds for its acknowledgement; 5 when left out.

        Raises:
            DeliveryError: and its kinds, `RetargetError` and `DegradeError` among them.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + (self.config.send_timeout if patience is None else patience)
        attempt = reconnects = 0
        doubt = False
        held: float | None = None
        while True:
            try:
                connection = await self._connection(cmd, deadline)
                if held is None:
                    held = await self._pace(cmd, paced, limits, deadline)
                    connection = await self._connection(cmd, deadline)
            except DeliveryError as error:
                error.ambiguous = doubt
                raise
            attempt += 1
            self.calls += 1
            self.retries += attempt > 1
            within = min(ACK_WITHIN if ack_within is None else ack_within, max(deadline - clock(), 0.1))
            try:
                ack = await self._driver.exchange(connection, cmd, req_id or new_req_id(cmd), body, within)
            except AckLostError as error:
                doubt = True
                failure = DeliveryError(f"wecom {error}", platform="wecom", ambiguous=True)
                if not repeatable:
                    raise failure from None
                await self._wait(self.backoff.delay(attempt - 1), deadline, failure)
                continue
            except LinkError:
                attempt -= 1  # it did not leave; there will be another connection, or none
                await asyncio.sleep(0)
                continue
            if ack.code == 0:
                return Obeyed(ack.body, attempt, held)
            rule = BOT_ERRORS.lookup(ack.code)
            failure = _failure(cmd, ack, rule)
            failure.ambiguous = doubt
            if rule.reaction is Reaction.RECONNECT and reconnects < _MAX_RECONNECTS:
                reconnects += 1
                connection.abort(LinkError(f"{self.config.key}: {failure}", code=ack.code))
                continue
            if rule.reaction is not Reaction.RETRY:
                raise failure
            delay = max(rule.delay or 0.0, self.backoff.delay(attempt - 1))
            if rule.max_delay is not None:
                delay = min(delay, rule.max_delay)
            if isinstance(failure, RateLimitedError):
                failure.retry_after = delay
                if paced:  # what else is to be said there would only be refused too
                    self._pacer.pause(f"minute:{paced}", delay)
            await self._wait(delay, deadline, failure)

    async def _connection(self, cmd: str, deadline: float) -> Connection:
        """The connection, waited for while there is none, also before the start: what was left is said by then."""
        while True:
            connection, state = self._link.connection, self._link.state
            if connection is not None and state is LinkState.UP:
                return connection
            if state in (LinkState.FAILED, LinkState.STOPPED) and self._link.begun:
                why = self._link.error or "it is closed"
                raise DeliveryError(f"wecom {cmd}: not sent: there is no connection: {why}", platform="wecom")
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                missed = "did not come back" if self._link.begun else "was not begun (the adapter is not started)"
                raise DeliveryError(
                    f"wecom {cmd}: not sent: the connection {missed} within send_timeout", platform="wecom"
                )
            if state is LinkState.UP:  # lost, and not yet noted
                await asyncio.sleep(min(left, 0.01))
                continue
            change = LinkState.STOPPED if self._link.begun else LinkState.CONNECTING
            waiting = asyncio.ensure_future(self._link.wait_state(LinkState.UP, LinkState.FAILED, change))
            try:
                await asyncio.wait((waiting,), timeout=left)
            finally:
                waiting.cancel()

    async def _pace(self, cmd: str, conversation: str, limits: Sequence[tuple[str, Rate]], deadline: float) -> float:
        """Keep the rates; the seconds that took."""
        minute, hour = self._rates
        own = ((f"minute:{conversation}", minute), (f"hour:{conversation}", hour)) if conversation else ()
        every = (*own, *limits)
        if not every or self._pacer.passes(*every):
            return 0.0
        began = asyncio.get_running_loop().time()
        try:
            await promptly(self._pacer.acquire(*every), max(deadline - began, 0.0))
        except TimeoutError:
            text = f"wecom {cmd}: not sent: the platform's limits held it back longer than send_timeout allows"
            raise RateLimitedError(text, platform="wecom") from None
        return asyncio.get_running_loop().time() - began

    async def _wait(self, delay: float, deadline: float, failure: DeliveryError) -> None:
        if asyncio.get_running_loop().time() + delay > deadline:
            raise failure
        await asyncio.sleep(delay)


def _failure(cmd: str, ack: Frame, rule: ErrorRule) -> DeliveryError:
    text = f"wecom {cmd}: {rule.meaning} (code {ack.code}): {ack.said}"
    said = f"{text}; {rule.hint}" if rule.hint else text
    return kind_of(ack.code, rule)(said, code=ack.code, platform="wecom", window_closed=ack.code in KINDS.closed)


def kind_of(code: int, rule: ErrorRule) -> type[DeliveryError]:
    """The class of error for a code of the table."""
    kind = _KINDS.get(rule.reaction, DeliveryError)
    return ContentRefusedError if kind is DeliveryError and code in KINDS.refused else kind


_KINDS: dict[Reaction, type[DeliveryError]] = {
    Reaction.RETRY: RateLimitedError,
    Reaction.DEAD: TargetGoneError,
    Reaction.DEGRADE: DegradeError,
    Reaction.RETARGET: RetargetError,
    Reaction.STOP: NotPermittedError,
}
