"""HTTP callback mode: events as POST requests to the app's own address.

Rules: https://open.feishu.cn/document/server-docs/event-subscription-guide/overview: the address proves itself with a
challenge; a request must be answered with 200 within 3 s, else the event is pushed again; with an Encrypt Key the body
is encrypted and the request signed.
"""

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import aiohttp

from imbridge.emulators.feishu import crypto
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.delivery import Delivery

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World


class CallbackRefusedError(AssertionError):
    """The address did not answer the challenge as the platform demands."""


class Callback:
    """The callback address of one app."""

    def __init__(self, app: App, world: "World", url: str) -> None:
        self.app = app
        self.url = url
        self._world = world
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=world.settings.ack_timeout))
        self._requests: set[asyncio.Task[None]] = set()

    async def verify(self) -> None:
        """Sends the `url_verification` challenge.

        Raises:
            CallbackRefusedError: The answer is not 200 with the challenge in it.
        """
        challenge = self._world.ids.next("challenge", 16)
        body = {"challenge": challenge, "token": self.app.verification_token, "type": "url_verification"}
        status, answer = await self._post(json.dumps(body).encode())
        if status != 200 or not isinstance(answer, dict) or answer.get("challenge") != challenge:
            raise CallbackRefusedError(f"{self.url} answered the challenge with HTTP {status}: {answer!r}")

    def send_event(self, delivery: Delivery) -> None:
        """Starts the request for an event."""
        task = asyncio.create_task(self._deliver(delivery), name=f"feishu-emulator-callback-{delivery.event_id}")
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def close(self) -> None:
        """Cancels running requests and closes the session."""
        for task in self._requests:
            task.cancel()
        await asyncio.gather(*self._requests, return_exceptions=True)
        await self._session.close()

    async def _deliver(self, delivery: Delivery) -> None:
        queue = self._world.queue(self.app)
        self._world.stats.callbacks += 1
        try:
            status, answer = await self._post(delivery.payload)
        except (aiohttp.ClientError, TimeoutError):
            queue.timed_out(delivery)
            return
        queue.acknowledged(delivery.frame_id, status == 200, answer)
        if self._world.wire:
            facts = {"event_type": delivery.event_type, "event_id": delivery.event_id, "push": delivery.sends}
            self._world.wire.tell("out", "callback", {**facts, "app_id": self.app.app_id, "status": status})

    async def _post(self, plain: bytes) -> tuple[int, Any]:
        body = plain
        headers = {"Content-Type": "application/json; charset=utf-8", "X-Request-Id": self._world.ids.next("request")}
        key = self.app.encrypt_key
        if key:
            iv = bytes.fromhex(self._world.ids.next("iv"))
            body = json.dumps({"encrypt": crypto.encrypt(key, plain, iv)}).encode()
            timestamp, nonce = str(int(time.time())), self._world.ids.next("nonce", 10)
            headers["X-Lark-Request-Timestamp"] = timestamp
            headers["X-Lark-Request-Nonce"] = nonce
            headers["X-Lark-Signature"] = crypto.signature(timestamp, nonce, key, body)
        async with self._session.post(self.url, data=body, headers=headers) as response:
            text = await response.text()
            try:
                return response.status, json.loads(text)
            except ValueError:
                return response.status, text
