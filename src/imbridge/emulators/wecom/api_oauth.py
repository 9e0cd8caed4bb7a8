"""`auth/getuserinfo`, `user/getuserinfo`, `auth/getuserdetail`, and the pages themselves.

Rules: https://developer.work.weixin.qq.com/document/path/91023, /path/95833.
"""

from html import escape
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.consent import AUTHORIZE, LOGIN, OLD_LOGIN, ConsentPageError, read_page
from imbridge.emulators.wecom.contact_json import private_json
from imbridge.emulators.wecom.errors import ApiError
from imbridge.emulators.wecom.gateway import Raw
from imbridge.emulators.wecom.grants import Grant

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call, Routes

HTML = "text/html; charset=utf-8"


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", "auth/getuserinfo", getuserinfo)
    routes.add("GET", "user/getuserinfo", old_getuserinfo)
    routes.add("POST", "auth/getuserdetail", getuserdetail)
    routes.add("POST", "user/getuserdetail", getuserdetail)
    for path in (AUTHORIZE, LOGIN, OLD_LOGIN):
        routes.add("GET", path, page, public=True)


def getuserinfo(call: "Call") -> dict[str, Any]:
    """Who came with a code: a member's userid (with a ticket if they agreed to more), or another person's openid."""
    grant = _of_code(call)
    if isinstance(grant.who, str):
        return {"openid": grant.who}
    ticket = {"user_ticket": call.world.grants.new_ticket(grant, call.app)} if grant.private else {}
    return {"userid": grant.who.userid, **ticket}


def old_getuserinfo(call: "Call") -> dict[str, Any]:
    """The same by its old name, with the old names of the fields."""
    grant = _of_code(call)
    if isinstance(grant.who, str):
        return {"OpenId": grant.who, "DeviceId": ""}
    answer: dict[str, Any] = {"UserId": grant.who.userid, "DeviceId": ""}
    if grant.private:
        ticket = call.world.grants.new_ticket(grant, call.app)
        answer |= {"user_ticket": ticket, "expires_in": int(call.world.settings.ticket_lifetime)}
    return answer


def getuserdetail(call: "Call") -> dict[str, Any]:
    """The private fields of who agreed to it."""
    grant = call.world.grants.of_ticket(call.json().get("user_ticket"), call.app)
    if isinstance(grant.who, str):
        raise ApiError(84015)
    return {"userid": grant.who.userid, **private_json(grant.who)}


def page(call: "Call") -> Raw:
    """What a browser sees; `WeComEmulator.consents` is who looks at it."""
    try:
        asked = read_page(call.world, call.path, call.query)
    except ConsentPageError as error:
        return Raw(f"<html><body><h1>{escape(str(error))}</h1></body></html>".encode(), HTML)
    return Raw(f"<html><body><h1>{escape(asked.redirect_uri)}</h1></body></html>".encode(), HTML)


def _of_code(call: "Call") -> Grant:
    code = call.query.get("code", "")
    if not code:
        raise ApiError(41008)
    return call.world.grants.use_code(code, call.app)
