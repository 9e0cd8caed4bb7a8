"""One bot's callback address: its validation, and events until they are acknowledged.

Rule: bot-docs, `event-emit.md` (op 12, op 13) and `sign.md`. Undocumented: how often an event that was not acknowledged
is sent again (`settings.redelivery`).
"""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import aiohttp

from imbridge.emulators.common.callback import BaseCallback, CallbackRefusedError
from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.qq.signing import is_signed, sign
from imbridge.emulators.qq.webhook_answer import PROPER, Forged, WebhookAnswer

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.pushed import Pushed
    from imbridge.emulators.qq.world import World

Request = tuple[str, dict[str, str], bytes]
ACK = 12
VALIDATION = 13
UNSIGNED = Forged(signature="missing", without=("X-Signature-Timestamp",))


class Webhook(BaseCallback[Request, WebhookAnswer]):
    """Where one bot takes its events."""

    def __init__(self, bot: "Bot", world: "World", url: str) -> None:
        super().__init__(url, world.settings.webhook_timeout)
        self.bot = bot
        self._world = world

    async def verify(self) -> WebhookAnswer:
        """Has the address prove that it knows the AppSecret.

        Raises:
            CallbackRefusedError: It did not.
        """
        plain_token, event_ts = self._world.ids.text("plain_token", 20).replace("-", "a").replace("_", "b"), now()
        answer = await self.validate(plain_token, event_ts)
        right = is_signed(self.bot.secret, answer.signature, event_ts, plain_token.encode())
        told = _object(answer.body).get("plain_token")
        if answer.status != 200 or told != plain_token or not right:
            why = "its signature is wrong" if answer.signature else "it has no signature"
            raise CallbackRefusedError(f"{self.url} answered {answer.status} to op 13, and {why}")
        return answer

    async def validate(self, plain_token: str, event_ts: str, forged: Forged = PROPER) -> WebhookAnswer:
        """Sends one op 13 with any token and time, and returns the answer."""
        if forged is PROPER and not self._world.settings.signed_validation:
            forged = UNSIGNED
        body = {"d": {"plain_token": plain_token, "event_ts": event_ts}, "op": VALIDATION}
        return await self._ask(self._request(dump(body).encode(), forged))

    async def send(self, payload: Mapping[str, Any], forged: Forged = PROPER) -> WebhookAnswer:
        """Sends one request by itself."""
        self._last = self._request(dump(dict(payload)).encode(), forged)
        return await self._ask(self._last)

    def start(self, pushed: "Pushed", copies: int) -> None:
        """Starts the delivery of an event, so many times at once."""
        for _ in range(copies):
            self._start(self._deliver(pushed), f"qq-emulator-webhook-{pushed.event_id}")

    async def _deliver(self, pushed: "Pushed") -> None:
        world = self._world
        payload = {"id": pushed.event_id, "op": 0, "d": pushed.data, "t": pushed.event_type}
        for wait in (0.0, *world.settings.redelivery):
            await asyncio.sleep(wait)
            self._last = request = self._request(dump(payload).encode(), PROPER)
            pushed.sendings += 1
            world.stats.webhook_requests += 1
            world.stats.events_sent += 1
            acked = False
            try:
                acked = (await self._ask(request)).acked
            except (aiohttp.ClientError, TimeoutError):
                acked = False
            if world.wire:
                world.wire.tell("out", "callback", {"appId": self.bot.app_id, **payload, "acked": acked})
            if acked:
                pushed.confirmed = True
                pushed.settle(taken=True)
                return
            world.stats.webhook_refused += 1
        pushed.settle(taken=False)

    def _request(self, body: bytes, forged: Forged) -> Request:
        timestamp = str(int(time.time() - forged.age)) if forged.timestamp is None else forged.timestamp
        body = body if forged.body is None else forged.body
        right = sign(self.bot.secret if forged.secret is None else forged.secret, timestamp, body)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "QQBot-Callback",
            "X-Bot-Appid": self.bot.app_id if forged.app_id is None else forged.app_id,
            "X-Signature-Timestamp": timestamp,
            "X-Signature-Ed25519": forged.signed(right),
        }
        if forged.signature == "missing":
            del headers["X-Signature-Ed25519"]
        headers = {name: value for name, value in headers.items() if name not in forged.without}
        return forged.method, headers, body if forged.tampered is None else forged.tampered

    async def _ask(self, request: Request) -> WebhookAnswer:
        method, headers, body = request
        async with self._session.request(
            method, self.url, headers=headers, data=body or None, allow_redirects=False
        ) as response:
            text = (await response.read()).decode("utf-8", "replace")
        found = _object(text)
        ok = response.status == 200
        return WebhookAnswer(response.status, text, ok and found.get("op") == ACK, str(found.get("signature") or ""))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def now() -> str:
    """The time as callbacks have it: seconds since the epoch."""
    return str(int(time.time()))
