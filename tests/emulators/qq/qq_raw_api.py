"""QQ's API and gateway by hand, for what the official client would never send."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp

from imbridge.emulators.qq import Bot, QQEmulator

TIMEOUT = 10.0
DEFAULT_INTENTS = 1 << 0 | 1 << 1 | 1 << 10 | 1 << 12 | 1 << 24 | 1 << 25 | 1 << 26 | 1 << 27 | 1 << 30
PRIVATE_INTENTS = DEFAULT_INTENTS | 1 << 9


async def until(true: Callable[[], bool]) -> None:
    """Waits for something to become true."""
    async with asyncio.timeout(TIMEOUT):
        while not true():
            await asyncio.sleep(0.005)


async def access_token(session: aiohttp.ClientSession, qq: QQEmulator, bot: Bot) -> str:
    """A bot's token."""
    asked = {"appId": bot.app_id, "clientSecret": bot.secret}
    async with session.post(qq.token_url, json=asked) as response:
        return str((await response.json())["access_token"])


class Api:
    """Calls with the bot's token; each returns the HTTP status and the answer."""

    def __init__(self, session: aiohttp.ClientSession, qq: QQEmulator, bot: Bot) -> None:
        self.session = session
        self.qq = qq
        self.bot = bot
        self.token = ""

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        if not self.token:
            self.token = await access_token(self.session, self.qq, self.bot)
        headers = {"Authorization": f"QQBot {self.token}", **more.pop("headers", {})}
        url = self.qq.base_url + path
        async with self.session.request(method, url, json=body, headers=headers, **more) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        return await self.call("POST", path, body)

    async def reply(self, path: str, sent: Any, text: str, seq: int = 1, **more: Any) -> dict[str, Any]:
        """Answers a message with text; it must succeed."""
        body = {"content": text, "msg_type": 0, "msg_id": sent.id, "msg_seq": seq, **more}
        status, answer = await self.post(path, body)
        assert status == 200, answer
        assert isinstance(answer, dict)
        return answer

    async def refused(self, path: str, body: Any, method: str = "POST") -> tuple[int, int]:
        """The HTTP status and the code of a call that must not succeed."""
        status, answer = await self.call(method, path, body)
        assert "code" in answer, answer
        return status, answer["code"]


class ClosedError(Exception):
    """The gateway has closed the connection."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class RawGateway:
    """One connection of the gateway; heartbeats are sent by hand."""

    def __init__(self, session: aiohttp.ClientSession, qq: QQEmulator, bot: Bot) -> None:
        self.session = session
        self._qq = qq
        self._bot = bot
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self.session_id = ""
        self.seq = 0
        self.heartbeat_interval = 0

    async def connect(self) -> None:
        """Connects and reads Hello."""
        api = Api(self.session, self._qq, self._bot)
        _, found = await api.call("GET", "/gateway")
        self.socket = await self.session.ws_connect(found["url"])
        hello = await self.frame()
        assert hello["op"] == 10
        self.heartbeat_interval = hello["d"]["heartbeat_interval"]

    async def identify(
        self, intents: int = DEFAULT_INTENTS, shard: tuple[int, int] = (0, 1), token: str | None = None
    ) -> dict[str, Any]:
        """Connects, identifies and returns READY's data."""
        await self.connect()
        await self.send_identify(intents, list(shard), token)
        ready = await self.frame()
        assert ready["t"] == "READY", ready
        self.session_id = ready["d"]["session_id"]
        data = ready["d"]
        assert isinstance(data, dict)
        return data

    async def send_identify(self, intents: int, shard: Any, token: str | None = None) -> None:
        token = await access_token(self.session, self._qq, self._bot) if token is None else token
        await self.send(2, {"token": f"QQBot {token}", "intents": intents, "shard": shard, "properties": {}})

    async def resume(self, seq: int | None = None, session_id: str | None = None) -> None:
        """Connects and asks to go on."""
        await self.connect()
        token = await access_token(self.session, self._qq, self._bot)
        fields = {"token": f"QQBot {token}", "session_id": session_id or self.session_id}
        await self.send(6, fields | {"seq": self.seq if seq is None else seq})

    async def send(self, op: int, data: Any) -> None:
        assert self.socket is not None
        await self.socket.send_json({"op": op, "d": data})

    async def frame(self) -> dict[str, Any]:
        """The next payload.

        Raises:
            ClosedError: The connection ended instead.
        """
        assert self.socket is not None
        message = await self.socket.receive(TIMEOUT)
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ClosedError(self.socket.close_code or 0)
        frame: dict[str, Any] = json.loads(message.data)
        if frame.get("s"):
            self.seq = frame["s"]
        return frame

    async def event(self, kind: str) -> dict[str, Any]:
        """The next payload, which must be an event of this type."""
        frame = await self.frame()
        assert (frame["op"], frame.get("t")) == (0, kind), frame
        return frame

    async def code(self) -> int:
        """The code with which the gateway closes; op 9 may come first."""
        try:
            while True:
                await self.frame()
        except ClosedError as closed:
            return closed.code

    async def close(self) -> None:
        if self.socket is not None:
            await self.socket.close()
