"""A person uses a card: the callback, the app's answer, and what becomes of the card.

Rules: https://open.feishu.cn/document/feishu-cards/card-callback-communication: the answer is due in 3 s, a callback
is not pushed again, and what goes wrong is shown to the person at once.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu import posting
from imbridge.emulators.feishu.callback_answer import CallbackError, check_click_answer
from imbridge.emulators.feishu.card_action import Input, action_of, component_of
from imbridge.emulators.feishu.card_rules import CardError
from imbridge.emulators.feishu.card_sending import check_app_card
from imbridge.emulators.feishu.card_tokens import CardToken
from imbridge.emulators.feishu.card_tree import Card, is_v2
from imbridge.emulators.feishu.events import CARD_ACTION
from imbridge.emulators.feishu.message import BotMessage

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World


async def click(
    world: "World",
    user: "User",
    message: BotMessage,
    *,
    value: Any = None,
    component: str | None = None,
    given: Input,
    timeout: float,
) -> dict[str, Any]:
    """Uses a component and waits for the app's answer; the card in the answer is shown.

    Args:
        world: The emulator's state.
        user: Who does it.
        message: The card.
        value: The callback's value, when the component is not to be looked up in the card.
        component: Which component: its name, element_id, text or placeholder.
        given: What is entered or chosen.
        timeout: Seconds to wait; what is not answered until then counts as late.

    Returns:
        The app's answer.

    Raises:
        NothingToDoError: A client would not send anything.
        CallbackError: What the person sees when there is no right answer.
    """
    if value is not None:
        action = {"value": value, "tag": "button", "timezone": given.timezone}
    else:
        card = message.card
        action = action_of(card, component_of(card, component), given)
    app = world.directory.apps[message.app_id]
    token = world.card_tokens.issue(message, world.settings.card_token_lifetime)
    event = {
        "operator": {"tenant_key": world.settings.tenant_key, **world.directory.ids_of(user, app)},
        "token": token.value,
        "action": action,
        "host": "im_message",
        "context": {"open_message_id": message.message_id, "open_chat_id": message.chat_id},
    }
    world.stats.clicks += 1
    entity = message.entity
    if entity is not None:
        entity.interactions += 1
    try:
        answer = await ask(world, app, CARD_ACTION, event, timeout)
        try:
            answered = check_click_answer(answer)
            if answered is not None:
                _show(world, message, answered)
        except CallbackError as error:
            world.violation("callback_answer", f"the answer to a click on {message.message_id}: {error}")
            raise
    finally:
        if entity is not None:
            entity.interactions -= 1
    token.answered = True
    return answer


async def ask(world: "World", app: Any, event_type: str, event: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Pushes a callback and returns the answer as it came.

    Raises:
        CallbackError: 200340 when it could not be delivered, 200341 when the answer did not come in time, 200671 when
            the app answered with a failure.
    """
    waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    if not world.push(app, event_type, event, answer=waiting):
        raise CallbackError(200340, f"{app.app_id} is not subscribed to {event_type}")
    try:
        async with asyncio.timeout(timeout):
            return await waiting
    except TimeoutError:
        raise CallbackError(200340, f"{app.app_id} has no connection and no callback address") from None


def put_card(world: "World", message: BotMessage, card: Card) -> None:
    """Shows another card in a message.

    Raises:
        CardError: It is refused.
        CallbackError: 200830, it is a card of schema 1.0 in place of one of 2.0.
    """
    app = world.directory.apps[message.app_id]
    if card.get("type") != "template" and is_v2(message.card) and not is_v2(card):
        raise CallbackError(200830)
    check_app_card(world, app, card)
    message.card_updates += 1
    world.stats.card_updates += 1
    posting.replaced(world, message, app, dump(card), card)


def token_of(world: "World", value: Any) -> CardToken | None:
    """The token of a click, by its value."""
    return world.card_tokens.get(value) if isinstance(value, str) else None


def _show(world: "World", message: BotMessage, given: dict[str, Any]) -> None:
    if message.entity is not None and message.entity.streaming:
        # The platform does not show it then: the app has to end streaming first.
        world.violation("card_answer_while_streaming", f"{message.message_id} was answered with a card while streaming")
        return
    card = given["data"] if given["type"] == "raw" else {"type": "template", "data": given["data"]}
    try:
        put_card(world, message, card)
    except CardError as error:
        raise CallbackError(200673, str(error)) from None
