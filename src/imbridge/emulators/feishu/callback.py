"""HTTP callback mode: events as POST requests to the app's own address.

Rules: https://open.feishu.cn/document/server-docs/event-subscription-guide/overview: the address proves itself with a
challenge; a request must be answered with 200 within 3 s, else the event is pushed again; with an Encrypt Key the body
is encrypted and the request signed.
"""

import json
import time
from typing import TYPE_CHECKING

import aiohttp

from imbridge.emulators.common.callback import BaseCallback, CallbackRefusedError
from imbridge.emulators.feishu import crypto
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.delivery import Delivery
from imbridge.emulators.feishu.forged import PROPER, CallbackAnswer, Forged

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

TIMESTAMP, NONCE, SIGNATURE = "X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature"
Request = tuple[bytes, dict[str, str]]
"""Body and headers."""


class Callback(BaseCallback[Request, CallbackAnswer]):
    """The callback address of one app."""

    def __init__(self, app: App, world: "World", url: str) -> None:
        super().__init__(url, world.settings.ack_timeout)
        self.app = app
        self._world = world

    async def verify(self, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends the `url_verification` challenge.

        Raises:
            CallbackRefusedError: The answer is not 200 with the challenge in it.
        """
        challenge = self._world.ids.hex("challenge", 16)
        token = self.app.verification_token if forged.token is None else forged.token
        body = {"challenge": challenge, "token": token, "type": "url_verification"}
        answer = await self._post(json.dumps(body).encode(), forged)
        if answer.status != 200 or not isinstance(answer.body, dict) or answer.body.get("challenge") != challenge:
            raise CallbackRefusedError(f"{self.url} answered the challenge with HTTP {answer.status}: {answer.body!r}")
        return answer

    async def send(self, payload: bytes, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends one request by itself: no delivery, nothing is pushed again."""
        return await self._post(payload, forged)

    def send_event(self, delivery: Delivery) -> None:
        """Starts the request for an event."""
        self._start(self._deliver(delivery), f"feishu-emulator-callback-{delivery.event_id}")

    async def _deliver(self, delivery: Delivery) -> None:
        queue = self._world.queue(self.app)
        self._world.stats.callbacks += 1
        try:
            answer = await self._post(delivery.payload, PROPER)
        except (aiohttp.ClientError, TimeoutError):
            queue.timed_out(delivery)
            return
        queue.acknowledged(delivery.frame_id, answer.status == 200, answer.body)
        if self._world.wire:
            facts = {"event_type": delivery.event_type, "event_id": delivery.event_id, "push": delivery.sends}
            self._world.wire.tell("out", "callback", {**facts, "app_id": self.app.app_id, "status": answer.status})

    async def _post(self, plain: bytes, forged: Forged) -> CallbackAnswer:
        body = plain
        headers = {"Content-Type": "application/json; charset=utf-8", "X-Request-Id": self._world.ids.hex("request")}
        key = self.app.encrypt_key if forged.key is None else forged.key
        if bool(key) if forged.encrypted is None else forged.encrypted:
            iv = self._world.ids.data("iv", 16)
            body = json.dumps({"encrypt": crypto.encrypt(key, plain, iv)}).encode()
        signature = forged.signature or ("right" if key else "missing")
        if signature != "missing":
            timestamp, nonce = str(int(time.time() - forged.age)), self._world.ids.hex("nonce", 10)
            signed = crypto.signature(timestamp, nonce, key, body)
            headers[TIMESTAMP] = timestamp
            headers[NONCE] = nonce
            headers[SIGNATURE] = signed if signature == "right" else signed[::-1]
        headers.pop(forged.without, None)
        self._last = body, headers
        return await self._ask(self._last)

    async def _ask(self, request: Request) -> CallbackAnswer:
        body, headers = request
        async with self._session.post(self.url, data=body, headers=headers) as response:
            text = await response.text()
            try:
                return CallbackAnswer(response.status, json.loads(text))
            except ValueError:
                return CallbackAnswer(response.status, text)
