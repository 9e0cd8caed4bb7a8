"""The bridge's HTTP side: callbacks of the accounts and a health page."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic_core import to_json

from imbridge.adapters.base import Adapter, Health
from imbridge.transport import WebhookApp, WebhookRequest, WebhookResponse, WebhookRoute

if TYPE_CHECKING:
    from imbridge.runtime.bridge import Bridge

_JSON = {"Content-Type": "application/json"}

Handle = Callable[[WebhookRequest], Awaitable[WebhookResponse]]


def webhook_app(bridge: "Bridge", adapters: Sequence[Adapter]) -> WebhookApp:
    """All routes of the accounts, `/healthz` (the process lives) and `/readyz` (every account is up)."""

    async def healthz(request: WebhookRequest) -> WebhookResponse:
        return WebhookResponse(200, b'{"status":"ok"}', _JSON)

    async def readyz(request: WebhookRequest) -> WebhookResponse:
        health = bridge.health()
        ready = _is_running(bridge) and all(state is Health.UP for state in health.values())
        return WebhookResponse(200 if ready else 503, to_json({"ready": ready, "accounts": health}), _JSON)

    def when_running(route: WebhookRoute) -> Handle:
        async def guarded(request: WebhookRequest) -> WebhookResponse:
            if not _is_running(bridge) and not (route.while_stopping and bridge.state.value == "stopping"):
                return WebhookResponse(503, b"", {"Retry-After": "5"})
            return await route.handle(request)

        return guarded

    routes = [
        WebhookRoute("/healthz", ("GET",), healthz),
        WebhookRoute("/readyz", ("GET",), readyz),
    ]
    for adapter in adapters:
        routes.extend(replace(route, handle=when_running(route)) for route in adapter.routes())
    return WebhookApp(routes, startup=bridge.start, shutdown=bridge.stop)


def _is_running(bridge: "Bridge") -> bool:
    return bridge.state.value == "running"
