"""authen/v1: who a user token belongs to, and the old way to one, which the official SDK's builders still take.

The old interface (https://open.feishu.cn/document/historic-version/authen) answers in the usual envelope, is asked with
the app's token, knows no PKCE, and always has a refresh token.
"""

import time
from typing import Any

from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.grants import Issued
from imbridge.emulators.feishu.oauth_errors import OAuthError
from imbridge.emulators.feishu.user import User
from imbridge.emulators.feishu.user_access import INVALID


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("GET", "authen/v1/user_info", user_info)
    routes.add("POST", "authen/v1/access_token", exchange)
    routes.add("POST", "authen/v1/oidc/access_token", exchange)
    routes.add("POST", "authen/v1/refresh_access_token", refresh)
    routes.add("POST", "authen/v1/oidc/refresh_access_token", refresh)


def user_info(call: Call) -> dict[str, Any]:
    """`GET authen/v1/user_info`; e-mail and user_id only if the person has granted the scopes for them."""
    token = call.user_token
    if token is None:
        raise ApiError(INVALID)
    return {
        **_person(call, token.user),
        **({"email": token.user.email} if "contact:user.email:readonly" in token.scopes else {}),
        **({"user_id": token.user.user_id} if "contact:user.employee_id:readonly" in token.scopes else {}),
    }


def exchange(call: Call) -> dict[str, Any]:
    """`POST authen/v1/(oidc/)access_token`."""
    body = call.json()
    if body.get("grant_type") != "authorization_code":
        raise ApiError(20036, status=200)
    try:
        issued = call.world.grants.exchange(call.app, str(body.get("code")), redirect_uri=None, legacy=True)
    except OAuthError as error:
        # One code for all that can be wrong with a code (FAQ "questions on error codes", 20007).
        raise ApiError(20007, error.description, status=200) from None
    return _issued(call, issued)


def refresh(call: Call) -> dict[str, Any]:
    """`POST authen/v1/(oidc/)refresh_access_token`."""
    body = call.json()
    if body.get("grant_type") != "refresh_token":
        raise ApiError(20036, status=200)
    try:
        issued = call.world.grants.refresh(call.app, str(body.get("refresh_token")), legacy=True)
    except OAuthError as error:
        raise ApiError(error.code, error.description, status=200) from None
    return _issued(call, issued)


def _issued(call: Call, issued: Issued) -> dict[str, Any]:
    now = time.monotonic()
    answer = {
        "access_token": issued.token.value,
        "token_type": "Bearer",
        "expires_in": round(issued.token.expires - now),
        "scope": " ".join(sorted(issued.token.scopes)),
    }
    if issued.refresh is not None:
        answer["refresh_token"] = issued.refresh.value
        answer["refresh_expires_in"] = round(issued.refresh.expires - now)
    # The oidc form has the tokens only, the other one the person too.
    return answer if "/oidc/" in call.path else {**answer, **_person(call, issued.token.user)}


def _person(call: Call, user: User) -> dict[str, Any]:
    ids = call.world.directory.ids_of(user, call.app)
    return {
        "name": user.name,
        "en_name": user.name,
        "avatar_url": "",
        "avatar_thumb": "",
        "avatar_middle": "",
        "avatar_big": "",
        "open_id": ids["open_id"],
        "union_id": ids["union_id"],
        "tenant_key": call.world.settings.tenant_key,
    }
