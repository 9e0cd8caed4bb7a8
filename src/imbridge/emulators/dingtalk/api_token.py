"""`POST /v1.0/oauth2/accessToken` and `GET /gettoken`: the same token for both kinds of API.

Rules: open.dingtalk.com, "Obtain the access token of an internal app", in its new and its old form.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.errors import ApiError, OapiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.routes import Call, Routes


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/v1.0/oauth2/accessToken", access_token, public=True)
    routes.add("GET", "/gettoken", gettoken, public=True)


def access_token(call: "Call") -> dict[str, Any]:
    """The app's token: the same while it lives."""
    body = call.json()
    call.world.stats.token_requests += 1
    app = _app(call, body.get("appKey"), body.get("appSecret"))
    if app is None:
        raise ApiError("invalidClientIdOrSecret", "无效的clientId或者clientSecret", status=400)
    value, left = _issue(call, app)
    return {"accessToken": value, "expireIn": left}


def gettoken(call: "Call") -> dict[str, Any]:
    """The same in its old form."""
    call.world.stats.token_requests += 1
    app = _app(call, call.query.get("appkey"), call.query.get("appsecret"))
    if app is None:
        raise OapiError(40089)
    value, left = _issue(call, app)
    return {"access_token": value, "expires_in": left}


def _app(call: "Call", key: object, secret: object) -> "App | None":
    app = call.world.apps.get(str(key))
    return app if app is not None and secret and app.client_secret == secret else None


def _issue(call: "Call", app: "App") -> tuple[str, int]:
    value, left = call.world.tokens.request(app)
    call.world.stats.tokens_issued = call.world.tokens.issued
    return value, left
