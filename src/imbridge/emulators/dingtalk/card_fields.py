"""Reading the bodies of the card API.

Source: open.dingtalk.com, "创建并投放卡片", "更新卡片", "API 卡片数据的填写说明": every value of `cardParamMap` is a
string.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.cards import Card
from imbridge.emulators.dingtalk.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World

USER_IDS, UNION_IDS = 1, 2
KEY_LIMIT = 100


def out_track_id(body: Mapping[str, Any]) -> str:
    """The card's id.

    Raises:
        ApiError: It is missing.
    """
    value = body.get("outTrackId")
    if not isinstance(value, str) or not value:
        raise ApiError("param.outTrackIdEmpty")
    return value


def card_of(world: "World", body: Mapping[str, Any]) -> Card:
    """The card that a request is about.

    Raises:
        ApiError: There is no such card.
    """
    card = world.cards.find(out_track_id(body))
    if card is None:
        raise ApiError("param.cardNotExist")
    return card


def param_map(world: "World", holder: object, where: str) -> dict[str, str]:
    """The `cardParamMap` of a `cardData`.

    Raises:
        ApiError: It is no object, or a value is no string.
    """
    if not isinstance(holder, Mapping):
        raise ApiError("param.invalid", f"{where} is no object")
    values = holder.get("cardParamMap", {})
    if not isinstance(values, Mapping):
        raise ApiError("param.invalid", f"{where}.cardParamMap is no object")
    for name, value in values.items():
        if not isinstance(value, str):
            world.violation("card_value_no_string", f"{where}.cardParamMap.{name} is a {type(value).__name__}")
            raise ApiError("param.invalid", f"{where}.cardParamMap.{name} is no string")
        if len(name.encode()) > KEY_LIMIT:
            raise ApiError("param.invalid", f"a name in {where}.cardParamMap has more than {KEY_LIMIT} bytes")
    return dict(values)


def private_maps(world: "World", body: Mapping[str, Any], user_id_type: int) -> dict[str, dict[str, str]]:
    """The `privateData` of a request, by the people's ids.

    Raises:
        ApiError: Somebody is unknown, or the data is not as it must be.
    """
    people = body.get("privateData") or {}
    if not isinstance(people, Mapping):
        raise ApiError("param.invalid", "privateData is no object")
    for key in people:
        if person(world, key, user_id_type) is None:
            raise ApiError("param.userIdNotExist")
    return {key: param_map(world, value, f"privateData.{key}") for key, value in people.items()}


def options(body: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether the public and the private variables are replaced by name only; all of them by default.

    Raises:
        ApiError: `cardUpdateOptions` is no object.
    """
    chosen = body.get("cardUpdateOptions") or {}
    if not isinstance(chosen, Mapping):
        raise ApiError("param.invalid", "cardUpdateOptions is no object")
    return chosen.get("updateCardDataByKey") is True, chosen.get("updatePrivateDataByKey") is True


def id_type(body: Mapping[str, Any]) -> int:
    """What kind of ids the request has.

    Raises:
        ApiError: There is no such kind.
    """
    value = body.get("userIdType", USER_IDS)
    if value not in {USER_IDS, UNION_IDS} or isinstance(value, bool):
        raise ApiError("param.invalid", "userIdType is 1 or 2")
    return int(value)


def person(world: "World", key: object, user_id_type: int) -> "User | None":
    """Somebody of the organisation by userId or unionId."""
    if not isinstance(key, str):
        return None
    name = "userid" if user_id_type == USER_IDS else "union_id"
    return next((user for user in world.people() if key and getattr(user, name) == key), None)


def check_variables(world: "World", card: Card, values: Mapping[str, str]) -> None:
    """Notes variables that the template does not have: nobody will ever see them."""
    unknown = sorted(name for name in values if not card.template.knows(name))
    if unknown:
        world.violation("card_variable_unknown", f"{', '.join(unknown)}: not in the template {card.template.id}")
