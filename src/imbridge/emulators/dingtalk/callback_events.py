"""The address to which events are posted, encrypted (HTTP push).

Source: open.dingtalk.com, "配置 HTTP 推送" and the encryption library DingCallbackCrypto: the query has `signature`
and `msg_signature` (the same), `timestamp` and `nonce`, the body `encrypt`; for subscriptions of an internal app the
receiver is its AppKey. The address has 1500 ms for an answer that is `success`, encrypted the same way; so it proves
itself, too, when it is saved, by the event `check_url`. Of repetitions the documents say no more than that there are
some.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiohttp

from imbridge.emulators.common.callback import BaseCallback, CallbackRefusedError
from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.common.crypto import SALT, CryptoError
from imbridge.emulators.dingtalk.callback_answer import PROPER, CallbackAnswer, Forged

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.message import PushedEvent
    from imbridge.emulators.dingtalk.world import World

SUCCESS = "success"
Request = tuple[str, dict[str, str], bytes]


class EventCallback(BaseCallback[Request, CallbackAnswer]):
    """Where one app takes its events."""

    def __init__(self, app: "App", world: "World", url: str) -> None:
        super().__init__(url, world.settings.callback_timeout)
        self.app = app
        self._world = world

    async def verify(self, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends `check_url`.

        Raises:
            CallbackRefusedError: The answer is not `success`, rightly encrypted and signed, in time.
        """
        try:
            answer = await self._ask(self._request(dump({"EventType": "check_url"}), forged))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CallbackRefusedError(f"{self.url} did not answer check_url: {type(error).__name__}") from None
        if answer.plain != SUCCESS:
            raise CallbackRefusedError(
                f"{self.url} answered check_url with HTTP {answer.status}, which is not the encrypted {SUCCESS!r}: "
                f"{answer.body[:200]!r}"
            )
        return answer

    async def send(self, event: Mapping[str, Any] | str, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends one request by itself: nothing is sent again."""
        self._last = self._request(event if isinstance(event, str) else dump(event), forged)
        return await self._ask(self._last)

    def start(self, pushed: "PushedEvent") -> None:
        """Starts the delivery of an event."""
        copies = 1
        if self._world.faults.active:
            doubled = self._world.faults.take("duplicate_events")
            copies += int(doubled.facts["copies"]) if doubled else 0
        for _ in range(copies):
            self._start(self._deliver(pushed), f"dingtalk-emulator-callback-{pushed.event_id}")

    def body_of(self, pushed: "PushedEvent") -> dict[str, Any]:
        """The plain text of an event: what the stream has in its headers stands beside the data."""
        now = int(time.time() * 1000)
        head = {"EventType": pushed.event_type, "EventTime": now, "CorpId": self._world.corp_id, "BizId": str(now)}
        return {**head, "eventId": pushed.event_id, **pushed.data}

    async def _deliver(self, pushed: "PushedEvent") -> None:
        world = self._world
        delayed = world.faults.take("delay_events") if world.faults.active else None
        if delayed is not None:
            await asyncio.sleep(delayed.facts["seconds"])
        text = dump(self.body_of(pushed))
        for wait in (0.0, *world.settings.redelivery):
            await asyncio.sleep(wait)
            if pushed.sendings:
                world.stats.events_repeated += 1
            pushed.sendings += 1
            if await self._attempt(pushed, text):
                world.stats.events_taken += 1
                self._settle(pushed, taken=True)
                return
        world.stats.events_given_up += 1
        self._settle(pushed, taken=False)

    async def _attempt(self, pushed: "PushedEvent", text: str) -> bool:
        stats = self._world.stats
        self._last = request = self._request(text, PROPER)
        stats.callback_requests += 1
        answer: CallbackAnswer | None = None
        try:
            answer = await self._ask(request)
        except (aiohttp.ClientError, TimeoutError):
            stats.callbacks_timed_out += 1
        if answer is not None and answer.plain != SUCCESS:
            stats.callbacks_refused += 1
        if self._world.wire:
            facts: dict[str, Any] = {"clientId": self.app.client_id, "event": pushed.event_type, "data": pushed.data}
            facts |= {"status": answer.status if answer else None, "answer": answer.plain if answer else None}
            self._world.wire.tell("out", "callback", facts)
        return answer is not None and answer.plain == SUCCESS

    @staticmethod
    def _settle(pushed: "PushedEvent", *, taken: bool) -> None:
        if not pushed.outcome.done():
            pushed.outcome.set_result(taken)

    def _request(self, plain: str, forged: Forged) -> Request:
        ids, app = self._world.ids, self.app
        crypto = replace(
            app.crypto,
            token=app.token if forged.token is None else forged.token,
            aes_key=app.aes_key if forged.aes_key is None else forged.aes_key,
            receive_id=app.client_id if forged.receive_id is None else forged.receive_id,
        )
        encrypted = forged.encrypt or crypto.encrypt(plain.encode(), ids.data("salt", SALT), forged.padding)
        now = str(int((time.time() - forged.age) * 1000))
        timestamp = now if forged.timestamp is None else forged.timestamp
        nonce = ids.text("nonce", 8) if forged.nonce is None else forged.nonce
        signature = forged.signed(crypto.sign(timestamp, nonce, encrypted))
        query = {"signature": signature, "msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
        if forged.signature == "missing":
            del query["signature"], query["msg_signature"]
        query = {name: value for name, value in query.items() if name not in forged.without}
        body = dump({"encrypt": encrypted}).encode() if forged.body is None else forged.body
        return forged.method, query, body

    async def _ask(self, request: Request) -> CallbackAnswer:
        method, query, body = request
        headers = {"Content-Type": "application/json"}
        async with self._session.request(
            method, self.url, params=query, headers=headers, data=body or None, allow_redirects=False
        ) as response:
            text = (await response.read()).decode("utf-8", "replace")
        return CallbackAnswer(response.status, text, self._plain(text) if response.status == 200 else None)

    def _plain(self, text: str) -> str | None:
        """What is encrypted in an answer; None if it is not signed and encrypted as it must be."""
        try:
            fields = json.loads(text)
            encrypted, timestamp, nonce = (str(fields[name]) for name in ("encrypt", "timeStamp", "nonce"))
            signature = str(fields["msg_signature"])
        except (ValueError, TypeError, KeyError):
            return None
        crypto = self.app.crypto
        if not crypto.is_signed(signature, timestamp, nonce, encrypted):
            self._world.violation("callback_answer_signature", f"{self.url}: msg_signature of the answer is wrong")
            return None
        try:
            return crypto.decrypt_text(encrypted)
        except CryptoError as error:
            self._world.violation("callback_answer_encryption", f"{self.url}: {error}")
            return None
