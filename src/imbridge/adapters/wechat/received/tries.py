"""The platform's tries of one delivery, and who of them is answered.

Source: developers.weixin.qq.com, doc/service/guide/product/message/Passive_user_reply_message.html: a callback that is
not answered within five seconds is sent again, three times in all, and whichever is answered has the answer shown. For
an account that has no other way to speak this makes some 14 seconds out of 4: a try whose answer is late is left
without one, and the next one is given it.
"""

import asyncio
from collections.abc import Callable

from imbridge.adapters.base import Inbound, Verdict
from imbridge.adapters.pending import Answer, PendingAnswer
from imbridge.protocol import Event, Message

TRIES = 3
"""How often the platform sends a callback in all."""
CUT = 5.0
"""Seconds after which the platform cuts a try."""
_MISSING = 4.0
"""Seconds after the cut in which the next try has to be here."""


def all_tries_take(cut: float = CUT) -> float:
    """Seconds from the first try of a delivery to the time at which none can come any more."""
    return TRIES * cut + _MISSING


class Exchange:
    """One delivery that can be answered, while the platform waits for that.

    Attributes:
        item: What was delivered.
        pending: Where its answer comes from.
        tries: How many tries there were so far.
        verdict: What the inbox says of it.
        given: What it was answered with; None as long as it was not. A try that comes after that is answered the same:
            the answer has not reached the platform.
    """

    __slots__ = ("_closing", "_forget", "_lasts", "given", "item", "pending", "tries", "verdict")

    def __init__(self, inbound: Inbound, lasts: float, forget: Callable[["Exchange"], None]) -> None:
        """Takes the place of the delivery's answer; `lasts` is for how many seconds after a try."""
        self.item: Message | Event = inbound.item
        self.pending = inbound.answer = PendingAnswer(takes_messages=True)
        self.tries = 0
        self.verdict: asyncio.Future[Verdict] | None = None
        self.given: Answer | None = None
        self._lasts = lasts
        self._closing: asyncio.TimerHandle | None = None
        self._forget = forget

    def begin_try(self) -> int:
        """The platform has sent it, once more: the number of this try.

        When it does not come again, this is over by itself.
        """
        self.tries += 1
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.get_running_loop().call_later(self._lasts, self.close)
        return self.tries

    @property
    def waits(self) -> bool:
        """Whether it can still be given an answer."""
        return self.given is None and not self.pending.over

    def give(self, answer: Answer, *, shown: bool) -> None:
        """It is answered with this; `shown` says whether that is what was said."""
        self.given = answer
        self.pending.shown(self.pending.said if shown else ())

    def close(self) -> None:
        """Nobody waits any more; doing it again is nothing."""
        if self._closing is not None:
            self._closing.cancel()
        self.pending.shown(())
        self._forget(self)


class Exchanges:
    """The deliveries that the platform waits at: each one open for some 20 seconds at most."""

    def __init__(self, cut: float = CUT) -> None:
        """None so far; a try is cut after so many seconds."""
        self._lasts = cut + _MISSING
        self._by_key: dict[str, Exchange] = {}
        self._by_address: dict[str, list[Exchange]] = {}
        """By the address of the conversation, the oldest first."""

    def __len__(self) -> int:
        return len(self._by_key)

    def of(self, key: str) -> Exchange | None:
        """The one of a delivery that is here already."""
        return self._by_key.get(key)

    def open(self, inbound: Inbound) -> Exchange:
        """A new one."""
        key, channel = inbound.dedup_keys[0], inbound.item.channel
        address = "" if channel is None else channel.address

        def forget(exchange: Exchange) -> None:
            self._by_key.pop(key, None)
            others = [one for one in self._by_address.get(address, ()) if one is not exchange]
            if others:
                self._by_address[address] = others
            else:
                self._by_address.pop(address, None)

        exchange = self._by_key[key] = Exchange(inbound, self._lasts, forget)
        self._by_address.setdefault(address, []).append(exchange)
        return exchange

    async def answer(self, message_id: str | None, address: str, said: Answer, *, any_message: bool) -> bool:
        """Give this as the answer to the delivery of a message, or to an event in the conversation.

        Args:
            message_id: The message that is answered; what is said without one in mind answers an event.
            address: Of the conversation.
            said: The answer.
            any_message: When nobody waits at this message, the delivery of another one of the conversation does: the
                person sees a message, whichever it answers. So a skill that has asked something answers the answer.

        Returns:
            False when nobody waits for it (any more): it has to be sent another way.
        """
        exchange = None if message_id is None else self._by_key.get(message_id)
        if exchange is None or not exchange.waits:
            wanted = Event if message_id is None else (Message if any_message else ())
            waiting = (one for one in self._by_address.get(address, ()) if isinstance(one.item, wanted))
            exchange = next((one for one in waiting if one.waits), None)
        return exchange is not None and not await exchange.pending.show(said)

    def close(self) -> None:
        """Nobody waits any more anywhere."""
        for exchange in tuple(self._by_key.values()):
            exchange.close()
