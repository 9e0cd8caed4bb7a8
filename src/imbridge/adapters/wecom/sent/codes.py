"""The cards that were sent, and the codes with which each can be changed.

Source: developer.work.weixin.qq.com, "update template card" (path/94888): a code comes with the answer to the sending
and with every click; it is good once, for 72 hours.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imbridge.adapters.notes import MemoryNotes, Notes
from imbridge.adapters.remembered import Remembered

_LIFETIME = 72 * 3600.0
_MOST_CARDS = 10_000
_MOST_CLICKERS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """Changes one card once.

    Attributes:
        value: The platform's `response_code`.
        whom: For whom it changes the card: `userids`, `partyids`, `tagids` or `atall`.
    """

    value: str = field(repr=False)
    whom: Mapping[str, Any]


@dataclass(slots=True)
class _Card:
    message_id: str
    sent: Code | None = None
    clicks: OrderedDict[str, Code] = field(default_factory=OrderedDict)


class Cards:
    """The newest cards of one app. They are known after a restart where the account's notes are."""

    def __init__(
        self, notes: Notes | None = None, *, most: int = _MOST_CARDS, now: Callable[[], float] = time.time
    ) -> None:
        """None yet; `notes` end with the process when left out, and `now` gives seconds since 1970."""
        self._most = most
        self._by_task: Remembered[_Card] = Remembered(
            notes or MemoryNotes(), "card", most=most, write=_written, read=_read, now=now
        )
        self._task_of: OrderedDict[str, str] = OrderedDict()

    async def restore(self) -> None:
        """Know again what an earlier process has sent."""
        await self._by_task.restore()
        for task_id, card in self._by_task.items():
            self._is_of(card.message_id, task_id)

    def sent(self, task_id: str, message_id: str, code: Code | None) -> None:
        """A card was sent; `code` comes with the platform's answer."""
        card = self._card(task_id)
        self._task_of.pop(card.message_id, None)  # of a task id that comes again, the newest message counts
        card.message_id, card.sent = message_id, code
        self._is_of(message_id, task_id)
        self._keep(task_id, card)

    def clicked(self, task_id: str, userid: str, code: str) -> None:
        """Somebody clicked in it, which gives another code, for them."""
        if not task_id or not code or not userid:
            return
        card = self._card(task_id)
        card.clicks[userid] = Code(code, {"userids": [userid]})
        card.clicks.move_to_end(userid)
        if len(card.clicks) > _MOST_CLICKERS:
            card.clicks.popitem(last=False)
        self._keep(task_id, card)

    def message_of(self, task_id: str) -> str:
        """The id of the card's message; empty when nobody knows that it was sent."""
        card = self._by_task.get(task_id)
        return card.message_id if card is not None else ""

    def task_of(self, message_id: str) -> str:
        """The card's task id, by the id of its message or by itself."""
        return self._task_of.get(message_id, message_id)

    def take(self, message_id: str, userid: str = "") -> Code | None:
        """A code for one change; who clicked comes first, then everybody who has the card. It is used up by this."""
        task_id = self.task_of(message_id)
        card = self._by_task.get(task_id)
        if card is None:
            return None
        if (code := card.clicks.pop(userid, None)) is None:
            code, card.sent = card.sent, None
        self._by_task.changed(task_id)
        return code

    def give_back(self, message_id: str, userid: str, code: Code) -> None:
        """The code was not used after all."""
        task_id = self.task_of(message_id)
        card = self._card(task_id)
        if code.whom == {"userids": [userid]} and card.sent is None and userid not in card.clicks:
            card.clicks[userid] = code
        elif card.sent is None:
            card.sent = code
        self._keep(task_id, card)

    def _card(self, task_id: str) -> _Card:
        return self._by_task.get(task_id) or _Card("")

    def _keep(self, task_id: str, card: _Card) -> None:
        self._by_task.put(task_id, card, self._by_task.now() + _LIFETIME)

    def _is_of(self, message_id: str, task_id: str) -> None:
        self._task_of.pop(message_id, None)
        self._task_of[message_id] = task_id
        while len(self._task_of) > self._most:
            self._task_of.popitem(last=False)


def _written(card: _Card) -> Any:
    return {
        "message": card.message_id,
        "sent": None if card.sent is None else [card.sent.value, dict(card.sent.whom)],
        "clicks": [[userid, code.value] for userid, code in card.clicks.items()],
    }


def _read(note: Any) -> _Card:
    card = _Card(str(note["message"]))
    if note["sent"] is not None:
        value, whom = note["sent"]
        card.sent = Code(str(value), dict(whom))
    for userid, value in note["clicks"]:
        card.clicks[str(userid)] = Code(str(value), {"userids": [str(userid)]})
    return card
