"""What the platform waits 5 seconds for: the welcome of somebody who opens the chat, the new card for a click.

Source: developer.work.weixin.qq.com, "receive events" (path/101027): `enter_chat` is answered by a text or a card,
`template_card_event` by the card that takes the place of the one that was clicked.
"""

import asyncio
import logging
from itertools import takewhile
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.card_seals import Seal
from imbridge.adapters.pending import Answer, PendingAnswer
from imbridge.adapters.tasks import Tasks
from imbridge.adapters.wecom.bot.calls import BotCaller
from imbridge.adapters.wecom.bot.facts import BotIdentity
from imbridge.adapters.wecom.bot.frames import UPDATE, WELCOME
from imbridge.adapters.wecom.bot.outbound import card_body, template_of
from imbridge.adapters.wecom.sent.cards import settled_label
from imbridge.protocol import (
    ButtonClicked,
    Card,
    ChatOpened,
    DeliveryError,
    Event,
    ImbridgeError,
    Markdown,
    Message,
    Text,
)
from imbridge.rendering import as_plain

log = logging.getLogger(__name__)

_PATIENCE = 1.0
ANSWER_WITHIN = 4.2
"""Seconds for a skill to answer; the rest of the platform's 5 is for the way."""


class Awaited:
    """Answers events that somebody waits at, over the long connection."""

    def __init__(self, name: str, caller: BotCaller, welcome: str, me: BotIdentity) -> None:
        """For one account; `welcome` is said to somebody who opens the chat when no skill says anything."""
        self._name = name
        self._caller = caller
        self._default = welcome
        self._me = me
        self._tasks = Tasks()

    def expect(self, inbound: Inbound, req_id: str) -> None:
        """An event came; whether somebody waits for its answer is seen here."""
        if expects_answer(inbound.item):
            inbound.answer = AwaitedAnswer(req_id, asyncio.get_running_loop().time() + ANSWER_WITHIN)

    def taken(self, inbound: Inbound) -> None:
        """It is in the inbox, and new: its answer will be."""
        if isinstance(inbound.answer, AwaitedAnswer):
            self._tasks.begin(self._answer(inbound, inbound.answer), f"link:{self._name}:answer")

    async def close(self) -> None:
        """Let what is being answered end."""
        await self._tasks.end(2.0)

    async def _answer(self, inbound: Inbound, waiting: "AwaitedAnswer") -> None:
        shown: Answer = ()
        try:
            left = waiting.until - asyncio.get_running_loop().time()
            body, shown = await written_answer(inbound, left, self._default, self._me.seal(inbound.item.channel))
            if body is not None:
                cmd = WELCOME if isinstance(inbound.item, ChatOpened) else UPDATE
                # The same card once more in the same place does no harm; a second welcome would.
                again = cmd == UPDATE
                await self._caller.call(cmd, body, req_id=waiting.req_id, patience=_PATIENCE, repeatable=again)
                waiting.shown(shown)
        except ImbridgeError as error:
            log.warning("%s: event %s is not answered: %s", self._name, inbound.item.id, error)
            if isinstance(error, DeliveryError) and error.ambiguous:
                waiting.shown(shown)  # it may have arrived: said as a message it could be there twice
        finally:
            waiting.shown(())


class AwaitedAnswer(PendingAnswer):
    """Somebody waits for the answer to an event of the long connection.

    Attributes:
        req_id: What the answer has to carry.
        until: When it is too late for a skill to say something, on the event loop's clock.
    """

    __slots__ = ("req_id", "until")

    def __init__(self, req_id: str, until: float) -> None:
        super().__init__()
        self.req_id = req_id
        self.until = until


def expects_answer(item: Message | Event) -> bool:
    """The platform shows somebody what answers it."""
    return isinstance(item, ChatOpened | ButtonClicked)


async def written_answer(
    inbound: Inbound, within: float, welcome: str, seal: Seal
) -> tuple[dict[str, Any] | None, Answer]:
    """The body that answers an event, and what is in it.

    Args:
        inbound: The event, with who waits for its answer.
        within: Seconds that a skill has.
        welcome: What to say to somebody who opens the chat, when no skill says anything; empty for nothing.
        seal: What seals a card in that chat.
    """
    waiting, event = inbound.answer, inbound.item
    said = () if waiting is None else await waiting.wait(within)
    if isinstance(event, ChatOpened):
        return _welcome(said, event.id, seal) if said else (_text(welcome) if welcome else None, ())
    for element in said:
        if isinstance(element, Card) and isinstance(event, ButtonClicked):
            try:
                return _update(event, element, seal), (element,)
            except ImbridgeError as error:
                log.info("event %s: its card cannot take the place of the one clicked: %s", event.id, error)
    return None, ()


def _welcome(said: Answer, key: str, seal: Seal) -> tuple[dict[str, Any] | None, Answer]:
    """A card, or the text that comes first; what follows is sent by the runtime."""
    if isinstance(said[0], Card):
        try:
            return card_body(said[0], key, seal)[0], said[:1]
        except ImbridgeError as error:
            log.info("event %s: its card cannot be the welcome: %s", key, error)
            return None, ()
    texts = tuple(takewhile(lambda element: isinstance(element, Text | Markdown), said))
    if not texts:
        return None, ()
    return _text("".join(as_plain(element) for element in texts)), texts


def _text(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}


def _update(event: ButtonClicked, card: Card, seal: Seal) -> dict[str, Any]:
    """The new card takes over the `task_id` of the old one, as it has to."""
    made = {**template_of(card, seal, settled=settled_label(event))[0], "task_id": event.message_id}
    return {"response_type": "update_template_card", "template_card": made}
