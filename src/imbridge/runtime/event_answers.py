"""What a skill says to an event: to who waits for it, in place of a card, or as a message."""

import asyncio
import logging
from collections import Counter

from imbridge.adapters.base import Adapter
from imbridge.adapters.pending import Answer, PendingAnswer
from imbridge.config.options import ThinkingMode
from imbridge.protocol import ButtonClicked, Card, ChatOpened, Degradation, Event
from imbridge.runtime.answers import as_message, give, split, welcome
from imbridge.runtime.delivery import Delivery, answer_key
from imbridge.runtime.thinking import whole_answer
from imbridge.skills import Outcome

log = logging.getLogger(__name__)


async def answer_event(
    event: Event,
    outcome: Outcome,
    waiting: PendingAnswer | None,
    adapter: Adapter,
    delivery: Delivery,
    counts: Counter[str],
    thinking: ThinkingMode,
) -> None:
    """Give what a handler returned.

    Args:
        event: What happened.
        outcome: What was returned, and by whom.
        waiting: Who waits for it on the platform.
        adapter: Of the account.
        delivery: The way out for messages.
        counts: Where is counted what could not be shown or sent.
        thinking: What becomes of what is thought.
    """
    content = outcome.content
    lost: tuple[Degradation, ...] = ()
    if hasattr(content, "__aiter__"):
        content, lost = await whole_answer(content, thinking)
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
        for one in lost:  # of what is sent as a message the receipt says it, and the log with it
            log.info("event %s: %s is %s: %s", event.id, one.what, one.how, one.why)
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
    entry = await delivery.post(event.channel, reply, key=key, reply_to=said_in, answers=said_in, degradations=lost)
    if waiting is not None and (waiting.takes_messages or said_in):
        await asyncio.wait((entry.receipt,))
