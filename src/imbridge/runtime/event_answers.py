"""What a skill says to an event: to who waits for it, in place of a card, or as a message."""

import asyncio
import logging
from collections import Counter

from imbridge.adapters.base import Adapter
from imbridge.adapters.pending import Answer, PendingAnswer
from imbridge.protocol import ButtonClicked, Card, ChatOpened, Event
from imbridge.runtime.answers import as_message, give, split, welcome
from imbridge.runtime.delivery import Delivery, answer_key
from imbridge.skills import Outcome
from imbridge.skills.streams import whole_text

log = logging.getLogger(__name__)


async def answer_event(
    event: Event,
    outcome: Outcome,
    waiting: PendingAnswer | None,
    adapter: Adapter,
    delivery: Delivery,
    counts: Counter[str],
) -> None:
    """Give what a handler returned.

    Args:
        event: What happened.
        outcome: What was returned, and by whom.
        waiting: Who waits for it on the platform.
        adapter: Of the account.
        delivery: The way out for messages.
        counts: Where is counted what could not be shown or sent.
    """
    content = outcome.content
    if hasattr(content, "__aiter__"):
        content = await whole_text(content)
    answer: Answer = ()
    if isinstance(event, ChatOpened):
        reply = await welcome(content, waiting)
    elif (message := as_message(event, content, waiting, adapter)) is not None:
        reply = message
    else:
        answer, reply = split(event, content)
    if answer and (left := await give(event, answer, waiting, adapter)):
        counts["answered_too_late"] += 1
        # A card of the model can stand in a message as well, where its place is out of reach.
        cards = tuple(one for one in left if isinstance(one, Card) and not one.content)
        if cards and isinstance(event, ButtonClicked):
            reply = reply.model_copy(update={"elements": (*cards, *reply.elements)})
    if not reply:
        return
    if event.channel is None:
        counts["unsendable"] += 1
        log.warning(
            "event %s: the answer of %s is not sent: the event names no conversation; use bridge.send(...)",
            event.id,
            outcome.handler,
        )
        return
    said_in = event.said_in if isinstance(event, ButtonClicked) and event.said_in else None
    key = answer_key(event.channel.account_key, event.id, 0)
    entry = await delivery.post(event.channel, reply, key=key, reply_to=said_in, answers=said_in)
    if waiting is not None and (waiting.takes_messages or said_in):
        await asyncio.wait((entry.receipt,))
