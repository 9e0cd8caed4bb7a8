"""Every request that the emulator gets: the websocket, downloads, `response_url`."""

from typing import TYPE_CHECKING, Any

from aiohttp import web

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.common.wire import readable_body
from imbridge.emulators.wecom.bot.connection import Connection
from imbridge.emulators.wecom.bot.downloads import PATH as MEDIA_PATH
from imbridge.emulators.wecom.bot.response_url import respond_once
from imbridge.emulators.wecom.bot.world import RESPONSE_PATH

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World


class Server:
    """Answers requests."""

    def __init__(self, world: "World") -> None:
        self._world = world

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers one request."""
        path = request.path
        if request.method == "GET" and path == "/" and "upgrade" in request.headers.get("Connection", "").lower():
            return await self._websocket(request)
        if request.method == "GET" and path.startswith(MEDIA_PATH):
            answer = self._world.downloads.answer(path.removeprefix(MEDIA_PATH))
            self._tell("GET", MEDIA_PATH, answer.status, {})
            return answer
        if request.method == "POST" and path == RESPONSE_PATH:
            return await self._response_url(request)
        self._world.violation("unknown_address", f"{request.method} {path}")
        return web.Response(status=404)

    async def _websocket(self, request: web.BaseRequest) -> web.StreamResponse:
        fault = self._world.faults.take("refuse_handshakes")
        if fault is not None:
            self._world.stats.handshakes_refused += 1
            return web.Response(status=fault.facts["status"])
        return await Connection(self._world).serve(request)

    async def _response_url(self, request: web.BaseRequest) -> web.Response:
        raw = await request.read()
        fault = self._world.faults.take("fail_response_url")
        if fault is not None:
            return web.Response(status=fault.facts["status"], text="faulty on demand")
        answer = respond_once(self._world, request.query.get("response_code", ""), raw)
        self._tell("POST", RESPONSE_PATH, 200, {"request": readable_body(raw), "response": answer})
        return web.Response(text=dump(answer), content_type="application/json")

    def _tell(self, method: str, path: str, status: int, facts: dict[str, Any]) -> None:
        if self._world.wire:
            self._world.wire.tell("in", "http", {"method": method, "path": path, "status": status, **facts})
