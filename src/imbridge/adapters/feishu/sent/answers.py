"""What somebody who clicked is shown: the answer to a callback, within the 3 seconds that the platform waits.

Source: open.feishu.cn, "card interaction callback" and "get link preview data".
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.base import Inbound
from imbridge.adapters.card_seals import Seal
from imbridge.adapters.feishu.sent.cards import card_json
from imbridge.adapters.pending import Answer
from imbridge.protocol import ButtonClicked, Card, Element, Event, ImbridgeError, Link, LinkPreviewRequested, Toast

log = logging.getLogger(__name__)

ANSWER_WITHIN = 2.2
"""Seconds for a skill to answer; the rest of the platform's 3 is for the way."""

Upload = Callable[[Card], Awaitable[dict[int, str]]]
"""Uploads the pictures of a card; their keys by `id()` of the element."""

AnswerWriter = Callable[[Inbound, float], Awaitable[tuple[bytes, Answer]]]
"""Waits so many seconds for what a skill says to a callback: the JSON of the answer (or nothing), and what it shows."""


def expects_answer(item: object) -> bool:
    """The platform shows somebody what we answer."""
    return isinstance(item, ButtonClicked | LinkPreviewRequested)


async def written_answer(inbound: Inbound, within: float, upload: Upload, seal: Seal) -> tuple[bytes, Answer]:
    """The JSON of what a skill says in time, and what is in it: nothing, when it says nothing.

    A picture that is not uploaded in time, or not at all, leaves the card out: the person is not kept waiting for it.
    """
    event, waiting = inbound.item, inbound.answer
    if waiting is None or not isinstance(event, Event):
        return b"", ()
    until = asyncio.get_running_loop().time() + within
    shown: list[Element] = []
    made: dict[str, Any] = {}
    for element in await waiting.wait(within):
        try:
            async with asyncio.timeout_at(until) as limit:
                part = await _part(event, element, upload, seal)
        except TimeoutError:
            if not limit.expired():
                raise
            log.info("event %s: the pictures of its answer were not uploaded in time", event.id)
            continue
        except ImbridgeError as error:
            log.info("event %s: what answers it cannot be shown in the answer: %s", event.id, error)
            continue
        if part and not made.keys() & part.keys():  # one of each kind
            made |= part
            shown.append(element)
    return to_json(made) if made else b"", tuple(shown)


async def _part(event: Event, element: Element, upload: Upload, seal: Seal) -> dict[str, Any]:
    """What one element adds to the answer as the platform reads it."""
    if isinstance(element, Toast):
        return {"toast": {"type": element.kind, "content": element.text}}
    if isinstance(element, Link) and isinstance(event, LinkPreviewRequested):
        return {"inline": {"title": element.title or element.url}}
    if not isinstance(element, Card):
        return {}
    is_template = element.content.get("type") == "template"
    made = card_json(element, await upload(element), seal)
    if _is_of_the_older_callback(event):
        return made
    return {"card": {"type": "template", "data": made.get("data")} if is_template else {"type": "raw", "data": made}}


def _is_of_the_older_callback(event: Event) -> bool:
    """Its answer has the card's own fields beside the toast ("message card callback", historic)."""
    return isinstance(event.payload, dict) and "header" not in event.payload
