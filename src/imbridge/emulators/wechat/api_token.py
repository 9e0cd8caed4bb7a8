"""`GET /cgi-bin/token` and `POST /cgi-bin/stable_token`.

Source: https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken.html
"""

from typing import Any

from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.gateway import Call, Routes


def add_routes(routes: Routes) -> None:
    """Adds the routes."""
    routes.add("GET", "/cgi-bin/token", token, token=False)
    routes.add("POST", "/cgi-bin/stable_token", stable_token, token=False)


def token(call: Call) -> dict[str, Any]:
    """A new access token; the last one lives five minutes longer."""
    account = authenticated(call, call.param("grant_type"), call.param("appid"), call.param("secret"))
    return _answer(call, *call.world.tokens.issue(account))


def stable_token(call: Call) -> dict[str, Any]:
    """The stable access token, the same one as long as it lives."""
    body = call.json()
    account = authenticated(call, body.get("grant_type"), body.get("appid"), body.get("secret"))
    return _answer(call, *call.world.tokens.stable(account, force=body.get("force_refresh") is True))


def authenticated(call: Call, grant_type: object, app_id: object, secret: object) -> Account:
    """The account whose AppID and AppSecret these are.

    Raises:
        ApiError: 40002, 41002, 40013, 41004, 40125, or 40164 for an address that is not on the account's list.
    """
    world = call.world
    world.stats.token_requests += 1
    if grant_type != "client_credential":
        raise ApiError(40002)
    if not app_id:
        raise ApiError(41002)
    account = world.accounts.get(str(app_id))
    if account is None:
        raise ApiError(40013)
    if not secret:
        raise ApiError(41004)
    if secret != account.secret:
        raise ApiError(40125)
    remote = call.request.remote or ""
    if account.allowed_ips is not None and remote not in account.allowed_ips:
        raise ApiError(40164, text=f"invalid ip {remote} ipv6 ::ffff:{remote}, not in whitelist")
    return account


def _answer(call: Call, value: str, seconds: int) -> dict[str, Any]:
    call.world.stats.tokens_issued = call.world.tokens.issued
    return {"access_token": value, "expires_in": seconds}
