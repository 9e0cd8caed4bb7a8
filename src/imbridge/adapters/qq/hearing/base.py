"""How a bot hears, which is all that the modes differ in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from imbridge.adapters.base import Health, Inbound
from imbridge.transport import WebhookRoute

Decoder = Callable[[dict[str, Any]], Inbound | None]
"""Reads a dispatched payload; None when there is nothing in it for anybody. Never fails."""
Teller = Callable[[Health, str], None]
"""Told how the account is doing from now on, and why."""
Introduced = Callable[[Mapping[str, Any]], None]
"""Told who the bot is: `id` and `username`."""


class Hearing(Protocol):
    """Takes in what the platform delivers."""

    async def start(self) -> None:
        """Begin; back when messages can come, however long that takes.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the platform refuses for good.
            DeliveryError: the same, from a call of the API.
        """

    async def stop(self) -> None:
        """Take nothing new; what came is taken in. May be called again."""

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URLs, if any."""

    def problems(self) -> Sequence[str]:
        """What is missing that it can do without, one line each."""

    def counters(self) -> Mapping[str, int]:
        """Numbers for metrics, beside the account's."""
