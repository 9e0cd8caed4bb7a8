"""The app's side of the emulator's tests, by wechatpy: a callback server and a client, neither of them ours."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from wechatpy.enterprise import WeChatClient, create_reply, parse_message
from wechatpy.enterprise.crypto import WeChatCrypto

from imbridge.emulators.wecom import App

Answer = Callable[[Any], Awaitable[Any] | Any]


@dataclass
class AppServer:
    """A callback server. `answer` gets wechatpy's message and returns a reply, a text, a Response or None."""

    app: App
    url: str
    answer: Answer = lambda message: None
    echo: Callable[[str], str] = lambda plain: plain
    echo_delay: float = 0.0
    xmls: list[str] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answering: App | None = None
    """With whose keys it answers, if not with the app's."""

    async def handle(self, request: web.Request) -> web.Response:
        crypto = WeChatCrypto(self.app.token, self.app.aes_key, self.app.corp_id)
        query = request.query
        signed = query.get("msg_signature", ""), query["timestamp"], query["nonce"]
        if request.method == "GET":
            plain = crypto.check_signature(*signed, query["echostr"])
            await asyncio.sleep(self.echo_delay)
            return web.Response(text=self.echo(plain))
        self.queries.append(dict(query))
        self.bodies.append(await request.read())
        self.xmls.append(crypto.decrypt_message(self.bodies[-1], *signed))
        message = parse_message(self.xmls[-1])
        self.messages.append(message)
        reply = self.answer(message)
        if asyncio.iscoroutine(reply):
            reply = await reply
        if isinstance(reply, web.Response):
            return reply
        if reply is None:
            return web.Response()
        xml = reply if isinstance(reply, str) and reply.startswith("<xml") else create_reply(reply, message).render()
        own = self.answering or self.app
        crypto = WeChatCrypto(own.token, own.aes_key, own.corp_id)
        return web.Response(text=crypto.encrypt_message(xml, query["nonce"], query["timestamp"]))


@asynccontextmanager
async def serving(app: App, answer: Answer = lambda message: None) -> AsyncIterator[AppServer]:
    site = web.Application()
    runner = web.AppRunner(site, shutdown_timeout=0.2)
    server = AppServer(app, "", answer)
    site.router.add_route("*", "/callback", server.handle)
    await runner.setup()
    try:
        tcp = web.TCPSite(runner, "127.0.0.1", 0)
        await tcp.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callback"
        yield server
    finally:
        await runner.cleanup()


class Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's client, pointed at the emulator. It is synchronous: call it through `in_thread`."""

    def __init__(self, base_url: str, app: App) -> None:
        self.API_BASE_URL = f"{base_url}/cgi-bin/"
        super().__init__(app.corp_id, app.secret, timeout=10)

    def fetch_access_token(self) -> Any:
        params = {"corpid": self.corp_id, "corpsecret": self.secret}
        return self._fetch_access_token(url=f"{self.API_BASE_URL}gettoken", params=params)

    def close(self) -> None:
        self._http.close()


async def in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return await asyncio.to_thread(function, *args, **kwargs)
