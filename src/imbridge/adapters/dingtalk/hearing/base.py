"""How a robot hears, which is all that the modes of an app differ in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from imbridge.adapters.base import Health, Inbound
from imbridge.adapters.dingtalk.frames import Frame
from imbridge.transport import WebhookRoute

Decoder = Callable[[Frame], Inbound]
"""Reads a message, an event or a click; never fails."""
Teller = Callable[[Health, str], None]
"""Told how the account is doing from now on, and why."""


class Hearing(Protocol):
    """Takes in what the platform delivers."""

    async def start(self) -> None:
        """Begin; back when messages can come.

        Raises:
            AuthError: the credentials are wrong.
            LinkError: the platform refuses for good.
            DeliveryError: the same, from a call of the API.
        """

    async def stop(self) -> None:
        """Take nothing new; what came is taken in. May be called again."""

    def routes(self) -> Sequence[WebhookRoute]:
        """The callback URLs, if any."""

    def counters(self) -> Mapping[str, int]:
        """Numbers for metrics, beside the account's."""
