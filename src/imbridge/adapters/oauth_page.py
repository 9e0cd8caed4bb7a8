"""The address that people come back to when they have agreed: `/<platform>/<account>/oauth`.

Nothing out of the request is shown. The query holds a code, so the page lets neither caches nor other sites see it.
"""

import logging
from collections.abc import Awaitable, Callable

from imbridge.adapters.oauth_state import UnknownStateError
from imbridge.protocol import ImbridgeError
from imbridge.transport import WebhookRequest, WebhookResponse, WebhookRoute

log = logging.getLogger(__name__)

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = (
    '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{0}</title><p>{0}</p><p>{1}</p>"
)
_DONE = _PAGE.format("Authorised. You can close this page.", "授权成功，可以关闭此页面。")
_DENIED = _PAGE.format("Not authorised. You can close this page.", "未授权，可以关闭此页面。")
_FAILED = _PAGE.format("This did not work. Please ask the bot for a new link.", "授权未成功，请向机器人索取新的链接。")

Finish = Callable[[str, str], Awaitable[object]]
"""Takes code and state."""


def oauth_route(
    platform: str, account: str, finish: Finish, drop: Callable[[str], None], *, code_name: str = "code"
) -> WebhookRoute:
    """The route of one account.

    Args:
        platform: The platform's name.
        account: The account's.
        finish: Is given what an agreement brings back.
        drop: Is given the state of a refusal.
        code_name: What the platform calls the code.
    """
    path = f"/{platform}/{account}/oauth"

    async def handle(request: WebhookRequest) -> WebhookResponse:
        state, code = request.query.get("state", ""), request.query.get(code_name, "")
        try:
            if request.query.get("error") or not code:
                drop(state)
                return _page(200, _DENIED)
            await finish(code, state)
        except UnknownStateError as error:
            log.debug("%s: %s", path, error)  # anybody can make any number of these, and must not fill the log
            return _page(400, _FAILED)
        except ImbridgeError as error:
            log.warning("%s: an authorisation was not finished: %s", path, error)
            return _page(400, _FAILED)
        return _page(200, _DONE)

    return WebhookRoute(path, ("GET",), handle, timeout=60.0)


def _page(status: int, text: str) -> WebhookResponse:
    return WebhookResponse(status, text.encode(), _HEADERS)
