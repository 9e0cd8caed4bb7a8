"""A shard's session on the gateway: its id, and up to where the inbox has what came."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from imbridge.adapters.notes import Notes

_KIND = "gateway_session"
_GATHER = 0.05
"""Seconds in which changes are gathered to one note. A note that is late costs a replay, never a message."""


class GatewaySession:
    """What has to be known to resume a session, after a restart too.

    Attributes:
        shard: Which shard it is.
        shards: How many there are.
        id: The session; empty when there is none.
        seq: The highest sequence number up to which everything is in the inbox.
        user: Who the bot is, as the gateway said when the session began.
    """

    def __init__(self, notes: Notes, shard: int = 0, shards: int = 1, *, made_for: str = "") -> None:
        """None yet; a session that was made for something else (another bot, other events) is not resumed."""
        self._notes = notes
        self._made_for = made_for
        self.shard = shard
        self.shards = shards
        self.id = ""
        self.seq = 0
        self.user: Mapping[str, Any] = {}
        self._open: dict[int, bool] = {}
        """Numbers that came, in their order, and whether the inbox has them."""
        self._tried = False
        self._saving: asyncio.TimerHandle | None = None
        self._closed = False

    async def restore(self) -> None:
        """What an earlier process left."""
        note = (await self._notes.left(_KIND)).get(str(self.shard))
        if not isinstance(note, dict) or (note.get("shards"), note.get("for")) != (self.shards, self._made_for):
            return
        identity, seq, user = note.get("id"), note.get("seq"), note.get("user")
        if isinstance(identity, str) and isinstance(seq, int) and isinstance(user, dict):
            self.id, self.seq, self.user = identity, seq, user

    def start(self, identity: str, number: Any, user: Mapping[str, Any]) -> None:
        """A new session."""
        self.id, self.seq, self._tried, self.user = identity, 0, False, user
        self._open.clear()
        self.began(number)()

    def resumed(self, number: Any) -> None:
        """It goes on."""
        self._tried = False
        self.began(number)()

    def forget(self) -> None:
        """It cannot be resumed."""
        self.id, self.seq, self._tried = "", 0, False
        self._open.clear()
        self.save()

    def refused(self) -> None:
        """It may be over: it is resumed once more, and then given up."""
        if self._tried:
            self.forget()
        else:
            self._tried = True

    def began(self, number: Any) -> Callable[[], None]:
        """Something came with this number; what to call when the inbox has it."""
        if isinstance(number, bool) or not isinstance(number, int) or number <= self.seq:
            return _nothing
        self._open.setdefault(number, False)
        session = self.id

        def took() -> None:
            if self.id == session and number in self._open:
                self._open[number] = True
                self._advance()

        return took

    def close(self) -> None:
        """Note how it stands; what comes into the inbox after that is replayed to the next process."""
        if not self._closed:
            self.save()
            self._closed = True

    def save(self) -> None:
        """Note how it stands, now."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        if self.id:
            note = {"id": self.id, "seq": self.seq, "shards": self.shards, "for": self._made_for, "user": self.user}
            self._notes.put(_KIND, str(self.shard), note)
        else:
            self._notes.drop(_KIND, str(self.shard))

    def _advance(self) -> None:
        done = []
        for number, taken in self._open.items():
            if not taken:
                break
            done.append(number)
        if not done:
            return
        for number in done:
            del self._open[number]
        self.seq = max(self.seq, *done)
        if self._saving is None and not self._closed:
            self._saving = asyncio.get_running_loop().call_later(_GATHER, self.save)


def _nothing() -> None:
    return
