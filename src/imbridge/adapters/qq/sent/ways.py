"""How a message gets there: as an answer while something can be answered, else unasked, which few may.

Source: bot.q.qq.com, "sending messages"; since April 2025 a bot that is asked nothing is refused (40034102). Clients
report `is_wakeup`: to a person who has written before, once on the same day, once until the 3rd, the 7th and the 30th.
"""

import logging
from dataclasses import dataclass

from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import RetargetError
from imbridge.adapters.outgoing import Target
from imbridge.adapters.qq.api import QQApi, kind_of
from imbridge.adapters.qq.errors import DUPLICATE, NO_PUSH_CODES, NO_WAKEUP_CODES, UNASKED_CODES
from imbridge.adapters.qq.outbound import Body
from imbridge.adapters.qq.sent.rights import Rights
from imbridge.adapters.qq.sent.windows import Handle, Windows
from imbridge.adapters.uploads import Content
from imbridge.protocol import (
    AuthError,
    Channel,
    ContentRefusedError,
    DeliveryError,
    NotPermittedError,
)

log = logging.getLogger(__name__)

_NUMBERS_TRIED = 6
"""One more than there can be answers: somebody else may have given all of them."""
_OVER = (
    "nothing was said there that can still be answered (in a single chat a message can be answered for 60 minutes, "
    "four times; elsewhere for 5 minutes, in a group five times): wait until the person writes, or set "
    "on_missed_window: push_or_wait"
)


@dataclass(slots=True)
class Delivered:
    """The platform's answer.

    Attributes:
        body: Its JSON.
        message_id: The message's id; empty when it is not known.
        attempts: Requests that it took.
    """

    body: Body
    message_id: str
    attempts: int = 1


class Ways:
    """The ways of one bot."""

    def __init__(self, api: QQApi, windows: Windows, rights: Rights) -> None:
        """Over one bot's API."""
        self._api = api
        self._windows = windows
        self._rights = rights

    async def through(self, target: Target, body: Body, key: str, picture: Content | None = None) -> Delivered:
        """Send a message.

        Args:
            target: Where, and what it answers.
            body: What, without what it answers.
            key: Of the same key, what has arrived already is not shown twice.
            picture: Uploaded with it, in guilds.

        Raises:
            ImbridgeError: as `Adapter.send`.
        """
        channel, answers = target.channel, target.answers or target.reply_to
        while (handle := self._windows.find(channel, answers, key)) is not None:
            try:
                return await self._answered(channel, handle, body, key, picture)
            except RetargetError as error:
                if error.ambiguous:
                    raise
                log.info("%s: %s cannot be answered: %s", channel.address, handle.id, error)
                self._windows.over(handle)
        if not target.pushes:
            raise NotPermittedError(f"qq: {_OVER}", platform="qq", window_closed=True)
        return await self._unasked(channel, body, picture)

    async def _answered(
        self, channel: Channel, handle: Handle, body: Body, key: str, picture: Content | None
    ) -> Delivered:
        for left in reversed(range(_NUMBERS_TRIED)):
            known = key in handle.numbers
            fields = self._windows.take(handle, key)
            if handle.counted and not known:
                await self._windows.noted()
            try:
                answer = await self._api.send(channel, {**body, **fields}, picture)
            except DeliveryError as error:
                if error.code == DUPLICATE and (known or error.ambiguous):
                    return Delivered({}, handle.sent.get(key, ""))  # we said it before
                if handle.counted and isinstance(error, ContentRefusedError):
                    error.ambiguous = False  # an earlier attempt was the same, and refused the same way
                if not error.ambiguous:
                    self._windows.give_back(handle, key)
                if error.code != DUPLICATE or not left:
                    raise
                log.warning("%s: the number %s was taken: another one", channel.address, fields.get("msg_seq"))
            except AuthError:
                self._windows.give_back(handle, key)
                raise
            else:
                found = _delivered(answer)
                self._windows.confirm(handle, key, found.message_id)
                return found
        raise AssertionError("unreachable")

    async def _unasked(self, channel: Channel, body: Body, picture: Content | None) -> Delivered:
        way = kind_of(channel)
        push = f"push to {way}"
        refusal: DeliveryError | None = None
        if self._rights.may(push):
            try:
                found = _delivered(await self._api.send(channel, body, picture))
            except NotPermittedError as error:
                if error.code not in UNASKED_CODES:
                    raise
                refusal = error
                if error.code in NO_PUSH_CODES and way != "guild":  # there it is each channel's own setting
                    self._rights.refuse(push, str(error))
            else:
                self._rights.grant(push)
                return found
        if way == "c2c":
            try:
                return _delivered(await self._api.send(channel, {**body, "is_wakeup": True}))
            except NotPermittedError as error:
                if error.code not in NO_WAKEUP_CODES:
                    raise
                refusal = error
        said = str(refusal) if refusal is not None else "qq: the bot may not speak first"
        code = refusal.code if refusal is not None else None
        raise NotPermittedError(f"{said}; {_OVER}", code=code, platform="qq", window_closed=True)


def _delivered(answer: Answer) -> Delivered:
    return Delivered(answer.body, str(answer.body.get("id") or ""), answer.attempts)
