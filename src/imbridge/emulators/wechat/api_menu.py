"""The custom menu: `menu/create`, `menu/get`, `menu/delete`.

Source: https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Creating_Custom-Defined_Menu.html
"""

from typing import Any

from imbridge.emulators.wechat.api_custom import OK
from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.gateway import Call, Routes
from imbridge.emulators.wechat.menu import checked


def add_routes(routes: Routes) -> None:
    """Adds the routes."""
    routes.add("POST", "/cgi-bin/menu/create", create)
    routes.add("GET", "/cgi-bin/menu/get", get)
    routes.add("GET", "/cgi-bin/menu/delete", delete)


def create(call: Call) -> dict[str, Any]:
    """Sets the menu.

    Raises:
        ApiError: 40033 for escaped characters, the codes of `menu.checked` for what is wrong in it.
    """
    if call.escapes:
        raise ApiError(40033)
    call.account.menu = checked(call.json())
    return OK


def get(call: Call) -> dict[str, Any]:
    """The menu.

    Raises:
        ApiError: 46003 there is none.
    """
    if call.account.menu is None:
        raise ApiError(46003)
    return {"menu": call.account.menu}


def delete(call: Call) -> dict[str, Any]:
    """Takes the menu away."""
    call.account.menu = None
    return OK
