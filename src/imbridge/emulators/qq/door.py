"""The HTTP door: routing, tokens, faults, and answers with `X-Tps-trace-ID`.

Rule: bot-docs, `dev-prepare/error-trace/openapi.md`: refusals are `{code, message}`, also with HTTP 201 and 202. Those
of single chats and groups repeat the code as `err_code` and name the `trace_id`, as clients report.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from imbridge.emulators.common.wire import readable_body
from imbridge.emulators.qq.errors import NEWER, ApiError
from imbridge.emulators.qq.gateway import PATH
from imbridge.emulators.qq.routes import NOTHING, Call, Raw, Route, Routes

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.world import World

ACCEPTED = 300
"""Below this HTTP status a refusal is none: the call waits for an audit."""


class Door:
    """Handles every HTTP request the emulator gets."""

    def __init__(self, world: "World", routes: Routes) -> None:
        self._world = world
        self._routes = routes

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers one request."""
        world, faults = self._world, self._world.faults
        world.stats.http_requests += 1
        raw_path, _, query_text = request.raw_path.partition("?")
        path, query = unquote(raw_path), dict(parse_qsl(query_text, keep_blank_values=True))
        if path.rstrip("/") == PATH:
            return await world.gateway.handshake(request)
        # A multipart body is read by the handler that wants it.
        multipart = request.headers.get("Content-Type", "").startswith("multipart/")
        call = Call(world, request, path, query, b"" if multipart else await request.read())
        if faults.active:
            failed = await self._fault_before(call)
            if failed is not None:
                return failed
        response = await self._answer(call)
        if faults.active:
            await faults.delay_answer(path, request.method)
            faults.cut_answer(request, path)
        return response

    async def _answer(self, call: Call) -> web.Response:
        trace = self._world.ids.hex("trace")
        status, payload = 200, dict[str, Any]()
        try:
            route, call.places = self._found(call)
            if not route.public:
                call.asked_by = self._admit(call)
            if self._world.faults.active:
                self._world.faults.refuse_call(call)
            self._world.limits.take(call)
            answer = route.handler(call)
            if asyncio.iscoroutine(answer):
                answer = await answer
            if isinstance(answer, Raw):
                self._tell(call, answer.status, {})
                headers = {"X-Tps-trace-ID": trace}
                if answer.status != NOTHING:
                    headers["Content-Type"] = answer.media_type or "application/json"
                return web.Response(body=answer.body, status=answer.status, headers=headers)
            payload = answer
        except ApiError as error:
            status, payload = error.status, self._refusal(call, error, trace)
        self._tell(call, status, payload)
        body = json.dumps(payload, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "X-Tps-trace-ID": trace}
        return web.Response(body=body, status=status, headers=headers)

    def _found(self, call: Call) -> tuple[Route, Mapping[str, str]]:
        """Who answers the call."""
        found = self._routes.find(call.request.method, call.path)
        if found is None:
            self._world.violation("unknown_path", f"{call.request.method} {call.path} is not emulated")
            raise ApiError(12002, "api not found", status=404)
        return found

    def _admit(self, call: Call) -> "Bot":
        """The bot whose token the call has."""
        header = call.request.headers.get("Authorization", "")
        kind, _, value = header.partition(" ")
        token = self._world.tokens.find(value)
        if not header:
            self._world.violation("no_token", f"{call.path} was called without an access token")
            raise ApiError(11241, status=401)
        if kind != "QQBot":
            raise ApiError(11243, status=401)
        if token is None or not token.alive:
            raise ApiError(11244, status=401)
        if call.request.headers.get("X-Union-Appid", token.owner.app_id) != token.owner.app_id:
            raise ApiError(11251, status=401)
        return token.owner

    def _refusal(self, call: Call, error: ApiError, trace: str) -> dict[str, Any]:
        stats = self._world.stats
        if error.status >= ACCEPTED:
            stats.refused += 1
        stats.tokens_refused += error.status == 401
        newer = call.is_v2 and not self._world.settings.old_codes
        code = NEWER.get(error.code, error.code) if newer else error.code
        payload: dict[str, Any] = {"message": error.message, "code": code}
        if call.is_v2:
            payload |= {"err_code": code, "trace_id": trace}
        return payload | ({"data": error.data} if error.data else {})

    async def _fault_before(self, call: Call) -> web.Response | None:
        faults = self._world.faults
        await faults.delay_request(call.path, call.request.method)
        if faults.take("cut_before", call.path) is not None and call.request.transport is not None:
            call.request.transport.abort()
            return web.Response(status=500)  # goes nowhere
        failure = faults.failure(call.path, call.request.method)
        if failure is not None:
            self._tell(call, failure.status, {})
        return failure

    def _tell(self, call: Call, status: int, payload: Mapping[str, Any]) -> None:
        if not self._world.wire:
            return
        facts: dict[str, Any] = {"method": call.request.method, "path": call.path, "query": dict(call.query)}
        if call.raw_body[:1] == b"{":
            facts["request"] = readable_body(call.raw_body)
        self._world.wire.tell("in", "http", {**facts, "status": status, "response": payload})
