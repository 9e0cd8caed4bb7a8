"""The custom menu: what is allowed in it.

Rule: https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Creating_Custom-Defined_Menu.html: three buttons,
below each up to five; names of 16 and 60 bytes, keys of 128, addresses of 1024.
"""

from typing import Any

from imbridge.emulators.wechat.errors import ApiError

BUTTONS, SUB_BUTTONS = 3, 5
KEYED = frozenset(
    {
        "click",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    }
)
WITH_MATERIAL = {"media_id": "media_id", "view_limited": "media_id"}
WITH_ARTICLE = {"article_id": "article_id", "article_view_limited": "article_id"}
KEY_LIMIT, URL_LIMIT = 128, 1024


def checked(menu: dict[str, Any]) -> dict[str, Any]:
    """The menu as it is kept, every button with its `sub_button`.

    Raises:
        ApiError: 40016 to 40027, or 40035 for a field that is missing.
    """
    buttons = menu.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= BUTTONS:
        raise ApiError(40016)
    return {"button": [_top(button) for button in buttons]}


def keys_of(menu: dict[str, Any], kind: str) -> set[str]:
    """The keys of all buttons of one type."""
    keys = set()
    for button in menu.get("button", ()):
        for one in (button, *button.get("sub_button", ())):
            if one.get("type") == kind:
                keys.add(str(one.get("key")))
    return keys


def _top(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise ApiError(40016)
    _name(button, 16, 40018)
    below = button.get("sub_button") or []
    if not isinstance(below, list) or len(below) > SUB_BUTTONS:
        raise ApiError(40023)
    if below:
        return {"name": button["name"], "sub_button": [_sub(one) for one in below]}
    return {**_action(button, 40017, 40019, 40020), "sub_button": []}


def _sub(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise ApiError(40023)
    _name(button, 60, 40025)
    return {**_action(button, 40024, 40026, 40027), "sub_button": []}


def _name(button: dict[str, Any], limit: int, code: int) -> None:
    name = button.get("name")
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= limit:
        raise ApiError(code)


def _action(button: dict[str, Any], bad_type: int, bad_key: int, bad_url: int) -> dict[str, Any]:
    kind = button.get("type")
    needed: tuple[str, ...]
    if kind in KEYED:
        needed, limit, code = ("key",), KEY_LIMIT, bad_key
    elif kind == "view":
        needed, limit, code = ("url",), URL_LIMIT, bad_url
    elif kind == "miniprogram":
        needed, limit, code = ("url", "appid", "pagepath"), URL_LIMIT, 40035
    elif kind in WITH_MATERIAL or kind in WITH_ARTICLE:
        needed, limit, code = ((WITH_MATERIAL | WITH_ARTICLE)[kind],), URL_LIMIT, 40035
    else:
        raise ApiError(bad_type)
    for name in needed:
        value = button.get(name)
        if not isinstance(value, str) or not 1 <= len(value.encode()) <= limit:
            raise ApiError(code)
    return {"type": kind, "name": button["name"], **{name: button[name] for name in needed}}
