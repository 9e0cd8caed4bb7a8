"""A shard's session on the gateway: its id, and up to where the inbox has what came."""

from collections.abc import Callable
from typing import Any

from imbridge.adapters.notes import Notes

_KIND = "gateway_session"


class GatewaySession:
    """What has to be known to resume a session, after a restart too.

    Attributes:
        shard: Which shard it is.
        shards: How many there are.
        id: The session; empty when there is none.
        seq: The highest sequence number up to which everything is in the inbox.
    """

    def __init__(self, notes: Notes, shard: int, shards: int) -> None:
        """None yet."""
        self._notes = notes
        self.shard = shard
        self.shards = shards
        self.id = ""
        self.seq = 0
        self._open: dict[int, bool] = {}
        """Numbers that came, in their order, and whether the inbox has them."""
        self._tried = False

    async def restore(self) -> None:
        """What an earlier process left."""
        note = (await self._notes.all(_KIND)).get(str(self.shard))
        if isinstance(note, dict) and note.get("shards") == self.shards:
            self.id, self.seq = str(note.get("id") or ""), int(note.get("seq") or 0)

    def start(self, identity: str, number: Any) -> None:
        """A new session."""
        self.id, self.seq, self._tried = identity, 0, False
        self._open.clear()
        self.began(number)()

    def forget(self) -> None:
        """It cannot be resumed."""
        self.id, self.seq, self._tried = "", 0, False
        self._open.clear()
        self._notes.drop(_KIND, str(self.shard))

    def expired(self) -> None:
        """The platform says that it is too old: it is resumed once, for the documents say so, and then given up."""
        if self._tried:
            self.forget()
        self._tried = True

    def began(self, number: Any) -> Callable[[], None]:
        """Something came with this number; what to call when the inbox has it."""
        if isinstance(number, bool) or not isinstance(number, int) or number <= self.seq:
            return _nothing
        self._open[number] = False
        session = self.id

        def took() -> None:
            if self.id == session and number in self._open:
                self._open[number] = True
                self._advance()

        return took

    def _advance(self) -> None:
        done = 0
        for number, taken in self._open.items():
            if not taken:
                break
            done = number
        if done:
            self._tried = False
            self.seq = done
            for number in [number for number in self._open if number <= done]:
                del self._open[number]
            self._notes.put(_KIND, str(self.shard), {"id": self.id, "seq": self.seq, "shards": self.shards})


def _nothing() -> None:
    return
