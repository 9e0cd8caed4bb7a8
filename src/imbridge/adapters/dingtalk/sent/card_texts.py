"""What an AI card that shows a text is made of: the variables of the platform's template.

Source: the official connector, `services/messaging/card.ts`, and the official Python SDK, `card_instance.py`: the state
is the variable `flowStatus`, the order of what is shown stands in `sys_full_json_obj`. Of templates that others make
only the variable of the text is known (setting `card_text`): their state follows the streaming.
"""

import logging
from uuid import uuid4

from pydantic_core import to_json

from imbridge.adapters.dingtalk.config import AI_CARD, DingTalkConfig
from imbridge.adapters.dingtalk.sent.card_api import BUDGET, FULL, GONE, CardApi
from imbridge.protocol import DeliveryError

log = logging.getLogger(__name__)

BUTTON_CARD = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
"""The platform's template of an AI card with buttons, which every organisation has."""
WRITING, FINISHED, FAILED = "2", "3", "5"
"""`flowStatus`."""


def is_platforms_own(config: DingTalkConfig) -> bool:
    """Whether growing texts are shown in a template whose variables are known."""
    return config.card_template in (AI_CARD, BUTTON_CARD)


def text_variables(config: DingTalkConfig, text: str, state: str) -> dict[str, str]:
    """The variables of a card that shows this text."""
    made = {"flowStatus": state, config.card_text: text}
    if is_platforms_own(config):
        made |= {
            "staticMsgContent": "",
            "sys_full_json_obj": to_json({"order": [config.card_text]}).decode(),
            "config": AUTO_LAYOUT,
        }
    return made


AUTO_LAYOUT = to_json({"autoLayout": True}).decode()
"""The variable `config`: the card is as wide as the window."""


async def finish_card(api: CardApi, track: str, text: str, *, patience: float | None = None) -> bool:
    """Show the last text of a card, and that it is the last; of one that says nothing, that it has failed.

    Where the streaming refuses or does not answer, an update of the whole card does the same: left open, a card turns
    for ever.

    Returns:
        Whether the streaming took it.

    Raises:
        DeliveryError: the card could not be finished.
    """
    config = api.api.config
    failed = not text.strip()
    try:
        await api.stream(track, config.card_text, text, uuid4().hex, end=True, failed=failed, patience=patience)
    except DeliveryError as error:
        if error.code in GONE or error.code in FULL or error.code == BUDGET:
            raise
        refused = error
    else:
        return True
    try:
        await api.update(track, text_variables(config, text, FAILED if failed else FINISHED))
    except DeliveryError as error:
        error.ambiguous = error.ambiguous or refused.ambiguous
        raise
    log.info("%s: a card was finished by an update instead of streaming: %s", config.key, refused)
    return False


async def end_card(api: CardApi, track: str, text: str, shown: str, *, patience: float | None = None) -> bool:
    """As `finish_card`, with what the card has shown before where the platform finds the text too long."""
    try:
        return await finish_card(api, track, text, patience=patience)
    except DeliveryError as error:
        if error.code not in FULL or text == shown:
            raise
    return await finish_card(api, track, shown, patience=patience)
