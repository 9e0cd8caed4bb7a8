"""Asking at the start, as long as it takes: a platform or a network that is down then comes back like any other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from imbridge.adapters.base import Health
from imbridge.protocol import DeliveryError, RateLimitedError
from imbridge.transport import Backoff

log = logging.getLogger(__name__)

AnswerT = TypeVar("AnswerT")


def passes(error: DeliveryError) -> bool:
    """Whether it may be another time: nobody answered, too many calls, or a gateway's page instead of the platform."""
    return isinstance(error, RateLimitedError) or error.ambiguous or not error.code


async def patiently(
    name: str,
    ask: Callable[[], Awaitable[AnswerT]],
    tell: Callable[[Health, str], None],
    *,
    passing: Callable[[DeliveryError], bool] = passes,
) -> AnswerT:
    """Ask until there is an answer.

    Args:
        name: The account, for the log.
        ask: Asks once, and gives up after some seconds by itself.
        tell: Told that the account is down, and why.
        passing: Which refusals to ask again after.

    Raises:
        DeliveryError: it is refused for good.
        AuthError: the credentials are wrong.
    """
    backoff = Backoff(1.0, 60.0)
    attempt = 0
    while True:
        try:
            return await ask()
        except DeliveryError as error:
            if not passing(error):
                raise
            log.warning("%s: not started yet, it goes on trying: %s", name, error)
            tell(Health.DOWN, str(error))
        await asyncio.sleep(backoff.delay(attempt))
        attempt += 1
