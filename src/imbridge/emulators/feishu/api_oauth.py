"""User authorisation over HTTP: the page, the token endpoint, the device flow. None of them takes an access token."""

import html
import time
from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu import consent, device_flow
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.door import Knock, Reply
from imbridge.emulators.feishu.grants import Issued
from imbridge.emulators.feishu.oauth_errors import OAuthError

if TYPE_CHECKING:
    from imbridge.emulators.feishu.gateway import Routes

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = frozenset({"authorization_code", "refresh_token", DEVICE_GRANT})
POLL_INTERVAL = 5


def add_doors(doors: "Routes") -> None:
    """Adds the paths of this part."""
    doors.add("GET", consent.PAGE, page)
    doors.add("POST", "open-apis/authen/v2/oauth/token", token)
    # The SDK's and the plugin's path for the same.
    doors.add("POST", "open-apis/authen/v2/oauth/device_authorization", device_authorization)
    doors.add("POST", "oauth/v1/device_authorization", device_authorization)


def page(knock: Knock) -> Reply:
    """`GET authen/v1/authorize`, as a browser sees it. `FeishuEmulator.consents` is the person in front of it."""
    try:
        asked = consent.read_page(knock.world, knock.raw_query)
    except OAuthError as error:
        return Reply(page=f"<h1>{error.code}</h1><p>{html.escape(error.description)}</p>", status=400)
    scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in asked.scopes)
    return Reply(page=f"<h1>{html.escape(asked.app.name)}</h1><ul>{scopes}</ul>")


def token(knock: Knock) -> Reply:
    """`POST authen/v2/oauth/token`: a user token for a code, a refresh token, or a device's code."""
    knock.world.stats.user_token_requests += 1
    try:
        return Reply(_token(knock))
    except OAuthError as error:
        return Reply(error.as_json(), status=error.status)
    except _NotYet as error:
        return Reply({"code": error.code, "error": error.word, "error_description": error.word}, status=400)


def device_authorization(knock: Knock) -> Reply:
    """`POST device_authorization`: where the person has to go, and what the app asks about then."""
    try:
        return Reply(_device(knock))
    except OAuthError as error:
        return Reply(error.as_json(), status=error.status)


class _NotYet(Exception):  # noqa: N818 - mostly no error
    """A device's code has no token: nobody has agreed yet, or never will (RFC 8628, 3.5). The codes are unverified."""

    def __init__(self, code: int, word: str) -> None:
        super().__init__(word)
        self.code = code
        self.word = word


def _token(knock: Knock) -> dict[str, Any]:
    world = knock.world
    fields = knock.fields()
    if fields is None:
        raise OAuthError(20063)
    grant_type = fields.get("grant_type")
    if not grant_type:
        raise OAuthError(20001, "grant_type")
    if grant_type not in GRANTS:
        raise OAuthError(20036)
    fault = world.faults.take("refuse_oauth", grant_type)
    if fault is not None:
        raise OAuthError(fault.facts["code"])
    app = _client(knock, fields)
    given = fields.get("scope")
    scopes = str(given).split() if given else None
    if grant_type == DEVICE_GRANT:
        return as_json(_of_device(knock, app, _needed(fields, "device_code")))
    if grant_type == "refresh_token":
        return as_json(world.grants.refresh(app, _needed(fields, "refresh_token"), scopes))
    issued = world.grants.exchange(
        app,
        _needed(fields, "code"),
        redirect_uri=str(fields.get("redirect_uri") or ""),
        verifier=str(fields.get("code_verifier") or ""),
        scopes=scopes,
    )
    return as_json(issued)


def _device(knock: Knock) -> dict[str, Any]:
    world = knock.world
    fields = knock.fields() or {}
    basic = knock.basic()  # the plugin proves itself so, the SDK not at all
    app = world.directory.apps.get(basic[0] if basic else str(fields.get("client_id")))
    if app is None:
        raise OAuthError(20048)
    if basic and basic[1] != app.app_secret:
        raise OAuthError(20002)
    request = world.devices.start(app, consent.checked_scopes(app, str(fields.get("scope") or "")))
    address = f"http://{knock.headers.get('Host', '')}/{device_flow.PAGE}"
    return {
        "code": 0,
        "device_code": request.device_code,
        "user_code": request.user_code,
        "verification_uri": address,
        "verification_uri_complete": f"{address}?user_code={request.user_code}",
        "expires_in": int(world.settings.device_lifetime),
        "interval": POLL_INTERVAL,
    }


def _client(knock: Knock, fields: dict[str, Any]) -> App:
    basic = knock.basic()
    if basic and "client_secret" in fields:
        raise OAuthError(20070)
    if not basic:
        basic = _needed(fields, "client_id"), _needed(fields, "client_secret")
    app = knock.world.directory.apps.get(basic[0])
    if app is None:
        raise OAuthError(20048)
    if basic[1] != app.app_secret:
        raise OAuthError(20002)
    return app


def _needed(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise OAuthError(20001, name)
    return value


def _of_device(knock: Knock, app: App, device_code: str) -> Issued:
    world = knock.world
    request = world.devices.by_device(device_code)
    if request is None or request.done:
        raise OAuthError(20003)
    if request.app is not app:
        raise OAuthError(20024)
    if request.denied:
        raise _NotYet(20010, "access_denied")
    if request.expires <= time.monotonic():
        raise _NotYet(20004, "expired_token")
    if request.user is None:
        raise _NotYet(20001, "authorization_pending")
    request.done = True
    granted = world.grants.agree(request.user, app, request.scopes)
    return world.grants.issue(app, request.user, granted, granted)


def as_json(issued: Issued) -> dict[str, Any]:
    """The answer of the token endpoint."""
    now = time.monotonic()
    answer: dict[str, Any] = {
        "code": 0,
        "access_token": issued.token.value,
        "expires_in": round(issued.token.expires - now),
        "scope": " ".join(sorted(issued.token.scopes)),
        "token_type": "Bearer",
    }
    if issued.refresh is not None:
        answer["refresh_token"] = issued.refresh.value
        answer["refresh_token_expires_in"] = round(issued.refresh.expires - now)
    return answer
