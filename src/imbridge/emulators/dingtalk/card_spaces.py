"""Where a card is shown: `openSpaceId` and the models that say how.

Source: open.dingtalk.com, "创建并投放卡片" (create-and-deliver-cards): the table of spaces and the error codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imbridge.emulators.dingtalk.errors import ApiError

PREFIX = "dtv1.card//"
DELIVER_MODELS = {
    "IM_GROUP": "imGroupOpenDeliverModel",
    "IM_ROBOT": "imRobotOpenDeliverModel",
    "IM_SINGLE": "imSingleOpenDeliverModel",
    "ONE_BOX": "topOpenDeliverModel",
}
SPACE_MODELS = {
    "IM_GROUP": "imGroupOpenSpaceModel",
    "IM_ROBOT": "imRobotOpenSpaceModel",
    "IM_SINGLE": "imSingleOpenSpaceModel",
    "ONE_BOX": "topOpenSpaceModel",
}
NO_SPACE = "spaces of card is empty"
"""What the platform says when the card was not created for the space it is delivered to."""


@dataclass(frozen=True, slots=True)
class Space:
    """One space: `IM_GROUP` and an openConversationId, `IM_ROBOT` and a person's id."""

    type: str
    id: str


def spaces_of(value: object) -> list[Space]:
    """The spaces in an `openSpaceId`.

    Raises:
        ApiError: It is missing or malformed.
    """
    if not isinstance(value, str) or not value:
        raise ApiError("param.openSpaceIdEmpty")
    if not value.startswith(PREFIX):
        raise ApiError("param.openSpaceIdInvalid")
    found = []
    for part in value.removeprefix(PREFIX).split(";"):
        kind, dot, space_id = part.partition(".")
        if not dot or not space_id or kind.upper() not in DELIVER_MODELS:
            raise ApiError("param.openSpaceIdInvalid")
        found.append(Space(kind.upper(), space_id))
    return found


def space_models(body: Mapping[str, Any]) -> frozenset[str]:
    """The space types that a card is created for.

    Raises:
        ApiError: A model is no object, or lacks what it must have.
    """
    found = set()
    for kind, name in SPACE_MODELS.items():
        model = body.get(name)
        if model is None:
            continue
        if not isinstance(model, dict):
            raise ApiError("param.openSpaceModelInvalid")
        needed, of = ("spaceType", str) if kind == "ONE_BOX" else ("supportForward", bool)
        if kind != "IM_SINGLE" and not isinstance(model.get(needed), of):
            raise ApiError("param.openSpaceModelInvalid")
        found.add(kind)
    return frozenset(found)


def deliver_model(body: Mapping[str, Any], space: Space) -> Mapping[str, Any]:
    """How a card is to be delivered to a space.

    Raises:
        ApiError: That is not said, or not rightly.
    """
    model = body.get(DELIVER_MODELS[space.type])
    if model is None:
        raise ApiError("param.openDeliverModelEmpty")
    if not isinstance(model, dict):
        raise ApiError("param.openDeliverModelError")
    if space.type == "IM_GROUP" and not isinstance(model.get("robotCode"), str):
        raise ApiError("param.openDeliverModelError")
    if space.type == "IM_ROBOT" and not model:
        raise ApiError("param.openDeliverModelEmpty")
    return model
