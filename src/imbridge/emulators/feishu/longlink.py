"""The long connection's two doors: the endpoint that hands out a URL, and the websocket handshake.

Rules as the official SDKs read them (`lark_oapi/ws/client.py`): endpoint codes 0 ok, 1 busy, 403 forbidden, 514
authentication failed, 1000040343 internal, 1000040344 no credential, 1000040350 too many connections; a refused
handshake carries the headers handshake-status, handshake-msg and handshake-autherrcode.
"""

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.connection import Connection

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

OK = 0
FORBIDDEN = 403
AUTH_FAILED = 514
NO_CREDENTIAL = 1000040344
TOO_MANY_CONNECTIONS = 1000040350
TEXTS = {
    1: "system busy",
    FORBIDDEN: "forbidden",
    AUTH_FAILED: "app_id or app_secret is invalid",
    1000040343: "internal error",
    NO_CREDENTIAL: "no credential",
    TOO_MANY_CONNECTIONS: "the number of connections exceeded the limit",
}
TICKETS_KEPT = 10_000


class LongLink:
    """Endpoint and handshake."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._tickets: dict[str, tuple[App, int, str, str, float]] = {}
        self.connections: set[Connection] = set()

    def endpoint(self, body: dict[str, Any], authority: str) -> dict[str, Any]:
        """Answers `POST /callback/ws/endpoint`."""
        world = self._world
        world.stats.endpoint_requests += 1
        app_id, secret = body.get("AppID"), body.get("AppSecret")
        if not app_id or not secret:
            return _refusal(NO_CREDENTIAL)
        refused = world.faults.endpoint_refusal() if world.faults.active else None
        if refused is not None:
            return _refusal(refused)
        app = world.directory.apps.get(str(app_id))
        if app is None or app.app_secret != secret:
            return _refusal(AUTH_FAILED)
        ids = world.ids
        device_id, ticket, access_key = ids.hex("device", 16), ids.hex("ticket"), ids.hex("access_key")
        service_id = 33_554_678 + list(world.directory.apps).index(app.app_id)
        if len(self._tickets) >= TICKETS_KEPT:
            del self._tickets[next(iter(self._tickets))]
        expires = time.monotonic() + world.settings.ticket_lifetime
        self._tickets[ticket] = (app, service_id, device_id, access_key, expires)
        query = {"device_id": device_id, "service_id": service_id, "access_key": access_key, "ticket": ticket}
        url = f"ws://{authority}/ws/v2?{urlencode(query)}"
        return {"code": OK, "msg": "", "data": {"URL": url, "ClientConfig": world.client_config(app)}}

    async def handshake(self, request: web.BaseRequest, query: str) -> web.StreamResponse:
        """Answers `GET /ws/v2`: a websocket, or a refusal in headers."""
        world = self._world
        facts = {key: values[0] for key, values in parse_qs(query).items()}
        known = self._tickets.pop(facts.get("ticket", ""), None)
        if known is None:
            world.violation("ticket", "the ticket is unknown or was used before; each connection needs a new URL")
            return self._refused(AUTH_FAILED, AUTH_FAILED, "invalid ticket")
        app, service_id, device_id, access_key, expires = known
        if time.monotonic() > expires:
            return self._refused(AUTH_FAILED, AUTH_FAILED, "ticket expired")
        given = (facts.get("device_id"), facts.get("service_id"), facts.get("access_key"))
        if given != (device_id, str(service_id), access_key):
            world.violation("connection_url", "device_id, service_id or access_key differs from the URL handed out")
            return self._refused(AUTH_FAILED, AUTH_FAILED, "invalid access_key")
        code = world.faults.handshake_refusal() if world.faults.active else None
        live = [one for one in self.connections if one.app is app and not one.frozen]
        if code == TOO_MANY_CONNECTIONS or len(live) >= world.settings.max_connections:
            return self._refused(AUTH_FAILED, TOO_MANY_CONNECTIONS, TEXTS[TOO_MANY_CONNECTIONS])
        if code is not None:
            return self._refused(code, code, TEXTS.get(code, "refused"))
        for dead in [one for one in self.connections if one.app is app and one.frozen]:
            # The client has given its half-open connection up: the platform finds out here.
            world.queue(app).detach(dead)
        connection = Connection(app, world, device_id, service_id)
        self.connections.add(connection)
        if world.wire:
            world.wire.tell("in", "ws", {"type": "connect", "app_id": app.app_id, "device_id": device_id})
        try:
            return await connection.serve(request)
        finally:
            self.connections.discard(connection)
            if world.wire:
                world.wire.tell("in", "ws", {"type": "disconnect", "app_id": app.app_id, "device_id": device_id})

    def _refused(self, status: int, auth_code: int, text: str) -> web.Response:
        self._world.stats.handshakes_refused += 1
        headers = {
            "handshake-status": str(status),
            "handshake-msg": text,
            "handshake-autherrcode": str(auth_code),
        }
        return web.Response(status=403 if status == FORBIDDEN else 401, text=text, headers=headers)


def _refusal(code: int) -> dict[str, Any]:
    return {"code": code, "msg": TEXTS.get(code, "refused"), "data": None}
