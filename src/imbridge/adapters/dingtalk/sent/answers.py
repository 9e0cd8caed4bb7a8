"""What somebody who clicked in a card sees: the answer to the callback, within the 2 seconds that the platform waits.

Source: open.dingtalk.com, "event callback" of cards (event-callback-card): `cardData` changes what everybody sees,
`userPrivateData` what the one who clicked does; over stream it stands in `response`. There is no notice that comes and
goes: a toast is a line below the card's text, for who has clicked.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.base import Inbound
from imbridge.adapters.dingtalk.card_tracks import MODEL_CARD, OWN_CARD, kind_of
from imbridge.adapters.dingtalk.sent.cards import NOTICE, OWN_NOTICE, CardData, Variables
from imbridge.adapters.dingtalk.sent.markdown import CARD
from imbridge.adapters.pending import Answer
from imbridge.adapters.plain_markdown import as_markdown
from imbridge.protocol import ButtonClicked, Card, Element, ImbridgeError, Toast
from imbridge.transport.prompt import OverdueError, promptly

log = logging.getLogger(__name__)

Writer = Callable[[str, Card], Coroutine[Any, Any, CardData]]
"""What puts a card in the place of that message, its pictures uploaded."""
_NOTICES = {MODEL_CARD: NOTICE, OWN_CARD: OWN_NOTICE}


async def written_answer(inbound: Inbound, within: float, write: Writer) -> tuple[bytes, Answer]:
    """The data that acknowledge a click with what a skill says in time, and what of it they show."""
    waiting, event = inbound.answer, inbound.item
    if waiting is None or not isinstance(event, ButtonClicked):
        return b"", ()
    who = event.actor.id if event.actor is not None else ""
    notice = _NOTICES.get(kind_of(event.message_id), "")
    public: Variables = {}
    private: Variables = {}
    shown: list[Element] = []
    clock = asyncio.get_running_loop().time
    until = clock() + within
    for element in await waiting.wait(within):
        if isinstance(element, Card) and not public:
            try:
                data = await promptly(write(event.message_id, element), max(until - clock(), 0.0))
            except OverdueError:
                log.info("event %s: the pictures of its answer were not uploaded in time", event.id)
                continue
            except ImbridgeError as error:
                log.info("event %s: what answers it cannot be shown in the answer: %s", event.id, error)
                continue
            if data.private.keys() - {who}:
                continue  # an answer tells nothing to others: it is an update
            public = data.public
            private = {**data.private.get(who, {}), **private}
            for one in data.degradations:
                log.info("event %s: %s was shown as %s: %s", event.id, one.what, one.how, one.why)
        elif isinstance(element, Toast) and notice and notice not in private:
            private[notice] = as_markdown(element.text, CARD)
        else:
            continue
        shown.append(element)
    if public and notice:
        private.setdefault(notice, "")  # what was said of the card before
    if not shown:
        return b"", ()
    answer: dict[str, Any] = {
        "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
        **({"cardData": {"cardParamMap": public}} if public else {}),
        **({"userPrivateData": {"cardParamMap": private}} if private else {}),
    }
    return to_json({"response": answer}), tuple(shown)
