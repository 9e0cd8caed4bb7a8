"""Menus in messages: how a button's action and value travel through the id that its click brings back. Pure.

Source: developers.weixin.qq.com, doc/service/api/customer/message/api_sendcustommessage (`msgmenu`): a click comes as a
text message, the text of the item, with the item's id in `bizmsgmenuid`. Which characters an id may have, and how many,
is written nowhere; these have letters, digits and `_.-~%=`: `action=value=seal`.
"""

from typing import Any
from urllib.parse import quote, unquote

from pydantic_core import from_json, to_json

from imbridge.adapters.card_seals import SEAL, Seal, Seals
from imbridge.rendering.cards.carried import OWN, button_params

MOST_BYTES = 128
"""Of an id. Unverified here; WeCom's menus of the same make say so."""


def menu_id(action: str, value: Any, seal: Seal) -> str:
    """The id of an item."""
    made = quote(action, safe="") + ("" if value is None else "=" + quote(to_json(value).decode(), safe=""))
    code = seal.on(button_params(action, value)).get(SEAL)
    return f"{made}{'=' if value is None else ''}={code}" if code else made


def clicked(given: str, seals: Seals, place: str) -> dict[str, Any]:
    """Action and value in an id, and whether it is to be believed; of one that is not ours the whole is the action."""
    action, found, rest = given.partition("=")
    value, sealed, code = rest.partition("=")
    if not found:
        return {"action": unquote(action), "value": None}
    try:
        carried = button_params(unquote(action), from_json(unquote(value), allow_inf_nan=False) if value else None)
    except ValueError:
        return {"action": given, "value": None}
    facts = seals.open({**carried, SEAL: code}, place).facts if sealed else {}
    return {"action": carried[OWN], "value": carried.get("value"), **facts}
