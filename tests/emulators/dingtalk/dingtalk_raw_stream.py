"""A connection of the stream by hand, for what the official client would never send."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp

from imbridge.emulators.dingtalk import App, DingTalkEmulator

BOT = ("CALLBACK", "/v1.0/im/bot/messages/get")
CARD = ("CALLBACK", "/v1.0/card/instances/callback")
EVENTS = ("EVENT", "*")
TIMEOUT = 10.0


async def until(true: Callable[[], bool]) -> None:
    """Waits for something to become true."""
    async with asyncio.timeout(TIMEOUT):
        while not true():
            await asyncio.sleep(0.005)


async def open_connection(
    session: aiohttp.ClientSession,
    base_url: str,
    app: App,
    topics: Sequence[tuple[str, str]] = (BOT, CARD, EVENTS),
    **body: Any,
) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the answer of `connections/open`."""
    subscriptions = [{"type": kind, "topic": topic} for kind, topic in topics]
    asked = {"clientId": app.client_id, "clientSecret": app.client_secret, "subscriptions": subscriptions} | body
    async with session.post(f"{base_url}/v1.0/gateway/connections/open", json=asked) as answer:
        return answer.status, await answer.json()


class RawStream:
    """One connection. Pings are answered while somebody waits for a frame, unless `answers_pings` is off."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.answers_pings = True

    @classmethod
    async def open(
        cls,
        session: aiohttp.ClientSession,
        base_url: str,
        app: App,
        topics: Sequence[tuple[str, str]] = (BOT, CARD, EVENTS),
    ) -> "RawStream":
        status, offer = await open_connection(session, base_url, app, topics)
        assert status == 200, offer
        return cls(await session.ws_connect(offer["endpoint"], params={"ticket": offer["ticket"]}))

    async def close(self) -> None:
        await self.socket.close()

    async def frame(self, timeout: float = TIMEOUT) -> dict[str, Any]:
        """The next frame that is no ping, or any frame when pings are not answered."""
        async with asyncio.timeout(timeout):
            while True:
                message = await self.socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    raise ConnectionError(f"the connection ended: {message!r}")
                frame: dict[str, Any] = json.loads(message.data)
                if frame["headers"]["topic"] != "ping" or not self.answers_pings:
                    return frame
                await self.acknowledge(frame, json.loads(frame["data"]))

    async def acknowledge(self, frame: Mapping[str, Any], answer: Any = None, code: int = 200, **changes: Any) -> None:
        """Acknowledges a frame; `changes` are made to the acknowledgement, `headers` replaced as a whole."""
        answer = {"response": None} if answer is None else answer
        headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
        ack = {"code": code, "headers": headers, "message": "OK", "data": json.dumps(answer)} | changes
        await self.socket.send_json(ack)

    async def message(self) -> dict[str, Any]:
        """The data of the next robot message, which is acknowledged."""
        frame = await self.frame()
        assert frame["headers"]["topic"] == BOT[1], frame
        await self.acknowledge(frame)
        data: dict[str, Any] = json.loads(frame["data"])
        return data

    async def ended(self) -> None:
        """Waits for the connection's end; frames on the way are not answered."""
        async with asyncio.timeout(TIMEOUT):
            while (await self.socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass


async def opened(ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession) -> RawStream:
    """One connection more, which the emulator knows of."""
    before = ding.connections(app)
    link = await RawStream.open(session, ding.base_url, app)
    await until(lambda: ding.connections(app) == before + 1)
    return link


def kinds(ding: DingTalkEmulator) -> list[str]:
    """The rules that were broken."""
    return [violation.kind for violation in ding.violations]
