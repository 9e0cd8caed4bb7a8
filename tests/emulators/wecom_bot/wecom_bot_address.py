"""A callback address of a smart bot that wechatpy encrypts for."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException

from imbridge.emulators.wecom.bot import Bot

Reply = dict[str, Any] | web.Response | None


class Address:
    """A callback address whose answers a test decides; encryption is wechatpy's."""

    def __init__(self, bot: Bot) -> None:
        self.crypto = WeChatCrypto(bot.token, bot.aes_key, "")
        self.seen: list[dict[str, Any]] = []
        self.replies: Callable[[dict[str, Any]], Awaitable[Reply]] = self.silent
        self.echo: Callable[[str], str] = lambda text: text
        self.change: dict[str, Any] = {}
        self.nonce = ""
        self.url = ""

    async def silent(self, body: dict[str, Any]) -> Reply:
        return None

    async def verify(self, request: web.Request) -> web.Response:
        query = request.query
        plain = self.crypto.check_signature(
            query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
        )
        return web.Response(text=self.echo(plain if isinstance(plain, str) else plain.decode()))

    async def receive(self, request: web.Request) -> web.Response:
        query = request.query
        try:
            encrypted = {"Encrypt": (await request.json())["encrypt"]}
            signed = (query["msg_signature"], query["timestamp"], query["nonce"])
            body = json.loads(self.crypto.decrypt_message(encrypted, *signed))
        except (InvalidSignatureException, KeyError, ValueError):
            return web.Response(status=403)
        self.seen.append(body)
        reply = await self.replies(body)
        if isinstance(reply, web.Response):
            return reply
        if reply is None:
            return web.Response()
        return web.json_response(self.encrypted(reply, query["nonce"], query["timestamp"]))

    def encrypted(self, reply: dict[str, Any], nonce: str, timestamp: str) -> dict[str, Any]:
        """The envelope of the documents; wechatpy's own is XML, so only its parts are used."""
        nonce = self.nonce or nonce
        sealed = self.crypto.encrypt_message(json.dumps(reply, ensure_ascii=False), nonce, timestamp)
        parts = {name: sealed.split(f"<{name}><![CDATA[")[1].split("]]>")[0] for name in ("Encrypt", "MsgSignature")}
        envelope = {"encrypt": parts["Encrypt"], "msgsignature": parts["MsgSignature"], "timestamp": int(timestamp)}
        return envelope | {"nonce": nonce} | self.change


@asynccontextmanager
async def serving(bot: Bot) -> AsyncIterator[Address]:
    """A callback address on a socket."""
    made = Address(bot)
    app = web.Application()
    app.router.add_get("/bot", made.verify)
    app.router.add_post("/bot", made.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/bot"
    try:
        yield made
    finally:
        await runner.cleanup()
