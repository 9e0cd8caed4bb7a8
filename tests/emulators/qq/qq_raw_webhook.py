"""A callback address by hand: careful, or as careless as projects have been."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from imbridge.emulators.qq import Bot
from imbridge.emulators.qq.signing import is_signed, sign


class Webhook:
    """Takes events whose signature is right, and answers validations."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.url = ""
        self.careful = True
        self.secret = bot.secret
        self.status = 200
        self.answer = '{"op": 12}'
        self.events: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.rejected = 0

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        payload = json.loads(body)
        if payload["op"] == 13:
            token, event_ts = payload["d"]["plain_token"], payload["d"]["event_ts"]
            if self.careful and not token.isalnum():
                return web.Response(status=403)
            signature = sign(self.secret, event_ts, token.encode())
            return web.json_response({"plain_token": token, "signature": signature})
        timestamp = request.headers.get("X-Signature-Timestamp", "")
        if not is_signed(self.bot.secret, request.headers.get("X-Signature-Ed25519", ""), timestamp, body):
            self.rejected += 1
            return web.Response(status=403)
        self.events.append(payload)
        return web.Response(status=self.status, text=self.answer)


@asynccontextmanager
async def serving(bot: Bot) -> AsyncIterator[Webhook]:
    """A server with such an address."""
    webhook = Webhook(bot)
    app = web.Application()
    app.router.add_route("*", "/qq", webhook.handle)
    async with TestServer(app) as server:
        webhook.url = str(server.make_url("/qq"))
        yield webhook
