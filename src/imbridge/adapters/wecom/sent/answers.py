"""What somebody who clicked in a card sees: the answer to the callback, within the 5 seconds that the platform waits.

Source: developer.work.weixin.qq.com, "passive replies" (path/90241): `update_template_card` changes the card, and
`update_button` puts a text in place of its buttons, both for who has clicked. There is no notice that comes and goes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.pending import Answer
from imbridge.adapters.wecom.sent.card_xml import card_xml
from imbridge.protocol import ButtonClicked, Card, Element, ImbridgeError, Toast
from imbridge.transport.prompt import OverdueError, promptly

log = logging.getLogger(__name__)

ANSWER_WITHIN = 4.0
"""Seconds for a skill to answer; the rest of the platform's 5 is for the way."""

CardWriter = Callable[[Card, ButtonClicked], Awaitable[dict[str, Any]]]
"""Writes the JSON of a template card that takes the place of the one that was clicked, its pictures uploaded.

Raises `ImbridgeError` where there is no such card."""


async def written_answer(inbound: Inbound, within: float, write: CardWriter) -> tuple[Mapping[str, Any], Answer]:
    """The fields that answer a click with what a skill says in time, and what of it they show; none for nothing.

    A card comes before a toast, of which there is one at most. A toast that says that something went well takes the
    place of the buttons, which cannot be clicked any more; one that warns does not, for then they have to be.
    """
    waiting, event = inbound.answer, inbound.item
    if waiting is None or not isinstance(event, ButtonClicked):
        return {}, ()
    clock = asyncio.get_running_loop().time
    until = clock() + within
    for element in sorted(await waiting.wait(within), key=lambda one: not isinstance(one, Card)):
        try:
            fields = await promptly(_fields(event, element, write), max(until - clock(), 0.0))
        except OverdueError:
            log.info("event %s: the pictures of its answer were not uploaded in time", event.id)
            continue
        except ImbridgeError as error:
            log.info("event %s: what answers it cannot be shown in the answer: %s", event.id, error)
            continue
        if fields:
            return fields, (element,)
    return {}, ()


async def _fields(event: ButtonClicked, element: Element, write: CardWriter) -> dict[str, Any]:
    if isinstance(element, Card):
        return {"MsgType": "update_template_card", "TemplateCard": card_xml(await write(element, event))}
    kind = event.payload.get("CardType", "") if isinstance(event.payload, Mapping) else ""
    if isinstance(element, Toast) and element.text and element.kind in ("info", "success"):
        return {"MsgType": "update_button", "Button": {"ReplaceName": element.text}} if _has_buttons(kind) else {}
    return {}


def _has_buttons(kind: Any) -> bool:
    return isinstance(kind, str) and kind.endswith("_interaction")
