"""The platform is told that a click has come: until then the button turns.

Source: bot.q.qq.com, "message buttons" and INTERACTION_CREATE: buttons and the menu of a single chat are answered,
once, with a code and nothing else; what a skill says to it is a message that answers the event. How long the platform
waits is not documented, so it is told at once, when the inbox has the event.
"""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Mapping

from imbridge.adapters.base import Inbound, Intake, Verdict
from imbridge.adapters.card_seals import RefusedClick
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.received.clicks import BUTTON, MENU
from imbridge.adapters.tasks import Tasks
from imbridge.protocol import AuthError, ButtonClicked, DeliveryError, Event, MenuClicked, Message, UnknownEvent

log = logging.getLogger(__name__)

_DONE, _FAILED = 0, 1
"""Codes of the answer: the button was pressed; it was, and this came to nothing, which the client says."""
_END_WITHIN = 1.0
_MOST_TOLD = 1000


class AnsweringIntake(Intake):
    """The inbox, and the answer to each click that it takes."""

    def __init__(self, intake: Intake, api: QQApi, counts: Counter[str]) -> None:
        """Of one bot; `counts` is where it is counted what became of them."""
        self._intake = intake
        self._api = api
        self._counts = counts
        self._tasks = Tasks()
        self._told: OrderedDict[str, None] = OrderedDict()

    def offer(self, inbound: Inbound) -> "asyncio.Future[Verdict]":
        """Hand over a delivery; of a click the platform is told once it is stored."""
        offered = self._intake.offer(inbound)
        identity = _waiting(inbound.item)
        if identity:
            code = _FAILED if isinstance(inbound.item, RefusedClick) else _DONE
            offered.add_done_callback(lambda future: self._stored(identity, future, code))
        return offered

    async def close(self) -> None:
        """See to it that what was taken is told, as far as there is time."""
        await self._tasks.end(_END_WITHIN)

    def _stored(self, identity: str, offered: "asyncio.Future[Verdict]", code: int) -> None:
        # Also of what is there already: an earlier process may have ended before it could tell.
        if offered.cancelled() or offered.exception() is not None or offered.result() is Verdict.OVERLOADED:
            return
        if identity in self._told:
            return
        self._told[identity] = None
        if len(self._told) > _MOST_TOLD:
            self._told.popitem(last=False)
        self._tasks.begin(self._tell(identity, code), f"link:{self._api.config.key}:click")

    async def _tell(self, identity: str, code: int) -> None:
        try:
            await self._api.answer_interaction(identity, code)
        except (DeliveryError, AuthError) as error:
            self._counts["clicks_untold"] += 1
            log.info("%s: a click could not be answered; the button turns for a while: %s", self._api.config.key, error)
        else:
            self._counts["clicks_answered"] += 1


def _waiting(item: Message | Event) -> str:
    """The id of the interaction that is to be answered; empty when this is none."""
    if isinstance(item, Message) or not isinstance(item.payload, Mapping):
        return ""
    if isinstance(item, UnknownEvent):  # one that could not be read: the button turns all the same
        waits = item.kind == "INTERACTION_CREATE" and item.payload.get("type") in (BUTTON, MENU)
    else:
        waits = isinstance(item, ButtonClicked | MenuClicked)
    identity = item.payload.get("id")
    return identity if waits and isinstance(identity, str) else ""
