"""What the platform waits for: the toast or the card for somebody who clicked, the title of a link."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imbridge.adapters.base import Adapter
from imbridge.adapters.pending import Answer, PendingAnswer
from imbridge.protocol import (
    ButtonClicked,
    Card,
    DeliveryState,
    Element,
    Event,
    Link,
    LinkPreviewRequested,
    Markdown,
    Note,
    Reply,
    Text,
    Toast,
    to_reply,
)
from imbridge.rendering import repair_all
from imbridge.runtime.changes import at_hand, change_message

log = logging.getLogger(__name__)

_ANSWERS: dict[type[Event], tuple[type[Element], ...]] = {
    ButtonClicked: (Toast, Card),
    LinkPreviewRequested: (Link, Card),
}


def is_awaited(event: object) -> bool:
    """Somebody looks at the thing and waits: it has a lane of its own, beside the conversation's."""
    return type(event) in _ANSWERS


def split(event: Event, content: Any) -> tuple[Answer, Reply]:
    """What a handler returned, as the answer to the event itself and what is to be sent as a message.

    A `Reply` is always a message: that is how a click sends a new card instead of replacing the old one.
    """
    reply = to_reply(content)
    kinds = () if isinstance(content, Reply) else _ANSWERS.get(type(event), ())
    answer = tuple(element for element in reply.elements if isinstance(element, kinds))
    if not answer:
        return (), reply
    rest = tuple(element for element in reply.elements if not isinstance(element, kinds))
    return answer, reply.model_copy(update={"elements": rest})


def as_message(event: Event, content: Any, waiting: PendingAnswer | None, adapter: Adapter) -> Reply | None:
    """All that answers a click as a message, where nobody waits and no card can be changed; None where one can.

    So it is with a click that is a number in a message: the card is a text.

    A toast becomes the small print of the card, else a text.
    """
    capabilities = adapter.capabilities
    if not isinstance(event, ButtonClicked):
        return None
    if not event.said_in and (waiting is not None or capabilities.edit or capabilities.edit_cards):
        return None
    reply = to_reply(content)
    toasts = [element for element in reply.elements if isinstance(element, Toast)]
    if not toasts:
        return reply
    rest = [element for element in reply.elements if not isinstance(element, Toast)]
    card = next((element for element in rest if isinstance(element, Card) and not element.content), None)
    if card is None:
        elements: tuple[Element, ...] = (*(Text(toast.text) for toast in toasts), *rest)
    else:
        body = (*card.body, *(Note(toast.text) for toast in toasts))
        elements = tuple(card.model_copy(update={"body": body}) if one is card else one for one in rest)
    return reply.model_copy(update={"elements": elements})


async def welcome(content: Any, waiting: PendingAnswer | None) -> Reply:
    """Greet somebody who opened the chat, where the platform waits for that; what of it is to be sent as a message.

    Where messages go that way anyhow, all of it is one.
    """
    reply = to_reply(content)
    reply = reply.model_copy(update={"elements": repair_all(reply.elements)})
    answer = tuple(element for element in reply.elements if isinstance(element, Text | Markdown | Card))
    if waiting is None or waiting.takes_messages or not answer:
        return reply
    left = await waiting.show(answer)
    shown = [element for element in answer if not any(element is one for one in left)]
    rest = tuple(element for element in reply.elements if not any(element is one for one in shown))
    return reply.model_copy(update={"elements": rest})


async def give(event: Event, answer: Answer, waiting: PendingAnswer | None, adapter: Adapter) -> Answer:
    """Hand an answer over; of what is not shown that way the card is changed, and the rest is told in the log.

    Returns:
        What could not be shown. What may have arrived is not among it.
    """
    async with at_hand(adapter, Reply(elements=repair_all(answer))) as (reply, lost):
        for degradation in lost:
            log.info("event %s: %s is shown as %s: %s", event.id, degradation.what, degradation.how, degradation.why)
        left = reply.elements if waiting is None else await waiting.show(reply.elements)
        lost_ones: list[Element] = []
        for element in left:
            if isinstance(element, Card) and isinstance(event, ButtonClicked) and event.channel and event.message_id:
                changed = await change_message(adapter, event.channel, event.message_id, element)
                if not changed:
                    log.warning("event %s: the card could not be changed any more: %s", event.id, changed.error)
                    if changed.state is not DeliveryState.UNKNOWN:
                        lost_ones.append(element)
            else:
                log.warning("event %s: %s could not be shown any more", event.id, type(element).__name__)
                lost_ones.append(element)
    return tuple(lost_ones)


def release(waiting: PendingAnswer | None) -> None:
    """Nothing will be said: the platform need not wait."""
    if waiting is not None:
        waiting.release()


@contextmanager
def abandoning(waiting: PendingAnswer | None) -> Iterator[None]:
    """Cancelled in it, it is abandoned: the bridge stops before it is handled."""
    try:
        yield
    except asyncio.CancelledError:
        abandon(waiting)
        raise


def abandon(waiting: PendingAnswer | None) -> None:
    """It will not be handled here: the platform need not wait, and may deliver it again."""
    if waiting is not None:
        waiting.abandon()
