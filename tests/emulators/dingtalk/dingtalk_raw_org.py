"""An organisation with an app and two people, and the app's side of it: calls, a stream, and a server for callbacks.

None of it is the library's own code: the signatures and the encryption are written here once more.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from imbridge.emulators.dingtalk import App, DingTalkEmulator, EmulatorSettings, Group, User

AI = "02fcf2f4-5e02-4a85-b672-46d1f715543e.schema"
FORM = "form.schema"
Answer = Callable[[dict[str, Any]], dict[str, Any]]


def taken(frame: dict[str, Any]) -> dict[str, Any]:
    """The usual acknowledgement."""
    return {"status": "SUCCESS"} if frame["type"] == "EVENT" else {"response": {}}


@dataclass
class Stream:
    """One connection; every frame is kept and acknowledged with what `answer` returns for it."""

    socket: aiohttp.ClientWebSocketResponse
    answer: Answer
    code: int = 200
    delay: float = 0.0
    frames: list[dict[str, Any]] = field(default_factory=list)
    _new: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        async for message in self.socket:
            frame = json.loads(message.data)
            if frame["type"] != "SYSTEM":
                frame["data"] = json.loads(frame["data"])
                self.frames.append(frame)
                self._new.set()
            await asyncio.sleep(self.delay)
            data = json.loads(frame["data"]) if frame["type"] == "SYSTEM" else self.answer(frame)
            headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
            reply = {"code": self.code, "message": "OK", "headers": headers, "data": json.dumps(data)}
            await self.socket.send_json(reply)

    async def until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first frame that fits, when it has come."""
        async with asyncio.timeout(10):
            while True:
                for frame in self.frames:
                    if fits(frame):
                        return frame
                self._new.clear()
                await self._new.wait()

    async def event(self, event_type: str) -> dict[str, Any]:
        """The data of the first event of this type."""
        frame = await self.until(lambda one: one["headers"].get("eventType") == event_type)
        data = frame["data"]
        assert isinstance(data, dict)
        return data


@dataclass
class Org:
    """The emulator, an app, Alice and Bob, and a group of them."""

    ding: DingTalkEmulator
    app: App
    alice: User
    bob: User
    group: Group
    session: aiohttp.ClientSession
    token: str = ""

    async def new(self, method: str, path: str, body: dict[str, Any], token: str | None = None) -> tuple[int, Any]:
        """A call of api.dingtalk.com: the HTTP status and the answer."""
        headers = {"x-acs-dingtalk-access-token": self.token if token is None else token}
        json_body = None if method == "GET" else body
        async with self.session.request(method, self.ding.base_url + path, json=json_body, headers=headers) as response:
            return response.status, await response.json()

    async def old(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call of oapi.dingtalk.com: the answer."""
        url = f"{self.ding.base_url}{path}"
        async with self.session.post(url, params={"access_token": self.token}, json=body) as response:
            assert response.status == 200
            answer = await response.json()
        assert isinstance(answer, dict)
        return answer

    @asynccontextmanager
    async def stream(self, answer: Answer = taken) -> AsyncIterator[Stream]:
        """A connection that takes everything."""
        topics = [("EVENT", "*"), ("CALLBACK", "/v1.0/im/bot/messages/get")]
        topics.append(("CALLBACK", "/v1.0/card/instances/callback"))
        body = {
            "clientId": self.app.client_id,
            "clientSecret": self.app.client_secret,
            "subscriptions": [{"type": kind, "topic": topic} for kind, topic in topics],
            "ua": "raw/1.0",
        }
        status, opened = await self.new("POST", "/v1.0/gateway/connections/open", body)
        assert status == 200
        async with self.session.ws_connect(f"{opened['endpoint']}?ticket={opened['ticket']}") as socket:
            stream = Stream(socket, answer)
            task = asyncio.create_task(stream.run())
            try:
                yield stream
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def create(self, track: str = "card-1", **changes: Any) -> tuple[int, Any]:
        """Creates a card and delivers it to Alice, or as `changes` say."""
        body: dict[str, Any] = {
            "cardTemplateId": AI,
            "outTrackId": track,
            "callbackType": "STREAM",
            "cardData": {"cardParamMap": {"flowStatus": "1", "msgContent": ""}},
            "imRobotOpenSpaceModel": {"supportForward": True},
            "imGroupOpenSpaceModel": {"supportForward": True},
            "openSpaceId": f"dtv1.card//IM_ROBOT.{self.alice.userid}",
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
            "imGroupOpenDeliverModel": {"robotCode": self.app.robot_code},
            "userIdType": 1,
        }
        body = {name: value for name, value in {**body, **changes}.items() if value is not None}
        return await self.new("POST", "/v1.0/card/instances/createAndDeliver", body)

    async def write(self, content: str, guid: str, track: str = "card-1", /, **changes: Any) -> tuple[int, Any]:
        """Streams a text into a card."""
        body = {"outTrackId": track, "guid": guid, "key": "msgContent", "content": content, "isFull": True}
        return await self.new("PUT", "/v1.0/card/streaming", {**body, **changes})

    async def update(self, values: dict[str, str], track: str = "card-1", /, **more: Any) -> tuple[int, Any]:
        """Fills a card's variables in."""
        body = {"outTrackId": track, "cardData": {"cardParamMap": values}, **more}
        return await self.new("PUT", "/v1.0/card/instances", body)

    def kinds(self) -> list[str]:
        """What the client was held to."""
        return [violation.kind for violation in self.ding.violations]


@asynccontextmanager
async def organisation(settings: EmulatorSettings | None = None) -> AsyncIterator[Org]:
    """A started emulator with its people."""
    settings = settings or EmulatorSettings(callback_timeout=10.0, card_callback_timeout=10.0)
    async with DingTalkEmulator(settings=settings) as ding, aiohttp.ClientSession() as session:
        app = ding.add_app("Demo Bot")
        alice = ding.add_user("Alice", mobile="13800000001")
        bob = ding.add_user("Bob", admin=True)
        group = ding.add_group("Team", members=[alice, bob], apps=[app])
        org = Org(ding, app, alice, bob, group, session)
        body = {"appKey": app.client_id, "appSecret": app.client_secret}
        _, answer = await org.new("POST", "/v1.0/oauth2/accessToken", body)
        org.token = answer["accessToken"]
        yield org


# --- HTTP callbacks ---------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """Takes robot messages at `/robot` and encrypted events at `/events`, checked by hand."""

    app: App
    url: str = ""
    status: int = 200
    delay: float = 0.0
    answer: str = "success"
    break_signature: bool = False
    refuse: int = 0
    """How many events are answered with HTTP 500 first."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    message_headers: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    clicks: list[dict[str, Any]] = field(default_factory=list)
    click_headers: list[dict[str, str]] = field(default_factory=list)
    click_answer: dict[str, Any] = field(default_factory=dict)

    def _cipher(self) -> Cipher[modes.CBC]:
        key = base64.b64decode(self.app.aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def _sign(self, *parts: str) -> str:
        return hashlib.sha1("".join(sorted((self.app.token, *parts))).encode(), usedforsecurity=False).hexdigest()

    def decrypted(self, encrypted: str) -> dict[str, Any]:
        decryptor = self._cipher().decryptor()
        plain = decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
        plain = plain[: -plain[-1]]
        (length,) = struct.unpack(">I", plain[16:20])
        assert plain[20 + length :].decode() == self.app.client_id
        event = json.loads(plain[20 : 20 + length])
        assert isinstance(event, dict)
        return event

    def encrypted(self, text: str) -> str:
        plain = b"0" * 16 + struct.pack(">I", len(text)) + text.encode() + self.app.client_id.encode()
        pad = 32 - len(plain) % 32
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    async def events_in(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        self.queries.append(query)
        encrypted = (await request.json())["encrypt"]
        expected = self._sign(query.get("timestamp", ""), query.get("nonce", ""), encrypted)
        if expected != query.get("msg_signature") or expected != query.get("signature"):
            return web.Response(status=403)
        try:
            event = self.decrypted(encrypted)
        except (AssertionError, ValueError, IndexError, struct.error):
            return web.Response(status=400)
        self.events.append(event)
        await asyncio.sleep(self.delay)
        if self.refuse and event["EventType"] != "check_url":
            self.refuse -= 1
            return web.Response(status=500)
        back, timestamp, nonce = self.encrypted(self.answer), "1700000000000", "abcdef"
        signature = self._sign(timestamp, nonce, back)
        if self.break_signature:
            signature = signature[::-1]
        fields = {"msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": back}
        return web.json_response(fields)

    async def robot(self, request: web.Request) -> web.Response:
        timestamp, secret = request.headers.get("timestamp", ""), self.app.client_secret
        digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
        if base64.b64encode(digest).decode() != request.headers.get("sign"):
            return web.Response(status=403)
        self.message_headers.append(dict(request.headers))
        self.messages.append(await request.json())
        return web.Response(status=self.status)

    async def card(self, request: web.Request) -> web.Response:
        self.click_headers.append(dict(request.headers))
        self.clicks.append(await request.json())
        return web.json_response(self.click_answer)


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[Server]:
    """A callback server that listens."""
    server, site = Server(app), web.Application()
    site.router.add_post("/events", server.events_in)
    site.router.add_post("/robot", server.robot)
    site.router.add_post("/card", server.card)
    runner = web.AppRunner(site, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
