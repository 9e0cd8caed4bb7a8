"""What an account without customer-service messages could not say yet: kept until the follower asks for it.

Such an account answers each message once, within some 14 seconds, with at most 2,048 bytes. What is longer, later or
more than that would be lost; bots on such accounts let people fetch it with a word. Kept for an hour, over a restart
where the account's notes are.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from imbridge.adapters.notes import MemoryNotes, Notes
from imbridge.adapters.pending import Answer, PendingAnswer
from imbridge.adapters.remembered import Remembered
from imbridge.adapters.wechat.capabilities import WECHAT
from imbridge.adapters.wechat.sent.literal import measure, said_bytes
from imbridge.protocol import Message, Reply, Text
from imbridge.rendering import Part, PartKind, render

_LIFETIME = 3600.0
_MOST_FOLLOWERS = 10_000
_MOST_ANSWERS = 50
"""Of one follower."""
_MOST_GIVEN = 1000
"""Messages of which it is remembered what they were given: the platform may send them again."""


@dataclass(slots=True)
class _Kept:
    """Of one follower.

    Attributes:
        answers: What is to be said, in order.
        expected: Where an answer would have come from that is late, and may still come.
    """

    answers: deque[Answer] = field(default_factory=lambda: deque(maxlen=_MOST_ANSWERS))
    expected: PendingAnswer | None = None

    @property
    def is_owed(self) -> bool:
        """Whether there is something to be had, now or soon."""
        return bool(self.answers) or (self.expected is not None and not self.expected.over)


class Rest:
    """Of the followers of one account.

    Args:
        word: What a follower writes to get it.
        notes: Where it is kept; they end with the process when left out.
        clock: Seconds since 1970.
    """

    def __init__(self, word: str, notes: Notes | None = None, clock: Callable[[], float] = time.time) -> None:
        self._word = word
        self._by_openid: Remembered[_Kept] = Remembered(
            notes or MemoryNotes(), "rest", most=_MOST_FOLLOWERS, write=_written, read=_read, now=clock
        )
        self._given: OrderedDict[str, Answer] = OrderedDict()
        self._hint = f"\n（未完，回复“{word}”查看后文）"
        self._later = (Text(f"还在处理，请稍后回复“{word}”查看结果。"),)

    async def restore(self) -> None:
        """Know again what an earlier process has kept."""
        await self._by_openid.restore()

    def __len__(self) -> int:
        return sum(len(kept.answers) for _, kept in self._by_openid.items())

    def pieces(self, part: Part) -> list[Answer]:
        """A part as what one message can hold; each but the last says that there is more."""
        if part.kind is not PartKind.TEXT:
            return [part.elements]
        if _fits(part.elements, WECHAT.text_bytes):
            return [part.elements]
        room = WECHAT.text_bytes - len(self._hint.encode())
        reply = Reply(elements=part.elements)
        rendered = render(reply, WECHAT.model_copy(update={"text_bytes": room}), measure=measure)
        pieces = [piece.elements for piece in rendered.parts]
        return [*(self._with_hint(piece) for piece in pieces[:-1]), pieces[-1]]

    def keep(self, openid: str, answers: list[Answer]) -> None:
        """Keep this for a follower, behind what is kept already."""
        kept = self._by_openid.get(openid) or _Kept()
        kept.expected = None
        kept.answers.extend(answers)
        self._keep(openid, kept)

    def expect(self, openid: str, late: PendingAnswer) -> Answer:
        """Note that the answer for somebody comes too late, if it comes; what they are told instead."""
        kept = self._by_openid.get(openid) or _Kept()
        kept.expected = late
        self._keep(openid, kept)
        return self._later

    def hinted(self, openid: str, answer: Answer) -> Answer:
        """An answer that says, where there is room for it, that there is more."""
        kept = self._by_openid.get(openid)
        room = WECHAT.text_bytes - len(self._hint.encode())
        if kept is None or not kept.answers or answer[-1].as_text() == self._hint or not _fits(answer, room):
            return answer
        return self._with_hint(answer)

    def given_to(self, message: Message) -> Answer | None:
        """What a message is answered with that asks for what is kept; None for every other message.

        Somebody to whom nothing is owed may say the word like any other.
        """
        again = self._given.get(message.id)
        if again is not None:
            return again
        openid = message.sender.id
        kept = self._by_openid.get(openid)
        if kept is None or message.text.strip() != self._word:
            return None
        if not kept.is_owed:
            self._by_openid.drop(openid)
            return None
        answer = self.hinted(openid, kept.answers.popleft()) if kept.answers else self._later
        self._by_openid.changed(openid)
        self._given[message.id] = answer
        while len(self._given) > _MOST_GIVEN:
            self._given.popitem(last=False)
        return answer

    def _with_hint(self, answer: Answer) -> Answer:
        return (*answer, Text(self._hint)) if all(isinstance(element, Text) for element in answer) else answer

    def _keep(self, openid: str, kept: _Kept) -> None:
        self._by_openid.put(openid, kept, self._by_openid.now() + _LIFETIME)


def _fits(answer: Answer, limit: int) -> bool:
    return said_bytes(answer) <= limit


def _written(kept: _Kept) -> Any:
    """What is late is not written: after a restart its message is handled again, and its answer is kept then."""
    return [Reply(elements=answer).model_dump(mode="json")["elements"] for answer in kept.answers]


def _read(note: Any) -> _Kept:
    kept = _Kept()
    kept.answers.extend(Reply.model_validate({"elements": elements}).elements for elements in note)
    return kept
