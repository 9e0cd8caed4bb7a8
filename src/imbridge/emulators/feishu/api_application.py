"""application/v6/scopes: which scopes the tenant granted the app.

Rules: https://open.feishu.cn/document/application-v6/scope/list; the field `scope_type` is in the official SDK's model
and not on that page.
"""

from typing import Any

from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.scopes import KNOWN

GRANTED, NOT_GRANTED = 1, 2


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("GET", "application/v6/scopes", list_scopes)


def list_scopes(call: Call) -> dict[str, Any]:
    """`GET application/v6/scopes`; it needs no scope itself."""
    app = call.app
    granted = KNOWN if app.scopes is None else tuple(app.scopes)
    status = dict.fromkeys(app.asked_scopes, NOT_GRANTED) | dict.fromkeys(granted, GRANTED)
    scopes = [{"scope_name": scope, "grant_status": grant, "scope_type": "tenant"} for scope, grant in status.items()]
    return {"scopes": scopes}
