"""Web authorisation: `sns/oauth2/access_token`, `sns/oauth2/refresh_token`, `sns/userinfo`, `sns/auth`.

Source: https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken.html
"""

from typing import Any

from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.gateway import Call, Routes
from imbridge.emulators.wechat.web_grants import Grant


def add_routes(routes: Routes) -> None:
    """Adds the routes."""
    routes.add("GET", "/sns/oauth2/access_token", access_token, token=False)
    routes.add("GET", "/sns/oauth2/refresh_token", refresh_token, token=False)
    routes.add("GET", "/sns/userinfo", user_info, token=False)
    routes.add("GET", "/sns/auth", check, token=False)


def access_token(call: Call) -> dict[str, Any]:
    """Tokens for a code, once."""
    account = _account(call)
    if call.param("secret") != account.secret:
        raise ApiError(40125 if call.param("secret") else 41004)
    if call.param("grant_type") != "authorization_code":
        raise ApiError(40002)
    if not call.param("code"):
        raise ApiError(41008)
    return _tokens(call, call.world.grants.redeem(account, call.param("code")))


def refresh_token(call: Call) -> dict[str, Any]:
    """A new access token for a refresh token."""
    account = _account(call)
    if call.param("grant_type") != "refresh_token":
        raise ApiError(40002)
    if not call.param("refresh_token"):
        raise ApiError(41003)
    return _tokens(call, call.world.grants.refresh(account, call.param("refresh_token")))


def user_info(call: Call) -> dict[str, Any]:
    """Who the person is; only with the scope `snsapi_userinfo`.

    Raises:
        ApiError: 48001 the scope is another.
    """
    grant = call.world.grants.of(call.param("access_token"), call.param("openid"))
    if grant.scope != "snsapi_userinfo":
        raise ApiError(48001)
    person = grant.follower
    who: dict[str, Any] = {
        "openid": person.openid,
        "nickname": person.name,
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": "",
        "privilege": [],
    }
    return {**who, "unionid": person.unionid} if person.unionid else who


def check(call: Call) -> dict[str, Any]:
    """Whether a person's access token is good."""
    call.world.grants.of(call.param("access_token"), call.param("openid"))
    return {"errcode": 0, "errmsg": "ok"}


def _account(call: Call) -> Account:
    if not call.param("appid"):
        raise ApiError(41002)
    account = call.world.accounts.get(call.param("appid"))
    if account is None:
        raise ApiError(40013)
    return account


def _tokens(call: Call, grant: Grant) -> dict[str, Any]:
    tokens: dict[str, Any] = {
        "access_token": grant.access_token,
        "expires_in": int(call.world.settings.user_token_lifetime),
        "refresh_token": grant.refresh_token,
        "openid": grant.follower.openid,
        "scope": grant.scope,
    }
    if grant.follower.unionid and grant.scope == "snsapi_userinfo":
        tokens["unionid"] = grant.follower.unionid
    return tokens
