"""The address to which the robot's messages are posted (HTTP mode).

Source: open.dingtalk.com, "接收消息" (receive-message): the headers `timestamp` (milliseconds) and `sign`, the Base64
of HMAC-SHA256 over the timestamp, a line feed and the app's secret. The body is that of the stream and is not signed.
The documents say nothing of repetitions: like the stream, a message is posted once.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import aiohttp

from imbridge.emulators.common.callback import BaseCallback
from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.dingtalk.callback_answer import PROPER, CallbackAnswer, Forged

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.message import SentMessage
    from imbridge.emulators.dingtalk.world import World

JSON_TYPE = "application/json; charset=utf-8"
Request = tuple[str, dict[str, str], bytes]


def sign(timestamp: str, secret: str) -> str:
    """The signature of a robot message."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class RobotCallback(BaseCallback[Request, CallbackAnswer]):
    """Where one app takes what people write to its robot."""

    def __init__(self, app: "App", world: "World", url: str) -> None:
        super().__init__(url, world.settings.callback_timeout)
        self.app = app
        self._world = world

    async def verify(self) -> CallbackAnswer:
        """Nothing is asked of this address when it is set."""
        return CallbackAnswer(200, "")

    async def send(self, data: Mapping[str, Any], forged: Forged = PROPER) -> CallbackAnswer:
        """Sends one request by itself."""
        self._last = self._request(data, forged)
        return await self._ask(self._last)

    def start(self, sent: "SentMessage") -> None:
        """Starts the delivery of a message."""
        copies = 1
        if self._world.faults.active:
            doubled = self._world.faults.take("duplicate_events")
            copies += int(doubled.facts["copies"]) if doubled else 0
        for _ in range(copies):
            self._start(self._deliver(sent), f"dingtalk-emulator-callback-{sent.msg_id}")

    async def _deliver(self, sent: "SentMessage") -> None:
        stats = self._world.stats
        self._last = request = self._request(sent.data, PROPER)
        stats.callback_requests += 1
        status: int | None = None
        try:
            answer = await self._ask(request)
            status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            stats.callbacks_timed_out += 1
        if status is not None and status != 200:
            stats.callbacks_refused += 1
        if self._world.wire:
            facts = {"clientId": self.app.client_id, "data": sent.data, "status": status}
            self._world.wire.tell("out", "callback", facts)
        self._world.pushes.settle(sent, taken=status == 200)

    def _request(self, data: Mapping[str, Any], forged: Forged) -> Request:
        now = str(int((time.time() - forged.age) * 1000))
        timestamp = now if forged.timestamp is None else forged.timestamp
        secret = self.app.client_secret if forged.secret is None else forged.secret
        headers = {"Content-Type": JSON_TYPE, "timestamp": timestamp, "sign": forged.signed(sign(timestamp, secret))}
        if forged.signature == "missing":
            del headers["sign"]
        headers = {name: value for name, value in headers.items() if name not in forged.without}
        return forged.method, headers, dump(data).encode() if forged.body is None else forged.body

    async def _ask(self, request: Request) -> CallbackAnswer:
        method, headers, body = request
        async with self._session.request(
            method, self.url, headers=headers, data=body or None, allow_redirects=False
        ) as response:
            return CallbackAnswer(response.status, (await response.read()).decode("utf-8", "replace"))
