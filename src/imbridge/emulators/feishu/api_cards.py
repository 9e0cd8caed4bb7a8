"""interactive/v1/card/update: changing a card with the token of a click.

Rules: https://open.feishu.cn/document/server-docs/im-v1/message-card/delay-update-message-card.
"""

from typing import Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu.callback_answer import CallbackError
from imbridge.emulators.feishu.card_rules import CardError
from imbridge.emulators.feishu.card_tree import is_shared
from imbridge.emulators.feishu.clicking import put_card, token_of
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("POST", "interactive/v1/card/update", update)


def update(call: Call) -> dict[str, Any]:
    """`POST interactive/v1/card/update`: token and card; twice in 30 minutes, and after the click was answered."""
    world, body = call.world, call.json()
    value, card = body.get("token"), body.get("card")
    if not isinstance(value, str) or not value.startswith("c-"):
        raise ApiError(300020)
    if not isinstance(card, dict):
        raise ApiError(10002, "card is not an object")
    token = token_of(world, value)
    if token is None or token.expired:
        raise ApiError(300030)
    if token.uses >= world.settings.card_token_uses:
        raise ApiError(300040)
    message = token.message
    if message.sender is not call.app:
        raise ApiError(200310)
    if message.recalled:
        raise ApiError(200000)
    open_ids = card.pop("open_ids", None)
    _check_audience(call, card, open_ids)
    if len(dump(card).encode()) > world.settings.rich_limit:
        raise ApiError(11311, f"a card is limited to {world.settings.rich_limit} bytes")
    if not token.answered:
        # The platform shows the answer's card (or the old one) at once again, or refuses: order is the app's duty.
        world.violation("card_update_before_answer", f"card {message.message_id} was updated before the click's answer")
        return {"code": 0, "msg": "ok"}
    try:
        put_card(world, message, card)
    except (CardError, CallbackError) as error:
        raise ApiError(11311, str(error)) from None
    token.uses += 1
    return {"code": 0, "msg": "ok"}


def _check_audience(call: Call, card: dict[str, Any], open_ids: Any) -> None:
    """A 1.0 card that is not shared needs open_ids. That only they see the new card is not emulated: all do."""
    if not is_shared(card) and not open_ids:
        raise ApiError(300090)
    if open_ids is None:
        return
    known = call.world.directory
    if not isinstance(open_ids, list) or any(known.find(call.app, "open_id", str(one)) is None for one in open_ids):
        raise ApiError(200320)
