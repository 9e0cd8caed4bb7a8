"""A long-connection client written out by hand, for what the official one would never send."""

import asyncio
import base64
import hashlib
import importlib.util
import itertools
import json
from pathlib import Path
from typing import Any

import aiohttp

from imbridge.emulators.wecom.bot import Bot

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
TEXT_CARD = {
    "card_type": "text_notice",
    "main_title": {"title": "Note"},
    "card_action": {"type": 1, "url": "https://x.cn"},
}
VOTE = {
    "card_type": "vote_interaction",
    "main_title": {"title": "Lunch?"},
    "checkbox": {
        "question_key": "q",
        "mode": 1,
        "option_list": [{"id": "rice", "text": "Rice"}, {"id": "noodles", "text": "Noodles", "is_checked": True}],
    },
    "submit_button": {"text": "Vote", "key": "vote"},
    "task_id": "lunch",
}


def official_decrypt(data: bytes, aes_key: str) -> bytes:
    """Decrypts a medium with the official SDK's function, without importing its package, which warns."""
    package = importlib.util.find_spec("aibot")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).with_name("crypto_utils.py")
    spec = importlib.util.spec_from_file_location("aibot_crypto_utils", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return bytes(module.decrypt_file(data, aes_key))


def stream(content: str, *, finish: bool = False, stream_id: str = "s1", **more: Any) -> dict[str, Any]:
    return {"msgtype": "stream", "stream": {"id": stream_id, "finish": finish, "content": content, **more}}


def image(data: bytes, md5: str = "") -> dict[str, Any]:
    digest = md5 or hashlib.md5(data).hexdigest()  # noqa: S324 - the platform's choice
    return {"msgtype": "image", "image": {"base64": base64.b64encode(data).decode(), "md5": digest}}


def markdown(content: str) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": content}}


class RawClient:
    """One connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._numbers = itertools.count(1)
        self._callbacks: list[dict[str, Any]] = []

    @classmethod
    async def open(cls, session: aiohttp.ClientSession, ws_url: str, bot: Bot | None = None) -> "RawClient":
        """Connects; subscribes if there is a bot."""
        client = cls(await session.ws_connect(ws_url))
        if bot is not None:
            ack = await client.subscribe(bot.bot_id, bot.secret)
            assert ack["errcode"] == 0, ack
        return client

    async def subscribe(self, bot_id: str, secret: str) -> dict[str, Any]:
        return await self.ask("aibot_subscribe", {"bot_id": bot_id, "secret": secret})

    async def send(self, cmd: str, body: Any = None, req_id: str = "") -> str:
        """Sends a frame; returns its req_id."""
        req_id = req_id or f"{cmd}-{next(self._numbers)}"
        frame: dict[str, Any] = {"cmd": cmd, "headers": {"req_id": req_id}}
        if body is not None:
            frame["body"] = body
        await self.socket.send_str(json.dumps(frame))
        return req_id

    async def ask(self, cmd: str, body: Any = None, req_id: str = "", timeout: float = 20.0) -> dict[str, Any]:
        """Sends a frame and returns its acknowledgement."""
        req_id = await self.send(cmd, body, req_id)
        async with asyncio.timeout(timeout):
            while True:
                frame = await self._read()
                if "cmd" not in frame and frame["headers"]["req_id"] == req_id:
                    return frame
                self._callbacks.append(frame)

    async def code(self, cmd: str, body: Any = None, req_id: str = "") -> int:
        """The code that a frame is acknowledged with."""
        return int((await self.ask(cmd, body, req_id))["errcode"])

    async def callback(self, timeout: float = 20.0) -> dict[str, Any]:
        """The next frame that is a callback."""
        async with asyncio.timeout(timeout):
            while not self._callbacks:
                frame = await self._read()
                if "cmd" in frame:
                    self._callbacks.append(frame)
        return self._callbacks.pop(0)

    async def closed(self, timeout: float = 20.0) -> bool:
        """Waits until the server has closed the connection."""
        async with asyncio.timeout(timeout):
            while True:
                message = await self.socket.receive()
                if message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSE}:
                    return True
                if message.type is aiohttp.WSMsgType.ERROR:
                    return True

    async def upload(self, kind: str, name: str, data: bytes, chunk: int = 512 * 1024) -> str:
        """Uploads a medium; returns its media_id."""
        parts = [data[start : start + chunk] for start in range(0, len(data), chunk)]
        md5 = hashlib.md5(data).hexdigest()  # noqa: S324 - the platform's choice
        facts = {"type": kind, "filename": name, "total_size": len(data), "total_chunks": len(parts), "md5": md5}
        ack = await self.ask("aibot_upload_media_init", facts)
        assert ack["errcode"] == 0, ack
        upload_id = ack["body"]["upload_id"]
        for index, part in enumerate(parts):
            body = {"upload_id": upload_id, "chunk_index": index, "base64_data": base64.b64encode(part).decode()}
            assert await self.code("aibot_upload_media_chunk", body) == 0
        ack = await self.ask("aibot_upload_media_finish", {"upload_id": upload_id})
        assert ack["errcode"] == 0, ack
        return str(ack["body"]["media_id"])

    async def _read(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await self.socket.receive_str())
        return frame
