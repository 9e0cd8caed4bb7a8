"""Callbacks whose answer is checked and handed on as it is."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.callback_answer import CallbackError, check_click_answer, check_preview_answer
from imbridge.emulators.feishu.card_rules import CardError
from imbridge.emulators.feishu.card_sending import check_app_card
from imbridge.emulators.feishu.clicking import ask
from imbridge.emulators.feishu.events import CARD_ACTION, LINK_PREVIEW

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

CHECKS: Mapping[str, Callable[[Any], dict[str, Any] | None]] = {
    CARD_ACTION: check_click_answer,
    LINK_PREVIEW: check_preview_answer,
}


async def ask_and_check(
    world: "World", app: App, event_type: str, event: dict[str, Any], timeout: float
) -> dict[str, Any]:
    """Pushes a callback, checks the answer's format and returns it.

    Raises:
        CallbackError: There is no right answer in time.
    """
    answer = await ask(world, app, event_type, event, timeout)
    check = CHECKS.get(event_type)
    if check is not None:
        try:
            card = check(answer)
            if card is not None and card["type"] == "raw":
                check_app_card(world, app, card["data"])
        except CardError as error:
            world.violation("callback_answer", f"the answer to {event_type}: {error}")
            raise CallbackError(200673, str(error)) from None
        except CallbackError as error:
            world.violation("callback_answer", f"the answer to {event_type}: {error}")
            raise
    return answer
