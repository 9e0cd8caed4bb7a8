"""The callback address of one bot: requests to it, tries, and stream refreshes.

Rules: https://developer.work.weixin.qq.com/document/path/101033 (form), 100719 (refreshes).
"""

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp

from imbridge.emulators.common.callback import BaseCallback, CallbackRefusedError
from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.common.crypto import SALT, CryptoError
from imbridge.emulators.common.wire import readable_body
from imbridge.emulators.wecom.bot import bodies
from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.errors import RefusedError, UnreadableError
from imbridge.emulators.wecom.bot.forged import PROPER, CallbackAnswer, Forged
from imbridge.emulators.wecom.bot.interaction import Interaction
from imbridge.emulators.wecom.bot.message import BotMessage
from imbridge.emulators.wecom.bot.passive import read_answer, take_answer

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World


@dataclass(frozen=True, slots=True)
class Request:
    """A request: the address with its query, the body, and the nonce that an encrypted answer repeats."""

    address: str
    body: bytes
    nonce: str


class Callback(BaseCallback[Request, CallbackAnswer]):
    """Where the callbacks of a bot go."""

    def __init__(self, bot: Bot, world: "World", url: str) -> None:
        super().__init__(url, world.settings.callback_seconds)
        self.bot = bot
        self._world = world

    async def verify(self, forged: Forged = PROPER) -> CallbackAnswer:
        """Asks the address to return the `echostr`.

        Raises:
            CallbackRefusedError: It was not returned within a second, exactly and alone.
        """
        expected = self._world.ids.hex("echostr", 20)
        query, encrypted = self._signed(expected, forged)
        query["echostr"] = encrypted
        limit = self._world.settings.verify_seconds
        self._world.stats.callback_requests += 1
        try:
            timeout = aiohttp.ClientTimeout(total=limit)
            async with self._session.get(self._address(query), timeout=timeout) as response:
                answer = CallbackAnswer(response.status, await response.text(), query.get("nonce", ""))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CallbackRefusedError(f"{self.url} did not answer the verification in {limit} s: {error!r}") from None
        if answer.status != 200 or answer.body != expected:
            raise CallbackRefusedError(
                f"{self.url} answered the verification with HTTP {answer.status}: {answer.body!r}"
            )
        return answer

    def deliver(self, interaction: Interaction, body: dict[str, Any]) -> None:
        """Starts giving a callback out."""
        self._start(self._deliver(interaction, body), f"wecom-bot-emulator-callback-{interaction.msgid}")

    async def send(self, text: str, forged: Forged = PROPER) -> CallbackAnswer:
        """Makes one request and returns its answer, whatever it is.

        Raises:
            aiohttp.ClientError: There was none.
            TimeoutError: There was none in time.
        """
        query, encrypted = self._signed(text, forged)
        body = dump({"encrypt": encrypted}).encode() if forged.body is None else forged.body
        self._last = Request(self._address(query), body, query.get("nonce", ""))
        return await self._ask(self._last)

    async def _deliver(self, interaction: Interaction, body: dict[str, Any]) -> None:
        world = self._world
        if world.faults.take("lose_callbacks") is not None:
            world.stats.callbacks_lost += 1
            return
        again = world.faults.take("duplicate_callbacks")
        text = dump(body)
        for _ in range(0 if again is None else again.facts["n"]):
            await self._try(text)
        for wait in (*world.settings.callback_retries, None):
            answer = await self._try(text)
            if answer is not None:
                message = self._take(interaction, answer)
                if message is not None and not message.finished:
                    await self._poll(interaction, message)
                return
            if wait is None:
                break
            world.stats.callback_retries += 1
            await asyncio.sleep(wait)
        world.stats.callbacks_lost += 1

    async def _try(self, text: str) -> CallbackAnswer | None:
        """The answer, if it is HTTP 200 and in time."""
        try:
            answer = await self.send(text)
        except (aiohttp.ClientError, TimeoutError):
            return None
        if answer.status != 200:
            return None
        self._world.stats.callbacks_taken += 1
        return answer

    async def _poll(self, interaction: Interaction, message: BotMessage) -> None:
        """Asks for the rest of a stream until it is finished, at most six minutes from the person's message."""
        world = self._world
        while not message.finished:
            await asyncio.sleep(world.settings.poll_seconds)
            if time.monotonic() - interaction.born > world.settings.stream_seconds:
                world.violation("stream_unfinished", f"stream {message.stream_id} was not finished in time")
                return
            world.stats.polls += 1
            answer = await self._try(dump(bodies.refresh_body(world, interaction, message.stream_id)))
            if answer is not None:
                self._take(interaction, answer, refresh=message.stream_id)

    def _take(self, interaction: Interaction, answer: CallbackAnswer, refresh: str = "") -> BotMessage | None:
        """Shows what the answer says; an answer that breaks a rule shows nothing, and counts as a violation."""
        world = self._world
        if not answer.body:
            return None
        try:
            body = read_answer(self.bot, answer)
            return take_answer(world, interaction, body, refresh)
        except (CryptoError, UnreadableError, RefusedError) as error:
            world.stats.refused += 1
            world.violation("passive_answer", f"the answer to {interaction.msgid} is refused: {error}")
            return None

    def _signed(self, text: str, forged: Forged) -> tuple[dict[str, str], str]:
        ids = self._world.ids
        crypto = replace(
            self.bot.crypto,
            token=self.bot.token if forged.token is None else forged.token,
            aes_key=self.bot.aes_key if forged.aes_key is None else forged.aes_key,
            receive_id=forged.receiveid,
        )
        encrypted = forged.encrypt
        if encrypted is None:
            encrypted = crypto.encrypt(text.encode(), ids.data("salt", SALT))
        timestamp, nonce = str(int(time.time() - forged.age)), ids.number("nonce", 10)
        signature = crypto.sign(timestamp, nonce, encrypted)
        if forged.signature == "wrong":
            signature = signature[::-1]
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
        if forged.signature == "missing":
            del query["msg_signature"]
        query.pop(forged.without, None)
        return query, encrypted

    def _address(self, query: dict[str, str]) -> str:
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(query)}"

    async def _ask(self, request: Request) -> CallbackAnswer:
        self._world.stats.callback_requests += 1
        headers = {"Content-Type": "application/json"}
        async with self._session.post(request.address, data=request.body, headers=headers) as response:
            answer = CallbackAnswer(response.status, await response.text(), request.nonce)
        if self._world.wire:
            facts = {"bot": self.bot.bot_id, "status": answer.status, "answered": bool(answer.body)}
            self._world.wire.tell("out", "callback", {"request": readable_body(request.body), **facts})
        return answer
