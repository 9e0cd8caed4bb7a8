"""The gateway: where it is, its connections and sessions, and which of them gets an event.

Rules: bot-docs, `openapi/wss/*.md` and `event-emit.md`: `shard = (guild_id >> 22) % shards`. Undocumented: what decides
on the shard of single chats and groups; here it is their openid.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.connection import Connection
from imbridge.emulators.qq.ids import slot
from imbridge.emulators.qq.intents import intent_of
from imbridge.emulators.qq.pushed import Pushed
from imbridge.emulators.qq.session import Session

if TYPE_CHECKING:
    from imbridge.emulators.qq.routes import Call, Routes
    from imbridge.emulators.qq.world import World

PATH = "/websocket"
DAY_MS = 86_400_000


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", "/gateway", lambda call: {"url": _url(call)})
    routes.add("GET", "/gateway/bot", gateway_bot)


def gateway_bot(call: "Call") -> dict[str, Any]:
    """The gateway's address, and how many sessions there may be."""
    settings, gateway = call.world.settings, call.world.gateway
    limit = {
        "total": settings.session_starts,
        "remaining": max(settings.session_starts - gateway.started(call.bot), 0),
        "reset_after": DAY_MS,
        "max_concurrency": settings.max_concurrency,
    }
    return {"url": _url(call), "shards": settings.shards, "session_start_limit": limit}


def _url(call: "Call") -> str:
    authority = call.request.headers.get("Host") or call.world.base_url.removeprefix("http://")
    return f"ws://{authority}{PATH}/"


class Gateway:
    """Connections and sessions of all bots."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.connections: list[Connection] = []
        self.sessions_by_id: Newest[str, Session] = Newest(world.settings.history)
        self._starts: dict[Bot, list[float]] = {}

    # --- connections --------------------------------------------------------------------------------------------------

    async def handshake(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers `GET /websocket/`: a connection, or a refusal."""
        faults = self._world.faults
        refused = faults.take("refuse_handshake") if faults.active else None
        if refused is not None:
            return web.Response(status=refused.facts["status"], text="refused")
        return await Connection(self._world).serve(request)

    def opened(self, connection: Connection) -> None:
        """A connection is ready."""
        self.connections.append(connection)
        self._world.stats.connects += 1

    def closed(self, connection: Connection) -> None:
        """A connection has ended."""
        self.connections.remove(connection)
        self._world.stats.disconnects += 1

    def of(self, bot: Bot | None) -> list[Connection]:
        """The connections of a bot, or all, those included that have identified nothing yet."""
        return [one for one in self.connections if bot is None or one.bot is bot]

    def ready(self, bot: Bot | None) -> list[Connection]:
        """The connections of a bot, or of all, that carry a session."""
        return [
            one
            for one in self.of(bot)
            if one.session is not None and not one.session.ended and one.session.connection is one
        ]

    def end(self) -> None:
        """Cuts all connections."""
        for connection in tuple(self.connections):
            connection.abort()

    # --- sessions -----------------------------------------------------------------------------------------------------

    def sessions(self, bot: Bot) -> list[Session]:
        """The sessions of a bot that are connected or can be resumed."""
        return [one for one in self.sessions_by_id.values() if one.bot is bot and one.alive]

    def replace(self, session: Session) -> None:
        """A session has started: what the bot had for the same shard ends."""
        for old in self.sessions(session.bot):
            if old.shard == session.shard:
                connection, old.connection = old.connection, None
                old.end()
                if connection is not None:
                    connection.close(4902, "identified elsewhere")
        self.sessions_by_id[session.session_id] = session

    def may_start(self, bot: Bot) -> bool:
        """Whether the bot may start a session now; it has, if so."""
        settings, now = self._world.settings, time.monotonic()
        starts = [at for at in self._starts.get(bot, []) if now - at < settings.day]
        recent = [at for at in starts if now - at < settings.concurrency_period]
        full = len(recent) >= settings.max_concurrency or len(starts) >= settings.session_starts
        if settings.rate_limits and full:
            return False
        self._starts[bot] = [*starts, now]
        return True

    def started(self, bot: Bot) -> int:
        """How many sessions the bot has started within a day."""
        now = time.monotonic()
        return len([at for at in self._starts.get(bot, []) if now - at < self._world.settings.day])

    # --- events -------------------------------------------------------------------------------------------------------

    def put(self, pushed: Pushed, copies: int) -> bool:
        """Gives an event to the sessions that want it; False: there is none."""
        intent = intent_of(pushed.event_type)
        if intent and not intent & (pushed.bot.intents | (intent if pushed.bot.private else 0)):
            return False
        fitting = [one for one in self.sessions(pushed.bot) if self._takes(one, pushed, intent)]
        if not fitting:
            return False
        fitting[-1].put(pushed, copies)
        return True

    def _takes(self, session: Session, pushed: Pushed, intent: int) -> bool:
        index, count = session.shard
        key = pushed.key
        place = (int(key) >> 22) % count if key.isdigit() else slot(key, count)
        return place == index and (not intent or bool(intent & session.intents))

    def tell(self, direction: str, facts: Mapping[str, Any]) -> None:
        """Tells those who watch the wire."""
        if self._world.wire:
            self._world.wire.tell(direction, "ws", facts)
