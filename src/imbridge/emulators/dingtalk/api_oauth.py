"""Login: the page, the tokens of people, who they are, and the in-app login.

Paths: `/v1.0/oauth2/userAccessToken`, `/v1.0/contact/users/me`, `topapi/v2/user/getuserinfo`.

Sources: open.dingtalk.com, "获取用户token", "获取用户通讯录个人信息" (dingtalk-retrieve-user-information),
"通过免登码获取用户信息". The codes of refusals are as clients report them.
"""

from html import escape
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.consent import PAGE, ConsentPageError, read_page
from imbridge.emulators.dingtalk.contact_json import avatar_of
from imbridge.emulators.dingtalk.errors import ApiError, OapiError
from imbridge.emulators.dingtalk.gateway import INVALID_TOKEN, TOKEN_HEADER
from imbridge.emulators.dingtalk.grants import Grant
from imbridge.emulators.dingtalk.routes import Raw

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call, Routes

HTML = "text/html; charset=utf-8"
BAD_CODE = 40078


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", PAGE, page, public=True)
    routes.add("POST", "/v1.0/oauth2/userAccessToken", user_access_token, public=True)
    routes.add("GET", "/v1.0/contact/users/me", me, public=True)
    routes.add("POST", "/topapi/v2/user/getuserinfo", get_user_info, billed=False)


def page(call: "Call") -> Raw:
    """What a browser sees; `DingTalkEmulator.consents` is who looks at it."""
    try:
        asked = read_page(call.world, call.path, call.query)
    except ConsentPageError as error:
        return Raw(f"<html><body><h1>{escape(str(error))}</h1></body></html>".encode(), HTML)
    return Raw(f"<html><body><h1>{escape(asked.app.name)}</h1></body></html>".encode(), HTML)


def user_access_token(call: "Call") -> dict[str, Any]:
    """A person's token, for a code or a refresh token."""
    body, world = call.json(), call.world
    app = world.apps.get(str(body.get("clientId")))
    if app is None or app.client_secret != body.get("clientSecret"):
        raise ApiError("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
    grant: Grant | None
    if body.get("grantType") == "authorization_code":
        grant = world.grants.use_code(body.get("code"), app)
        if grant is None:
            raise ApiError("invalidParameter.authCode.notFound", "不存在的临时授权码")
    elif body.get("grantType") == "refresh_token":
        grant = world.grants.refresh(body.get("refreshToken"), app)
        if grant is None:
            raise ApiError("invalidParameter.refreshToken.notFound", "不存在的refreshToken")
    else:
        raise ApiError("invalidParameter.grantType", "grantType is authorization_code or refresh_token")
    token = world.grants.issue(grant)
    answer = {"accessToken": token.access_token, "refreshToken": token.refresh_token, "expireIn": token.lifetime}
    return answer | ({"corpId": world.corp_id} if "corpid" in grant.scopes else {})


def me(call: "Call") -> dict[str, Any]:
    """Whose token it is."""
    grant = call.world.grants.of_token(call.request.headers.get(TOKEN_HEADER, ""))
    if grant is None:
        raise ApiError(INVALID_TOKEN, "不合法的access_token", status=401)
    user = grant.user
    return {
        "nick": user.name,
        "avatarUrl": avatar_of(user),
        "mobile": user.mobile,
        "openId": call.world.ids.derived("open_id", grant.app.client_id, user.union_id, digits=24),
        "unionId": user.union_id,
        "email": "",
        "stateCode": "86",
        "visitor": not user.userid,
    }


def get_user_info(call: "Call") -> dict[str, Any]:
    """Who opened the app inside DingTalk, for a code, once."""
    grant = call.world.grants.use_app_code(call.json().get("code"), call.app)
    if grant is None or not grant.user.userid:
        raise OapiError(BAD_CODE, "不存在的临时授权码")
    user = grant.user
    result = {
        "userid": user.userid,
        "unionid": user.union_id,
        "associated_unionid": user.union_id,
        "name": user.name,
        "device_id": call.world.ids.hex("device", 32),
        "sys": user.admin,
        "sys_level": 1 if user.admin else 0,
    }
    return {"request_id": call.world.ids.text("oapi_request", 12), "result": result}
