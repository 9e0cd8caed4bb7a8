"""`GET /cgi-bin/gettoken` and the lists of the platform's addresses.

Rules: https://developer.work.weixin.qq.com/document/path/91039, /path/90930 (getcallbackip).
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call, Routes


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", "gettoken", gettoken, public=True)
    routes.add("GET", "getcallbackip", addresses)
    routes.add("GET", "get_api_domain_ip", addresses)


def gettoken(call: "Call") -> dict[str, Any]:
    """The app's token: the same while it lives."""
    world = call.world
    world.stats.token_requests += 1
    corp_id, secret = call.query.get("corpid", ""), call.query.get("corpsecret", "")
    if not corp_id:
        raise ApiError(41002)
    if not secret:
        raise ApiError(41004)
    if corp_id != world.corp_id:
        raise ApiError(40013)
    app = world.app_of_secret(secret)
    if app is None:
        raise ApiError(40001)
    value, left = world.tokens.request(app)
    world.stats.tokens_issued = world.tokens.issued
    return {"access_token": value, "expires_in": left}


def addresses(call: "Call") -> dict[str, Any]:
    """Where callbacks come from."""
    return {"ip_list": ["127.0.0.1"]}
