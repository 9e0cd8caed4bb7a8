"""Showing a card in one space: a group, somebody's chat with the robot.

Source: open.dingtalk.com, "投放卡片": a space that cannot be reached is `success: false` with an `errorMsg` in an
answer that is a success. `carrierId` is the message's processQueryKey.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.card_fields import person
from imbridge.emulators.dingtalk.card_spaces import NO_SPACE, Space
from imbridge.emulators.dingtalk.cards import Card
from imbridge.emulators.dingtalk.message import BotMessage

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.group import Group
    from imbridge.emulators.dingtalk.routes import Call
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World

ALL = "@ALL"


class NotDeliveredError(Exception):
    """The card can not be shown there; the text is the space's `errorMsg`."""


def deliver_to(call: "Call", card: Card, space: Space, model: Mapping[str, Any], user_id_type: int) -> dict[str, Any]:
    """Delivers a card to one space; returns the result for it."""
    world = call.world
    try:
        message = _message(world, card, space, model, user_id_type)
    except NotDeliveredError as error:
        where = ("IM", "IM_ALL") if str(error) == NO_SPACE else (space.type, space.id)
        return {"spaceType": where[0], "spaceId": where[1], "success": False, "errorMsg": str(error)}
    card.messages.append(message)
    world.stats.card_deliveries += 1
    key = message.process_query_key
    return {"spaceType": space.type, "spaceId": space.id, "success": True, "carrierId": key, "errorMsg": ""}


def _message(world: "World", card: Card, space: Space, model: Mapping[str, Any], user_id_type: int) -> BotMessage:
    if space.type not in card.models:
        raise NotDeliveredError(NO_SPACE)
    if space.type not in {"IM_GROUP", "IM_ROBOT"}:
        raise NotDeliveredError(f"{space.type} is not emulated")
    code = model.get("robotCode")
    if code is not None and code != card.app.robot_code:
        raise NotDeliveredError("robotCode is invalid")
    message = BotMessage(
        text=card.text,
        kind="card",
        body=dict(model),
        way="card",
        message_id=card.out_track_id,
        process_query_key=world.ids.base64("process_query_key", 24),
        app=card.app,
        card=card,
    )
    if space.type == "IM_ROBOT":
        user = person(world, space.id, user_id_type)
        if user is None:
            raise NotDeliveredError("user is not exist")
        world.show(message, [user])
    else:
        _show_group(world, message, space, model, user_id_type)
    return message


def _show_group(world: "World", message: BotMessage, space: Space, model: Mapping[str, Any], user_id_type: int) -> None:
    group = world.groups.get(space.id)
    if group is None or group.disbanded:
        raise NotDeliveredError("openConversationId is invalid")
    if message.app not in group.apps:
        raise NotDeliveredError("robot is not a member of the group")
    mentioned = model.get("atUserIds") or {}
    message.mentioned = tuple("all" if key == ALL else str(key) for key in mentioned)
    message.chat = group
    world.show(message, _readers(world, group, model.get("recipients"), user_id_type))


def _readers(world: "World", group: "Group", recipients: object, user_id_type: int) -> "list[User]":
    """Who sees it: everybody in the group, or the `recipients` among them."""
    if not isinstance(recipients, list) or not recipients:
        return list(group.members)
    named = [person(world, one, user_id_type) for one in recipients]
    return [user for user in group.members if user in named]
