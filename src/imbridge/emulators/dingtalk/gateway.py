"""The HTTP door: routing, tokens, rates, the monthly budget, faults, and the two kinds of answer.

api.dingtalk.com (`/v1.0/...`): the token is in a header, errors have an HTTP status and `{code, message, requestid}`.
oapi.dingtalk.com (all other paths): the token is in the query, errors are HTTP 200 with `errcode` and `errmsg`.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from imbridge.emulators.common.wire import readable_body
from imbridge.emulators.dingtalk.errors import ApiError, OapiError
from imbridge.emulators.dingtalk.limits import limit
from imbridge.emulators.dingtalk.routes import Call, Raw, Routes

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.world import World

JSON_TYPE = "application/json;charset=utf-8"
TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name
CONNECT = "/connect"
INVALID_TOKEN = "InvalidAuthentication"  # noqa: S105 - an error code
TOKEN_ERRORS = frozenset({40014, 41001, 42001})


class Gateway:
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
        # A multipart body is read by the upload that wants it.
        multipart = request.headers.get("Content-Type", "").startswith("multipart/")
        body = b"" if multipart else await request.read()
        call = Call(world, request, path, query, body)
        if faults.active:
            failed = await self._fault_before(call)
            if failed is not None:
                return failed
        if path == CONNECT:
            return await world.stream.handshake(request, query)
        response = await self._answer(call)
        if faults.active:
            await faults.delay_answer(path, request.method)
            faults.cut_answer(request, path)
        return response

    async def _answer(self, call: Call) -> web.Response:
        status, payload = 200, dict[str, Any]()
        try:
            found = self._routes.find(call.request.method, call.path)
            if found is None:
                status, payload = self._unknown(call)
            else:
                call.route, call.places = found
                if not call.route.public:
                    call.asked_by = self._admit(call)
                limit(call)
                answer = call.route.handler(call)
                if asyncio.iscoroutine(answer):
                    answer = await answer
                if isinstance(answer, Raw):
                    self._tell(call, answer.status, {})
                    headers = {**answer.headers, "Content-Type": answer.media_type}
                    return web.Response(body=answer.body, status=answer.status, headers=headers)
                payload = answer if call.is_new else {"errcode": 0, "errmsg": "ok", **answer}
        except ApiError as error:
            status, payload = error.status, self._refusal(error)
        except OapiError as error:
            payload = self._oapi_refusal(error)
        self._tell(call, status, payload)
        body = json.dumps(payload, ensure_ascii=False).encode()
        return web.Response(body=body, status=status, headers={"Content-Type": JSON_TYPE})

    def _admit(self, call: Call) -> "App":
        """The app whose token the call has."""
        world = self._world
        value = call.request.headers.get(TOKEN_HEADER, "") if call.is_new else call.query.get("access_token", "")
        if not value:
            world.violation("no_token", f"{call.path} was called without an access token")
            if call.is_new:
                raise ApiError("AuthenticationFailed.MissingParameter", "missing access token", status=400)
            raise OapiError(41001)
        token = world.tokens.find(value)
        if token is not None and token.alive:
            return token.owner
        if call.is_new:
            raise ApiError(INVALID_TOKEN, "不合法的access_token", status=world.settings.invalid_token_status)
        raise OapiError(40014 if token is None else 42001)

    def _refusal(self, error: ApiError) -> dict[str, Any]:
        self._world.stats.refused += 1
        if error.code == INVALID_TOKEN:
            self._world.stats.tokens_refused += 1
        request_id = self._world.ids.uuid("request_id").upper()
        return {"code": error.code, "requestid": request_id, "message": error.message, **error.fields}

    def _oapi_refusal(self, error: OapiError) -> dict[str, Any]:
        self._world.stats.refused += 1
        if error.code in TOKEN_ERRORS:
            self._world.stats.tokens_refused += 1
        return {"errcode": error.code, "errmsg": error.message, **error.fields}

    def _unknown(self, call: Call) -> tuple[int, dict[str, Any]]:
        self._world.violation("unknown_path", f"{call.request.method} {call.path} is not emulated")
        if call.is_new:
            text = "Specified api is not found, please check your url and method."
            return 404, self._refusal(ApiError("InvalidAction.NotFound", text))
        return 200, self._oapi_refusal(OapiError(22, f"Invalid method[submsg=不合法ApiName，ApiName = {call.path}]"))

    async def _fault_before(self, call: Call) -> web.Response | None:
        faults = self._world.faults
        await faults.delay_request(call.path, call.request.method)
        if faults.take("cut_before", call.path) is not None and call.request.transport is not None:
            call.request.transport.abort()
            return web.Response(status=500)  # goes nowhere
        failure = faults.banned() or faults.failure(call.path, call.request.method)
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
