"""Callbacks that are answered, and that of a link's preview.

Rules: https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/development-link-preview/pull-link-preview-data-callback-structure.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.callback_answer import CallbackError, check_click_answer, check_preview_answer
from imbridge.emulators.feishu.card_rules import CardError
from imbridge.emulators.feishu.card_sending import check_app_card
from imbridge.emulators.feishu.clicking import CARD_ACTION, ask
from imbridge.emulators.feishu.message import Message

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World

URL_PREVIEW = "url.preview.get"
CHECKS: Mapping[str, Callable[[Any], dict[str, Any] | None]] = {
    CARD_ACTION: check_click_answer,
    URL_PREVIEW: check_preview_answer,
}


def preview_event(world: "World", user: "User", app: App, url: str, message: Message | None) -> dict[str, Any]:
    """The event for a link in a message, or for one that is being typed."""
    context = {"url": url, "preview_token": "", "open_message_id": "", "open_chat_id": ""}
    if message is not None:
        # The same link in the same message has the same token, whoever looks at it.
        context["preview_token"] = world.ids.derived("preview", message.message_id, url)
        context |= {"open_message_id": message.message_id, "open_chat_id": message.chat_id}
    return {
        "operator": {"tenant_key": world.settings.tenant_key, **world.directory.ids_of(user, app)},
        "host": "im_message",
        "context": context,
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
