"""`message/update_template_card`: another card, or a text instead of the buttons, with a `response_code`.

Rule: https://developer.work.weixin.qq.com/document/path/94888: the code comes with the answer to the sending and with
every click; it is good once, for 72 hours; whom to change it for is named; only cards that can be clicked change. That
a wrong code is 40058 is unverified.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.card_rules import checked_card
from imbridge.emulators.wecom.errors import ApiError
from imbridge.emulators.wecom.message import AppMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call, Routes
    from imbridge.emulators.wecom.user import User

LIMITS = {"userids": 1000, "partyids": 100, "tagids": 100}


def add_routes(routes: "Routes") -> None:
    """Adds the path of this part."""
    routes.add("POST", "message/update_template_card", update_template_card)


def can_change(card: Mapping[str, Any]) -> bool:
    """Whether a card can be clicked, and so be changed."""
    return bool(card.get("action_menu")) or str(card.get("card_type", "")).endswith("_interaction")


def update_template_card(call: "Call") -> dict[str, Any]:
    """Changes a card for some or all of its recipients."""
    world, body = call.world, call.json()
    if body.get("agentid") is None:
        raise ApiError(41011)
    if body["agentid"] != call.app.agent_id:
        raise ApiError(301002)
    code = world.clicks.codes.get(str(body.get("response_code", "")))
    if code is None or code.message.app is not call.app or code.used or time.monotonic() > code.expires:
        raise ApiError(40058, "response_code invalid")
    message = code.message
    if message.recalled or not can_change(message.content):
        raise ApiError(40058, "the card can not be updated")
    users, invalid = _whom(call, body, message)
    button, card = body.get("button"), body.get("template_card")
    if isinstance(card, dict) and button is None:
        checked_card(card, update=True)
        replace_name = ""
    elif isinstance(button, dict) and card is None:
        card, replace_name = None, str(button.get("replace_name") or "")
        if not replace_name or not str(message.content.get("card_type")).endswith("_interaction"):
            raise ApiError(40058, "button.replace_name missing, or the card has no button")
    else:
        raise ApiError(40058, "either button or template_card is needed")
    code.used = True
    world.change_card(message, users, card, replace_name)
    return {"invaliduser": invalid} if invalid else {}


def _whom(call: "Call", body: Mapping[str, Any], message: AppMessage) -> "tuple[list[User], list[str]]":
    """Whose card changes, and the userids that have none."""
    for name, most in LIMITS.items():
        listed = body.get(name) or []
        if not isinstance(listed, list) or len(listed) > most:
            raise ApiError(40058, f"{name} is not a list of at most {most}")
    if body.get("atall"):
        return list(message.recipients), []
    directory = call.world.directory
    found: dict[str, User] = {}
    invalid = []
    for userid in body.get("userids") or []:
        user = directory.user(userid)
        if user is None or user not in message.recipients:
            invalid.append(str(userid).lower())
        else:
            found[user.userid] = user
    for party in body.get("partyids") or []:
        members = directory.members(directory.below(party)) if party in directory.departments else []
        found |= {user.userid: user for user in members if user in message.recipients}
    for tag_id in body.get("tagids") or []:
        tag = directory.tags.get(tag_id)
        found |= {user.userid: user for user in (directory.tagged(tag) if tag else []) if user in message.recipients}
    if not found:
        raise ApiError(81013, fields={"invaliduser": invalid} if invalid else None)
    return list(found.values()), invalid
