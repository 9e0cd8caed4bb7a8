"""A bot written with plain aiohttp, so that a test sees and controls every byte."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from imbridge.emulators.feishu import frame as frames


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def code(self) -> int:
        return int(self.body["code"])

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.body["data"]
        return data


class Link:
    """One websocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, service_id: int) -> None:
        self.socket = socket
        self.service_id = service_id

    async def frame(self, timeout: float = 20.0) -> Any:
        message = await self.socket.receive(timeout=timeout)
        assert message.type is aiohttp.WSMsgType.BINARY, message
        return frames.decode(message.data)

    async def event(self, timeout: float = 20.0) -> tuple[Any, dict[str, Any]]:
        """The next event, put together from its parts: its last frame and its payload."""
        parts: dict[int, bytes] = {}
        while True:
            frame = await self.frame(timeout)
            headers = frames.headers_of(frame)
            assert frame.method == frames.METHOD_DATA
            parts[int(headers["seq"])] = frame.payload
            if len(parts) == int(headers["sum"]):
                return frame, json.loads(b"".join(parts[seq] for seq in sorted(parts)))

    async def ack(self, frame: Any, code: int = 200, *, biz_rt: bool = True, payload: bytes | None = None) -> None:
        if biz_rt:
            frame.headers.add(key="biz_rt", value="1")
        frame.payload = json.dumps({"code": code}).encode() if payload is None else payload
        await self.socket.send_bytes(frame.SerializeToString())

    async def acked_event(self, timeout: float = 20.0) -> dict[str, Any]:
        frame, payload = await self.event(timeout)
        await self.ack(frame)
        return payload

    async def ping(self, service: int | None = None) -> None:
        service = self.service_id if service is None else service
        data = frames.encode(method=frames.METHOD_CONTROL, service=service, headers={"type": "ping"})
        await self.socket.send_bytes(data)

    async def is_closed(self, timeout: float = 20.0) -> bool:
        message = await self.socket.receive(timeout=timeout)
        return message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR}


class Bot:
    """The client side of an app."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, app_id: str, app_secret: str) -> None:
        self.session = session
        self.base_url = base_url
        self.app_id = app_id
        self.app_secret = app_secret
        self.token = ""
        self.links: list[Link] = []

    async def close(self) -> None:
        for link in self.links:
            await link.socket.close()

    async def endpoint(self, **changes: str) -> dict[str, Any]:
        body = {"AppID": self.app_id, "AppSecret": self.app_secret, **changes}
        async with self.session.post(f"{self.base_url}/callback/ws/endpoint", json=body) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def url(self) -> str:
        answer = await self.endpoint()
        assert answer["code"] == 0, answer
        url: str = answer["data"]["URL"]
        return url

    async def open(self, url: str) -> Link:
        service_id = int(parse_qs(urlsplit(url).query)["service_id"][0])
        link = Link(await self.session.ws_connect(url, autoclose=False), service_id)
        self.links.append(link)
        return link

    async def connect(self) -> Link:
        return await self.open(await self.url())

    async def fresh_token(self) -> str:
        body = {"app_id": self.app_id, "app_secret": self.app_secret}
        url = f"{self.base_url}/open-apis/auth/v3/tenant_access_token/internal"
        async with self.session.post(url, json=body) as response:
            answer = await response.json()
            assert answer["code"] == 0, answer
            self.token = answer["tenant_access_token"]
            return self.token

    async def call(
        self, method: str, path: str, body: Any = None, *, data: Any = None, token: str | None = None
    ) -> Answer:
        if token is None:
            token = self.token or await self.fresh_token()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.base_url}/open-apis/{path}"
        async with self.session.request(method, url, json=body, data=data, headers=headers) as response:
            return Answer(response.status, await response.json(), dict(response.headers))

    async def download(self, path: str) -> tuple[int, bytes, str]:
        token = self.token or await self.fresh_token()
        url = f"{self.base_url}/open-apis/{path}"
        async with self.session.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
            return response.status, await response.read(), response.headers["Content-Type"]

    async def send(
        self,
        receive_id: str,
        content: Any,
        *,
        msg_type: str = "text",
        id_type: str = "chat_id",
        uuid: str | None = None,
    ) -> Answer:
        if isinstance(content, str):
            content = {"text": content}
        body = {"receive_id": receive_id, "msg_type": msg_type, "content": json.dumps(content, ensure_ascii=False)}
        if uuid is not None:
            body["uuid"] = uuid
        return await self.call("POST", f"im/v1/messages?receive_id_type={id_type}", body)

    async def reply(self, message_id: str, text: str, **fields: Any) -> Answer:
        body = {"msg_type": "text", "content": json.dumps({"text": text}), **fields}
        return await self.call("POST", f"im/v1/messages/{message_id}/reply", body)


async def until(condition: Callable[[], object], timeout: float = 20.0) -> None:
    """Waits for a condition, looking every 5 ms."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.005)


async def raises_nothing_else(action: Awaitable[object]) -> None:
    """Awaits something whose connection is going to be cut."""
    try:
        await action
    except aiohttp.ClientError:
        return
    raise AssertionError("the connection should have been cut")


@asynccontextmanager
async def answering(link: Link, answer: Any = None, *, code: int = 200) -> AsyncIterator[list[dict[str, Any]]]:
    """Answers every callback on the link; yields the payloads it got."""
    seen: list[dict[str, Any]] = []

    async def serve() -> None:
        while True:
            frame, payload = await link.event(timeout=10)
            seen.append(payload)
            said = answer(payload) if callable(answer) else answer
            body: dict[str, Any] = {"code": code}
            if said is not None:
                body["data"] = base64.b64encode(json.dumps(said).encode()).decode()
            await link.ack(frame, payload=json.dumps(body).encode())

    task = asyncio.create_task(serve())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
