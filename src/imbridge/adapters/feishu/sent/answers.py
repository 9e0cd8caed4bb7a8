"""What somebody who clicked is shown: the answer to a callback, within the 3 seconds that the platform waits.

Source: open.feishu.cn, "card interaction callback" and "get link preview data".
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.base import Answer, Inbound
from imbridge.adapters.feishu.sent.cards import card_json
from imbridge.protocol import ButtonClicked, Card, Event, Link, LinkPreviewRequested, Toast

ANSWER_WITHIN = 2.2
"""Seconds for a skill to answer; the rest of the platform's 3 is for the way."""

Upload = Callable[[Card], Awaitable[dict[int, str]]]
"""Uploads the pictures of a card; their keys by `id()` of the element."""

AnswerWriter = Callable[[Inbound, float], Awaitable[bytes]]
"""Waits so many seconds for what a skill says to a callback; the JSON that answers it, or nothing."""


def expects_answer(item: object) -> bool:
    """The platform shows somebody what we answer."""
    return isinstance(item, ButtonClicked | LinkPreviewRequested)


async def wait_for_answer(inbound: Inbound, within: float) -> Answer:
    """What a skill says in time; nothing when it takes longer: it is then told that nobody waits any more."""
    waiting = inbound.answer
    if waiting is None:
        return ()
    try:
        await asyncio.wait((waiting,), timeout=max(within, 0.0))
        return waiting.result() if waiting.done() and not waiting.cancelled() else ()
    finally:
        waiting.cancel()


async def answer_json(event: Event, answer: Answer, upload: Upload) -> bytes:
    """The answer as the platform reads it.

    Raises:
        ImbridgeError: a picture of the card could not be uploaded.
    """
    made: dict[str, Any] = {}
    for element in answer:
        if isinstance(element, Toast):
            made["toast"] = {"type": element.kind, "content": element.text}
        elif isinstance(element, Link) and isinstance(event, LinkPreviewRequested):
            made["inline"] = {"title": element.title or element.url}
        elif isinstance(element, Card):
            made["card"] = await _card(element, upload)
    return to_json(made)


async def _card(card: Card, upload: Upload) -> dict[str, Any]:
    if card.content.get("type") == "template":
        return {"type": "template", "data": card.content.get("data")}
    return {"type": "raw", "data": card_json(card, await upload(card))}
