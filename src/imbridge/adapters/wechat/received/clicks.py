"""Menus in messages: how a button's action and value travel through the id that its click brings back. Pure.

Source: developers.weixin.qq.com, doc/service/api/customer/message/api_sendcustommessage (`msgmenu`): a click comes as a
text message, the text of the item, with the item's id in `bizmsgmenuid`. Which characters an id may have, and how many,
is written nowhere; these have letters, digits and `_.-~%=`.
"""

from typing import Any
from urllib.parse import quote, unquote

from pydantic_core import from_json, to_json

MOST_BYTES = 128
"""Of an id. Unverified here; WeCom's menus of the same make say so."""


def menu_id(action: str, value: Any) -> str:
    """The id of an item."""
    return quote(action, safe="") + ("" if value is None else "=" + quote(to_json(value).decode(), safe=""))


def clicked(given: str) -> tuple[str, Any]:
    """Action and value in an id; of one that is not ours the whole of it is the action."""
    action, found, value = given.partition("=")
    if not found:
        return unquote(action), None
    try:
        return unquote(action), from_json(unquote(value))
    except ValueError:
        return given, None
