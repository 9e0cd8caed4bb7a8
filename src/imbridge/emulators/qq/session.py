"""A gateway session: what was identified, and the events since, for a Resume."""

import time
from collections import deque
from typing import TYPE_CHECKING

from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.pushed import Pushed

if TYPE_CHECKING:
    from imbridge.emulators.qq.connection import Connection
    from imbridge.emulators.qq.world import World


class Session:
    """A session of one shard.

    Attributes:
        bot: Whose it is.
        session_id: Its id.
        intents: What it gets.
        shard: Its number and how many there are.
        seq: The number of the last event.
        confirmed: The last number that the client has named.
        connection: Where its events go; None: nowhere just now.
        ended: Whether it can not be resumed any more.
    """

    def __init__(self, world: "World", bot: Bot, session_id: str, intents: int, shard: tuple[int, int]) -> None:
        self.bot = bot
        self.session_id = session_id
        self.intents = intents
        self.shard = shard
        self.seq = 0
        self.confirmed = 0
        self.connection: Connection | None = None
        self.ended = False
        self._world = world
        self._kept: deque[Pushed] = deque()
        self._forgotten = 0
        self._since = time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether it is connected, or can still be resumed."""
        gone = self.connection is None and time.monotonic() - self._since > self._world.settings.replay_window
        return not self.ended and not gone

    def next_seq(self) -> int:
        """The next number."""
        self.seq += 1
        return self.seq

    def put(self, pushed: Pushed, copies: int = 1) -> None:
        """Takes an event: writes it, or keeps it until the session is resumed."""
        pushed.seq = self.next_seq()
        self._kept.append(pushed)
        while len(self._kept) > self._world.settings.replay_limit:
            old = self._kept.popleft()
            old.settle(taken=False)
            self._forgotten = old.seq
        for _ in range(copies):
            self._write(pushed)

    def detach(self, connection: "Connection") -> None:
        """Its connection has ended."""
        if self.connection is connection:
            self.connection = None
            self._since = time.monotonic()

    def confirm(self, seq: int) -> bool:
        """The client names the last number it has; False: there is no such number."""
        if not 0 <= seq <= self.seq:
            return False
        self.confirmed = max(self.confirmed, seq)
        for pushed in self._kept:
            if pushed.seq > seq:
                break
            pushed.confirmed = True
        return True

    def can_replay(self, seq: int) -> bool:
        """Whether every event after this number is still kept."""
        return self._forgotten <= seq <= self.seq

    def replay(self, seq: int) -> int:
        """Writes the events after this number; returns how many."""
        later = [pushed for pushed in self._kept if pushed.seq > seq]
        for pushed in later:
            self._write(pushed)
        return len(later)

    def end(self) -> None:
        """It can not be resumed any more; what nobody has got is lost."""
        self.ended = True
        for pushed in self._kept:
            pushed.settle(taken=False)

    def _write(self, pushed: Pushed) -> None:
        if self.connection is None:
            return
        pushed.sendings += 1
        self._world.stats.events_sent += 1
        self.connection.write_event(pushed)
