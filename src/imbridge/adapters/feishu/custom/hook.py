"""Posting to a custom bot's address: signature, pacing, error table, waits.

Rules: open.feishu.cn, client-docs/bot-v3/add-custom-bot. The address has no idempotency key, so a request that may have
arrived is never repeated. Its path is a credential and is in no error.
"""

import asyncio
import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from imbridge.adapters.feishu.calls import user_agent
from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.adapters.feishu.crypto import hook_signature
from imbridge.adapters.feishu.errors import CUSTOM_BOT_ERRORS, NO_JSON
from imbridge.adapters.feishu.refusals import json_object
from imbridge.protocol import ContentRefusedError, DeliveryError, NotPermittedError, RateLimitedError
from imbridge.transport import (
    Backoff,
    ErrorRule,
    HttpError,
    HttpPool,
    HttpResponse,
    Pacer,
    Rate,
    Reaction,
    retry_delay,
)
from imbridge.transport.prompt import promptly

_PER_MINUTE = Rate(100, 61.0)
"""The platform allows 100 messages a minute; the 5 a second are the setting `chat_rate`."""
_RUSH = 15.0
"""Seconds after each full and half hour in which the platform refuses most (11232), as everybody's cron jobs post."""
_HALF_HOUR = 1800.0
_LATE = 3600
"""Seconds that a signature's timestamp may be off."""

_KINDS: dict[object, type[DeliveryError]] = {
    11232: RateLimitedError,
    429: RateLimitedError,
    9499: ContentRefusedError,
    19001: NotPermittedError,
    19007: NotPermittedError,
    19021: NotPermittedError,
    19022: NotPermittedError,
    19024: ContentRefusedError,
}


class Hook:
    """One custom bot's address."""

    def __init__(
        self,
        config: FeishuConfig,
        pool: HttpPool,
        *,
        jitter: random.Random | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """No I/O; `clock` is the time of day, in seconds since 1970."""
        if config.webhook_url is None:
            raise ValueError("a custom bot needs a webhook_url")
        self.pacer = Pacer()
        self.calls = 0
        self.retries = 0
        self._config = config
        self._pool = pool
        self._url = config.webhook_url.get_secret_value()
        self._secret = config.webhook_secret.get_secret_value() if config.webhook_secret else ""
        self._headers = {"User-Agent": user_agent(config.user_agent_tags)}
        self._limits = (("second", Rate.parse(config.chat_rate)), ("minute", _PER_MINUTE))
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._backoff = Backoff(4.0, 30.0, self._jitter)
        self._clock = clock

    def signed(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body as it is posted now."""
        if not self._secret:
            return body
        timestamp = str(int(self._clock()))
        return {"timestamp": timestamp, "sign": hook_signature(timestamp, self._secret), **body}

    async def post(self, body: dict[str, Any]) -> int:
        """Post one message, again while that can do no harm and `send_timeout` lasts; the attempts it took.

        Raises:
            DeliveryError: and its kinds. `ambiguous` when the message may be in the group all the same.
        """
        deadline = asyncio.get_running_loop().time() + self._config.send_timeout
        attempt = 0
        while True:
            await self._pace(deadline)
            attempt += 1
            try:
                response = await self.ask(self.signed(body))
            except HttpError as error:
                failure = self.lost(error)
                if failure.ambiguous:
                    raise failure from None
                await self._wait(self._backoff.delay(attempt - 1), deadline, failure)
                continue
            answer = json_object(response)
            code = answer.get("code", answer.get("StatusCode"))
            if code == 0 and response.status < 400:
                return attempt
            rule = _rule(code, response)
            failure = self._failure(response, answer, code, rule)
            if rule.reaction is not Reaction.RETRY or failure.ambiguous:
                raise failure
            delay = retry_delay(response.headers, attempt - 1, rule, self._backoff) + self._jitter.uniform(0.0, 1.0)
            delay = after_the_rush(delay, self._clock(), self._jitter)
            if isinstance(failure, RateLimitedError):
                failure.retry_after = delay
            for key, _ in self._limits:
                self.pacer.pause(key, delay)  # the others that wait would only be refused too
            await self._wait(delay, deadline, failure)

    async def ask(self, body: dict[str, Any]) -> HttpResponse:
        """One request.

        Raises:
            HttpError: Nobody answered.
        """
        self.calls += 1
        return await self._pool.request("POST", self._url, headers=self._headers, json=body)

    def told(self, response: HttpResponse) -> DeliveryError | None:
        """What an answer to a request that says nothing (`{}`) tells of the address; None for nothing bad."""
        answer = json_object(response)
        code = answer.get("code", answer.get("StatusCode"))
        rule = _rule(code, response)
        if code in (0, 9499, 19002, 19021, 19024, 11232):  # it looked at the message, or would have
            return None
        return self._failure(response, answer, code, rule)

    def lost(self, error: HttpError) -> DeliveryError:
        """The error of a request that was not answered. It names the address, whose last part is the credential."""
        said = str(error).replace(self._url.partition("/hook/")[2], "***")
        return DeliveryError(f"feishu custom bot: {said}", platform="feishu", ambiguous=error.ambiguous)

    async def _pace(self, deadline: float) -> None:
        if self.pacer.passes(*self._limits):
            return
        left = deadline - asyncio.get_running_loop().time()
        try:
            await promptly(self.pacer.acquire(*self._limits), max(left, 0.0))
        except TimeoutError:
            raise RateLimitedError(
                "feishu custom bot: not sent: the platform's limits held it back longer than send_timeout allows",
                platform="feishu",
            ) from None

    async def _wait(self, delay: float, deadline: float, failure: DeliveryError) -> None:
        if asyncio.get_running_loop().time() + delay > deadline:
            raise failure
        self.retries += 1
        await asyncio.sleep(delay)

    def _failure(self, response: HttpResponse, answer: dict[str, Any], code: object, rule: ErrorRule) -> DeliveryError:
        said = str(answer.get("msg") or answer.get("StatusMessage") or "")[:300]
        facts = [f"feishu custom bot: {rule.meaning} (code {code}, HTTP {response.status}): {said}"]
        if rule.hint:
            facts.append(rule.hint)
        if rule.code == 19021 and (off := self._clock_is_off(response)):
            facts.append(off)
        # A gateway's answer, or none of the platform's, does not say that nothing happened.
        broken = rule.code in ("5xx", NO_JSON.code)
        kind = DeliveryError if broken else _KINDS.get(rule.code, DeliveryError)
        return kind(
            "; ".join(facts),
            code=code if isinstance(code, int | str) else response.status,
            platform="feishu",
            log_id=response.headers.get("X-Tt-Logid", ""),
            ambiguous=broken,
        )

    def _clock_is_off(self, response: HttpResponse) -> str:
        """Says so when the answer's date is more than an hour from ours."""
        try:
            theirs = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            return ""
        off = round(self._clock() - theirs)
        return f"this machine's clock is {off:+d} s from the platform's" if abs(off) > _LATE else ""


def _rule(code: object, response: HttpResponse) -> ErrorRule:
    if code is None and response.status < 400:
        return NO_JSON
    return CUSTOM_BOT_ERRORS.lookup(code if isinstance(code, int | str) else None, status=response.status)


def after_the_rush(delay: float, now: float, jitter: random.Random) -> float:
    """A wait that does not end in the seconds after a full or half hour.

    The platform's advice: "avoid :00 and :30", when its load makes it refuse. Time zones that are not off by whole or
    half hours do not count.
    """
    since = (now + delay) % _HALF_HOUR
    return delay if since >= _RUSH else delay + (_RUSH - since) + jitter.uniform(0.0, _RUSH)
