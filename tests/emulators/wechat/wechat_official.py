"""A bot written with wechatpy, to talk with the emulator: its server in a thread per request, its client in threads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from wechatpy import WeChatClient, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.replies import BaseReply
from wechatpy.utils import check_signature

from imbridge.emulators.wechat import Account, Follower, WeChatEmulator

SEND = "/cgi-bin/message/custom/send"

Respond = Callable[[Any], Any]
"""Takes wechatpy's message; returns its reply, or a text or bytes that are sent as they are, or None for nothing."""


@dataclass
class WechatpyBot:
    """A callback server that does what wechatpy's documents say."""

    account: Account
    respond: Respond = lambda message: None
    url: str = ""
    seen: list[Any] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    status: int = 200
    delay: float = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        self.queries.append(dict(request.query))
        body = await request.text()
        self.bodies.append(body)
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.status != 200:
            return web.Response(status=self.status)
        answer = await asyncio.to_thread(self._answer, request.method, dict(request.query), body)
        return web.Response(body=answer if isinstance(answer, bytes) else answer.encode())

    def _answer(self, method: str, query: dict[str, str], body: str) -> str | bytes:
        account = self.account
        check_signature(account.token, query["signature"], query["timestamp"], query["nonce"])
        if method == "GET":
            return query["echostr"]
        crypto = None
        if query.get("encrypt_type") == "aes":
            crypto = WeChatCrypto(account.token, account.aes_key, account.app_id)
            body = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
        message = parse_message(body)
        self.seen.append(message)
        reply = self.respond(message)
        if not isinstance(reply, BaseReply):
            return reply or ""
        text: str = reply.render()
        return crypto.encrypt_message(text, query["nonce"], query["timestamp"]) if crypto and text else text


@asynccontextmanager
async def wechatpy_bot(account: Account, respond: Respond = lambda message: None) -> AsyncIterator[WechatpyBot]:
    bot = WechatpyBot(account, respond)
    app = web.Application()
    app.router.add_route("*", "/wechat", bot.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}/wechat"
    try:
        yield bot
    finally:
        await runner.cleanup()


def wechatpy_client(wechat: WeChatEmulator, account: Account) -> WeChatClient:
    """wechatpy's client, pointed at the emulator: the address of its tokens is written out in it."""
    base = f"{wechat.base_url}/cgi-bin/"

    class Client(WeChatClient):
        API_BASE_URL = base

        def fetch_access_token(self) -> Any:
            params = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
            return self._fetch_access_token(url=f"{base}token", params=params)

    return Client(account.app_id, account.secret, timeout=10)


@asynccontextmanager
async def client_of(wechat: WeChatEmulator, account: Account) -> AsyncIterator[WeChatClient]:
    client = wechatpy_client(wechat, account)
    try:
        yield client
    finally:
        client._http.close()


async def call(wechat: WeChatEmulator, method: str, path: str, json: Any = None, **params: str) -> dict[str, Any]:
    """One raw API call; the answer as it came."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{wechat.base_url}{path}", params=params, json=json) as response,
    ):
        answer: dict[str, Any] = await response.json(content_type=None)
        return answer


async def access_token(wechat: WeChatEmulator, account: Account) -> str:
    """A token from the plain endpoint."""
    params = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
    token: str = (await call(wechat, "GET", "/cgi-bin/token", **params))["access_token"]
    return token


async def code_of(wechat: WeChatEmulator, account: Account, follower: Follower, **body: Any) -> int:
    """The errcode of a customer-service message."""
    token = await access_token(wechat, account)
    answer = await call(wechat, "POST", SEND, {"touser": follower.openid, **body}, access_token=token)
    code: int = answer["errcode"]
    return code


async def refusal(method: Any, *args: Any) -> int:
    """The code wechatpy's method is refused with."""
    with pytest.raises((WeChatClientException, WeChatOAuthException)) as caught:
        await asyncio.to_thread(method, *args)
    code: int = caught.value.errcode
    return code
