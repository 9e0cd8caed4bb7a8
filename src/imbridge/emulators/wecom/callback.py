"""The callback address of one app.

Rules: https://developer.work.weixin.qq.com/document/path/90930: the address proves itself by answering the decrypted
echostr, plain, within a second; a message or an event is a POST that is to be answered with 200 within five seconds,
else the connection is cut and it is sent again, three times at most; the answer is empty or an encrypted reply.
"""

import asyncio
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import aiohttp

from imbridge.emulators.common.callback import BaseCallback, CallbackRefusedError
from imbridge.emulators.common.crypto import SALT
from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.callback_answer import PROPER, CallbackAnswer, Forged
from imbridge.emulators.wecom.message import SentMessage, UndeliveredError
from imbridge.emulators.wecom.passive import show_reply
from imbridge.emulators.wecom.xml_text import elements

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User
    from imbridge.emulators.wecom.world import World

EMPTY = frozenset({"", "success"})
SECRETS = re.compile(r"<(ResponseCode|WelcomeCode)>.*?</\1>", re.DOTALL)
"""Elements of the plain text that nobody watching the wire is shown."""
Request = tuple[str, dict[str, str], bytes]


class Callback(BaseCallback[Request, CallbackAnswer]):
    """The callback address of one app."""

    def __init__(self, app: App, world: "World", url: str) -> None:
        super().__init__(url, world.settings.callback_timeout)
        self.app = app
        self._world = world

    async def verify(self, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends the GET with an echostr.

        Raises:
            CallbackRefusedError: The answer is not 200 with exactly the plain text, within a second.
        """
        plain = self._world.ids.number("echostr", 19)
        _, query, _ = self._request(plain.encode(), replace(forged, method="GET"))
        try:
            answer = await self._ask(("GET", query, b""), self._world.settings.verify_timeout)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CallbackRefusedError(f"{self.url} did not answer the echostr: {type(error).__name__}") from None
        if answer.status != 200 or answer.body != plain:
            raise CallbackRefusedError(
                f"{self.url} answered the echostr {plain!r} with HTTP {answer.status}: {answer.body[:200]!r}"
            )
        return answer

    async def send(self, xml: str, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends one request by itself: nothing is sent again, and a passive reply is shown to nobody."""
        self._last = self._request(xml.encode(), forged)
        return await self._ask(self._last)

    def start(self, sent: SentMessage, user: "User | None") -> None:
        """Starts the delivery of a message or an event."""
        copies = 1
        if self._world.faults.active:
            doubled = self._world.faults.take("duplicate_callbacks")
            copies += int(doubled.facts["copies"]) if doubled else 0
        for _ in range(copies):
            self._start(self._deliver(sent, user), f"wecom-emulator-callback-{sent.msg_id}")

    async def _deliver(self, sent: SentMessage, user: "User | None") -> None:
        stats, settings = self._world.stats, self._world.settings
        try:
            if self._world.faults.active:
                delay = self._world.faults.take("delay_callbacks")
                await asyncio.sleep(delay.facts["seconds"] if delay else 0)
            request: Request | None = None
            for number, wait in enumerate((0.0, *settings.redelivery)):
                if number:
                    await asyncio.sleep(wait)
                    stats.callbacks_repeated += 1
                if request is None or not settings.resend_identical:
                    request = self._request(sent.xml.encode(), PROPER)
                answer = await self._attempt(request, sent)
                if answer is not None and answer.status == 200:
                    taken = self._taken(sent, user, replace(answer, requests=number + 1))
                    if not sent.outcome.done():
                        sent.outcome.set_result(taken)
                    return
            stats.callbacks_given_up += 1
            if not sent.outcome.done():
                tries = len(settings.redelivery) + 1
                sent.outcome.set_exception(UndeliveredError(f"{self.url} took nothing in {tries} requests"))
                sent.outcome.exception()  # nobody has to wait for it
        except asyncio.CancelledError:
            sent.outcome.cancel()
            raise

    async def _attempt(self, request: Request, sent: SentMessage) -> CallbackAnswer | None:
        """One request; None: no answer came in time."""
        stats, world = self._world.stats, self._world
        self._last = request
        stats.callback_requests += 1
        try:
            answer = await self._ask(request)
        except (aiohttp.ClientError, TimeoutError) as error:
            stats.callbacks_timed_out += 1
            self._tell(sent, None, type(error).__name__)
            return None
        self._tell(sent, answer.status, answer.body)
        if answer.status != 200:
            stats.callbacks_refused += 1
        elif world.faults.active and world.faults.take("lose_callback_answers"):
            stats.callbacks_timed_out += 1
            return None
        return answer

    def _taken(self, sent: SentMessage, user: "User | None", answer: CallbackAnswer) -> CallbackAnswer:
        self._world.stats.callbacks_taken += 1
        if answer.body.strip() in EMPTY:
            self._world.stats.callbacks_empty += 1
            return answer
        return replace(answer, passive=show_reply(self._world, self.app, user, sent, answer.body))

    def _request(self, plain: bytes, forged: Forged) -> Request:
        ids, app = self._world.ids, self.app
        crypto = replace(
            app.crypto,
            token=app.token if forged.token is None else forged.token,
            aes_key=app.aes_key if forged.aes_key is None else forged.aes_key,
            receive_id=app.corp_id if forged.receive_id is None else forged.receive_id,
        )
        encrypted = forged.encrypt or crypto.encrypt(plain, ids.data("salt", SALT), forged.padding)
        timestamp = str(int(time.time() - forged.age))
        nonce = ids.number("nonce", 10) if forged.nonce is None else forged.nonce
        right = crypto.sign(timestamp, nonce, encrypted)
        signature = {"right": right, "wrong": right[::-1]}.get(forged.signature, forged.signature)
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
        if forged.method == "GET":
            query["echostr"] = encrypted
        if forged.signature == "missing":
            del query["msg_signature"]
        query = {name: value for name, value in query.items() if name not in forged.without}
        body = forged.body
        if body is None:
            fields = {"ToUserName": app.corp_id, "AgentID": str(app.agent_id), "Encrypt": encrypted}
            body = f"<xml>{elements(fields)}</xml>".encode()
        return forged.method, query, body

    async def _ask(self, request: Request, timeout: float | None = None) -> CallbackAnswer:
        method, query, body = request
        total = aiohttp.ClientTimeout(total=self._world.settings.callback_timeout if timeout is None else timeout)
        headers = {"Content-Type": "text/xml"} if body else {}
        async with self._session.request(
            method, self.url, params=query, timeout=total, allow_redirects=False, data=body or None, headers=headers
        ) as response:
            return CallbackAnswer(response.status, (await response.read()).decode("utf-8", "replace"))

    def _tell(self, sent: SentMessage, status: int | None, body: str) -> None:
        if self._world.wire:
            xml = SECRETS.sub(r"<\1>***</\1>", sent.xml)
            facts = {"agent_id": self.app.agent_id, "xml": xml, "status": status, "answer": body}
            self._world.wire.tell("out", "callback", facts)
