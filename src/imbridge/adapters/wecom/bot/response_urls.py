"""Where a message can be answered once more, within the hour, after its callback has been answered.

Source: developer.work.weixin.qq.com, "answers by response_url" (path/101138): one POST of Markdown or a card.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from imbridge.adapters.errcode_refusals import json_object
from imbridge.adapters.notes import Notes
from imbridge.adapters.remembered import Remembered
from imbridge.adapters.wecom.bot.calls import kind_of
from imbridge.adapters.wecom.bot.errors import BOT_ERRORS
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.protocol import DeliveryError, TargetGoneError
from imbridge.transport import Backoff, ErrorRule, HttpError, HttpPool, Reaction
from imbridge.transport.hosts import LOOPBACK

_MOST = 20_000
_LIFETIME = 3600.0 - 30


@dataclass(slots=True)
class _Place:
    url: str = field(repr=False)
    chat: str
    used: bool = False


class ResponseUrls:
    """The addresses of the messages and clicks of an hour; each can be used once. They are known after a restart.

    Attributes:
        backoff: Waits between attempts.
    """

    def __init__(
        self, settings: WeComConfig, pool: HttpPool, notes: Notes, *, now: Callable[[], float] = time.time
    ) -> None:
        """For one account; `now` gives seconds since 1970."""
        self._pool = pool
        self._timeout = settings.send_timeout
        self.backoff = Backoff(0.5, 15.0)
        self._host = urlsplit(settings.base_url).hostname or ""
        self._by_item: Remembered[_Place] = Remembered(
            notes, "response_url", most=_MOST, write=_written, read=_read, now=now
        )
        self._newest: OrderedDict[str, str] = OrderedDict()
        """By conversation: its newest message or click that can be answered so."""

    async def restore(self) -> None:
        """Know again what an earlier process could still answer."""
        await self._by_item.restore()
        for item_id, place in self._by_item.items():
            self._newest[place.chat] = item_id

    def remember(self, item_id: str, chat: str, url: str) -> None:
        """A message or a click came; an address that is not the platform's is left out."""
        if not url or item_id in self._by_item or not self._is_theirs(url):
            return
        self._by_item.put(item_id, _Place(url, chat), self._by_item.now() + _LIFETIME)
        self._newest.pop(chat, None)
        self._newest[chat] = item_id
        while len(self._newest) > _MOST:
            self._newest.popitem(last=False)

    def know(self, others: "ResponseUrls", item_id: str | None, chat: str) -> None:
        """What others know of where one message can be answered; it is not used up there."""
        if (known := others._find(item_id, chat)) is not None:
            self._by_item.put(item_id or known[0], replace(known[1]), self._by_item.now() + _LIFETIME)
            self._newest[chat] = item_id or known[0]

    def has(self, item_id: str | None, chat: str) -> bool:
        """Whether something can be said that answers this, or in this conversation."""
        return self._find(item_id, chat) is not None

    async def say(self, item_id: str | None, chat: str, body: dict[str, Any]) -> int:
        """Say something: as the answer to a message, or, without one, to the newest message of a conversation.

        Returns:
            The attempts that were made.

        Raises:
            TargetGoneError: it has been used, is over, or there is none.
            DeliveryError: the platform refused, or nobody knows whether it has arrived.
        """
        known = self._find(item_id, chat)
        if known is None:
            raise TargetGoneError(
                "a smart bot over callbacks says one more thing within an hour of a message, and has; use mode bot "
                "(its long connection) to speak freely",
                platform="wecom",
                window_closed=True,
            )
        name, place = known
        self._use(name, place)
        deadline = time.monotonic() + self._timeout
        attempt = 0
        while True:
            attempt += 1
            refused = await self._attempt(name, place, body)
            if refused is None:
                return attempt
            failure, rule = refused
            if rule.reaction is not Reaction.RETRY:
                raise failure
            delay = max(rule.delay or 0.0, self.backoff.delay(attempt - 1))
            if time.monotonic() + delay > deadline:
                self._use(name, place, used=False)
                raise failure
            await asyncio.sleep(delay)

    def _use(self, name: str, place: _Place, *, used: bool = True) -> None:
        place.used = used
        self._by_item.changed(name)

    async def _attempt(self, name: str, place: _Place, body: dict[str, Any]) -> tuple[DeliveryError, ErrorRule] | None:
        """Say it once; what it was refused with, if it was."""
        try:
            response = await self._pool.request("POST", place.url, json=body)
        except HttpError as error:
            self._use(name, place, used=error.ambiguous)
            failed = DeliveryError("wecom response_url: no answer", platform="wecom", ambiguous=error.ambiguous)
            raise failed from None
        answer = json_object(response)
        code = answer.get("errcode", 0 if answer else None)
        if code == 0 and response.status < 400:
            return None
        if not isinstance(code, int):
            text = f"wecom response_url: HTTP {response.status}"
            raise DeliveryError(text, code=response.status, platform="wecom", ambiguous=True)
        rule = BOT_ERRORS.lookup(code, status=response.status)
        text = f"wecom response_url: {rule.meaning} (code {code}): {str(answer.get('errmsg', ''))[:300]}"
        return kind_of(code, rule)(text, code=code, platform="wecom"), rule

    def _find(self, item_id: str | None, chat: str) -> tuple[str, _Place] | None:
        name = item_id or self._newest.get(chat, "")
        place = self._by_item.get(name)
        return None if place is None or place.used else (name, place)

    def _is_theirs(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return False
        return host == self._host and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


def _written(place: _Place) -> Any:
    return {"url": place.url, "chat": place.chat, "used": place.used}


def _read(note: Any) -> _Place:
    return _Place(str(note["url"]), str(note["chat"]), used=bool(note["used"]))
