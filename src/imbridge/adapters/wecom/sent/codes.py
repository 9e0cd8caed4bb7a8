"""The cards that were sent, and the codes with which each can be changed.

Source: developer.work.weixin.qq.com, "update template card" (path/94888): a code comes with the answer to the sending
and with every click; it is good once, for 72 hours.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    """The newest cards of one app, in memory: a card from before a restart can be changed once it is clicked."""

    def __init__(self, most: int = _MOST_CARDS) -> None:
        self._most = most
        self._by_task: OrderedDict[str, _Card] = OrderedDict()
        self._task_of: dict[str, str] = {}

    def sent(self, task_id: str, message_id: str, code: Code | None) -> None:
        """A card was sent; `code` comes with the platform's answer."""
        card = self._card(task_id)
        self._task_of.pop(card.message_id, None)  # of a task id that comes again, the newest message counts
        card.message_id, card.sent = message_id, code
        self._task_of[message_id] = task_id

    def clicked(self, task_id: str, userid: str, code: str) -> None:
        """Somebody clicked in it, which gives another code, for them."""
        if not task_id or not code or not userid:
            return
        clicks = self._card(task_id).clicks
        clicks[userid] = Code(code, {"userids": [userid]})
        clicks.move_to_end(userid)
        if len(clicks) > _MOST_CLICKERS:
            clicks.popitem(last=False)

    def message_of(self, task_id: str) -> str:
        """The id of the card's message; empty when it was not sent by this process."""
        card = self._by_task.get(task_id)
        return card.message_id if card is not None else ""

    def task_of(self, message_id: str) -> str:
        """The card's task id, by the id of its message or by itself."""
        return self._task_of.get(message_id, message_id)

    def take(self, message_id: str, userid: str = "") -> Code | None:
        """A code for one change; who clicked comes first, then everybody who has the card. It is used up by this."""
        card = self._by_task.get(self.task_of(message_id))
        if card is None:
            return None
        if (code := card.clicks.pop(userid, None)) is not None:
            return code
        code, card.sent = card.sent, None
        return code

    def give_back(self, message_id: str, userid: str, code: Code) -> None:
        """The code was not used after all."""
        card = self._card(self.task_of(message_id))
        if code.whom == {"userids": [userid]} and card.sent is None and userid not in card.clicks:
            card.clicks[userid] = code
        elif card.sent is None:
            card.sent = code

    def _card(self, task_id: str) -> _Card:
        card = self._by_task.get(task_id)
        if card is None:
            card = self._by_task[task_id] = _Card("")
            if len(self._by_task) > self._most:
                _, oldest = self._by_task.popitem(last=False)
                self._task_of.pop(oldest.message_id, None)
        return card
