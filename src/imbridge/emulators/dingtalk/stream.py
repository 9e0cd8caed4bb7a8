"""The stream's two doors, `connections/open` and the websocket handshake, and all connections.

Rule: open-dingtalk developerpedia, `docs/learn/stream/protocol.md`. The refusals are as clients report them: 401 for
wrong credentials of `connections/open`, 401 for a ticket that is unknown, used or too old.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.connection import Connection
from imbridge.emulators.dingtalk.errors import ApiError
from imbridge.emulators.dingtalk.gateway import CONNECT

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call, Routes
    from imbridge.emulators.dingtalk.world import World

KINDS = frozenset({"EVENT", "CALLBACK"})
EXPIRED = "connection is expired"

Topics = frozenset[tuple[str, str]]


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/v1.0/gateway/connections/open", lambda call: call.world.stream.open(call), public=True)


class Stream:
    """Tickets and connections."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._tickets: Newest[str, tuple[App, Topics, float]] = Newest(world.settings.history)
        self.connections: list[Connection] = []

    def open(self, call: "Call") -> dict[str, Any]:
        """Answers `POST /v1.0/gateway/connections/open`.

        Raises:
            ApiError: The credentials are wrong, or nothing is subscribed to.
        """
        world, body = self._world, call.json()
        world.stats.opens += 1
        refused = world.faults.take("refuse_open") if world.faults.active else None
        if refused is not None:
            raise ApiError(refused.facts["code"], refused.facts["message"], status=refused.facts["status"])
        client_id, secret = body.get("clientId"), body.get("clientSecret")
        app = world.apps.get(str(client_id))
        if not client_id or not secret or app is None or app.client_secret != secret:
            raise ApiError("authFailed", "鉴权失败", status=401)
        topics = self._topics(body.get("subscriptions"))
        ticket = world.ids.uuid("ticket")
        self._tickets[ticket] = (app, topics, time.monotonic() + world.settings.ticket_lifetime)
        authority = call.request.headers.get("Host") or world.base_url.removeprefix("http://")
        return {"endpoint": f"ws://{authority}{CONNECT}", "ticket": ticket}

    async def handshake(self, request: web.BaseRequest, query: Mapping[str, str]) -> web.StreamResponse:
        """Answers `GET /connect`: a websocket, or a refusal."""
        world = self._world
        refused = world.faults.take("refuse_handshake") if world.faults.active else None
        if refused is not None:
            return self._refused(refused.facts["status"], "refused")
        known = self._tickets.pop(query.get("ticket", ""), None)
        if known is None:
            world.violation("ticket", "the ticket is unknown or was used before; each connection needs a new one")
            return self._refused(401, "invalid ticket")
        app, topics, expires = known
        if time.monotonic() > expires:
            world.violation("ticket_expired", f"the ticket is older than {world.settings.ticket_lifetime:g} s")
            return self._refused(401, "ticket expired")
        if len([one for one in self.connections if one.app is app]) >= world.settings.max_connections:
            return self._refused(403, "too many connections")
        return await Connection(world, app, topics).serve(request)

    def opened(self, connection: Connection) -> None:
        """A connection is ready for frames."""
        self.connections.append(connection)
        self._world.stats.connects += 1
        self._tell("connect", connection)

    def closed(self, connection: Connection) -> None:
        """A connection has ended."""
        self.connections.remove(connection)
        self._world.stats.disconnects += 1
        self._tell("disconnect", connection)

    def pick(self, app: App, kind: str, topic: str) -> Connection | None:
        """One of the app's connections that take such a frame, at random."""
        own = [one for one in self.connections if one.app is app]
        fitting = [one for one in own if one.takes(kind, topic)]
        fitting = fitting or [one for one in own if one.takes_still(kind, topic)]
        return fitting[self._world.ids.index("connection_pick", len(fitting))] if fitting else None

    def of(self, app: App | None) -> list[Connection]:
        """The connections of an app, or of all."""
        return [one for one in self.connections if app is None or one.app is app]

    def _topics(self, subscriptions: object) -> Topics:
        if not isinstance(subscriptions, list) or not subscriptions:
            raise ApiError("invalidParameter", "subscriptions missing")
        topics = set()
        for one in subscriptions:
            if not isinstance(one, dict) or one.get("type") not in KINDS or not one.get("topic"):
                raise ApiError("invalidParameter", "subscriptions: type EVENT or CALLBACK and a topic")
            topics.add((str(one["type"]), str(one["topic"])))
        return frozenset(topics)

    def _refused(self, status: int, text: str) -> web.Response:
        self._world.stats.handshakes_refused += 1
        return web.Response(status=status, text=text)

    def _tell(self, kind: str, connection: Connection) -> None:
        if self._world.wire:
            facts = {"type": kind, "clientId": connection.app.client_id, "connectionId": connection.connection_id}
            self._world.wire.tell("in", "ws", facts)
