"""The callback address of one account, and what is sent there until it is answered.

Rule: https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html: what is not
answered within five seconds is sent again, three times in all; an empty answer or `success` takes it; XML is the
passive reply; with anything else, and when nothing was answered, the person reads that the service is out of order.
That another status than 200 counts as no answer is not documented.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from imbridge.emulators.common.callback import BaseCallback, CallbackRefusedError
from imbridge.emulators.wechat import passive, requests, xml_text
from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.message import SentMessage
from imbridge.emulators.wechat.requests import PROPER, Forged, Request

if TYPE_CHECKING:
    from imbridge.emulators.wechat.world import World

HEADERS = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What the address answered."""

    status: int
    body: bytes


class Callback(BaseCallback[Request, CallbackAnswer]):
    """The callback address of one account."""

    def __init__(self, account: Account, world: "World", url: str) -> None:
        super().__init__(url, world.settings.callback_timeout)
        self.account = account
        self._world = world

    async def verify(self, forged: Forged = PROPER) -> CallbackAnswer:
        """Asks for the echo.

        Raises:
            CallbackRefusedError: The answer is not 200 with exactly the echo.
        """
        echo = self._world.ids.number("echo", 19)
        request = requests.verification(self.account, self._world.ids, echo, forged)
        answer = await self._exchange("GET", request)
        if answer.status != 200 or answer.body != echo.encode():
            raise CallbackRefusedError(f"{self.url} answered HTTP {answer.status}: {answer.body!r}, not {echo}")
        return answer

    async def send(self, fields: xml_text.Fields, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends one request by itself: nothing is sent again, and the answer is shown to nobody."""
        return await self._post(self._request(fields, forged))

    def push(self, sent: SentMessage) -> None:
        """Sends a message or event until it is answered, in the background."""
        copies = self._world.faults.take("duplicate_callbacks")
        for _ in range(1 + (copies.facts["copies"] if copies else 0)):
            self._start(self._deliver(sent), f"wechat-emulator-callback-{sent.msg_id}")

    async def _deliver(self, sent: SentMessage) -> None:
        world = self._world
        delay = world.faults.take("delay_callbacks")
        if delay is not None:
            await asyncio.sleep(delay.facts["seconds"])
        reason = ""
        for attempt in range(world.settings.callback_attempts):
            if attempt:
                world.stats.callbacks_repeated += 1
                await asyncio.sleep(world.settings.callback_pause)
            sent.attempts += 1
            world.stats.callbacks += 1
            try:
                answer = await self._post(self._request(sent.fields, PROPER))
            except TimeoutError:
                world.stats.callbacks_timed_out += 1
                reason = f"no answer within {world.settings.callback_timeout} s"
                continue
            except aiohttp.ClientError as error:
                world.stats.callbacks_failed += 1
                reason = f"no connection: {type(error).__name__}"
                continue
            if world.wire:
                facts = {**sent.fields, "attempt": sent.attempts, "status": answer.status}
                world.wire.tell("out", "callback", facts)
            if answer.status == 200:
                passive.take(world, sent, answer.body)
                return
            world.stats.callbacks_failed += 1
            reason = f"HTTP {answer.status}"
        world.stats.callbacks_given_up += 1
        passive.give_up(world, sent, reason)

    def _request(self, fields: xml_text.Fields, forged: Forged) -> Request:
        return requests.message(self.account, self._world.ids, fields, self._world.settings.cdata, forged)

    async def _post(self, request: Request) -> CallbackAnswer:
        self._last = request
        return await self._ask(request)

    async def _ask(self, request: Request) -> CallbackAnswer:
        return await self._exchange("POST", request)

    async def _exchange(self, method: str, request: Request) -> CallbackAnswer:
        async with self._session.request(
            method,
            self.url,
            params=request.query,
            data=request.body or None,
            headers=HEADERS,
            allow_redirects=False,
        ) as response:
            return CallbackAnswer(response.status, await response.read())
