"""Where sending is pointless for a time."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from imbridge.adapters.notes import Notes
from imbridge.protocol import BotRemoved, Channel, Event, ImbridgeError, Message, TargetGoneError
from imbridge.storage import BaseNotebook

log = logging.getLogger(__name__)

NotesOf = Callable[[str], Notes]
_KIND = "dead_target"
_LOOKED_AT = 1.0
"""Seconds after which the notes are looked at again, where something is to be said to a chat that is left alone."""
_MOST = 10_000
"""Chats that are remembered; those of longest ago are forgotten."""


@dataclass(frozen=True, slots=True)
class DeadTarget:
    """A chat that the platform says is gone.

    Attributes:
        address: Which.
        until: Until when nothing is sent there, in seconds since 1970.
        code: The platform's code.
        why: What it said.
    """

    address: str
    until: float
    code: int | str | None
    why: str

    @property
    def account(self) -> str:
        """The account's key."""
        return self.address.partition("/")[0]


def chat_of(channel: Channel) -> str:
    """The address of a conversation without its thread."""
    return channel.address if channel.thread is None else channel.model_copy(update={"thread": None}).address


class DeadTargets:
    """Chats and people that the platform says are gone: nothing is sent to them for a time, over restarts too.

    Attributes:
        spared: How many sends did not leave because of it.
    """

    def __init__(self, seconds: float, notes_of: NotesOf, *, clock: Callable[[], float] = time.time) -> None:
        """Leave each alone for so many seconds; 0: none. `clock` gives seconds since 1970."""
        self._seconds = seconds
        self._notes_of = notes_of
        self._clock = clock
        self._dead: OrderedDict[str, DeadTarget] = OrderedDict()
        self._looked: dict[str, float] = {}
        self._looking = asyncio.Lock()
        self.spared = 0

    def __len__(self) -> int:
        return len(self._dead)

    async def recall(self, accounts: Iterable[str]) -> None:
        """Read what an earlier process has noted."""
        found: list[DeadTarget] = []
        for account in accounts:
            notes = self._notes_of(account)
            for chat, (until, code, why) in (await notes.read(_KIND, _read)).items():
                # A clock that was set back, or a shorter time than before, makes nobody wait for longer.
                dead = DeadTarget(chat, min(until, self._clock() + self._seconds), code, why)
                if dead.until <= self._clock():
                    notes.drop(_KIND, chat)
                elif chat not in self._dead:
                    found.append(dead)
        for dead in sorted(found, key=lambda one: one.until):
            self._dead[dead.address] = dead
        self._trim()

    def note(self, channel: Channel, error: TargetGoneError) -> None:
        """The platform says that there is nobody."""
        if not self._seconds:
            return
        chat = chat_of(channel)
        self._dead.pop(chat, None)
        dead = self._dead[chat] = DeadTarget(chat, self._clock() + self._seconds, error.code, str(error))
        note = {"until": dead.until, "code": dead.code, "why": dead.why}
        self._notes_of(channel.account_key).put(_KIND, chat, note, until=dead.until)
        log.warning("%s: nothing is sent there for %g s, or until somebody writes: %s", chat, self._seconds, error)
        self._trim()

    async def check(self, channel: Channel) -> None:
        """See that something may be sent. What others have ended meanwhile (the command line) is over here, too.

        Raises:
            TargetGoneError: it is left alone at the moment.
        """
        if not self._dead or (chat := chat_of(channel)) not in self._dead:
            return
        await self._look(channel.account_key)
        dead = self._dead.get(chat)
        if dead is None:
            return
        left = dead.until - self._clock()
        if not 0 < left <= self._seconds:  # over, or the clock was set back
            self._forget(dead.address)
            return
        self.spared += 1
        raise TargetGoneError(
            f"not sent: left alone for another {left:.0f} s, or until somebody writes there (dead_target_for): "
            f"{dead.why}",
            code=dead.code,
        )

    def all(self) -> tuple[DeadTarget, ...]:
        """Those that are left alone at the moment, the longest first."""
        return tuple(dead for dead in self._dead.values() if dead.until > self._clock())

    def revive(self, channel: Channel) -> bool:
        """Send there again; False where it is not left alone."""
        return bool(self._dead) and self._forget(chat_of(channel))

    def heard(self, channel: Channel) -> None:
        """Something came from there: it lives."""
        if self._dead and self._forget(chat_of(channel)):
            log.info("%s: something came from there; sending goes on", chat_of(channel))

    async def _look(self, account: str) -> None:
        """See whether others have ended it for chats of an account, unless that was just done."""
        async with self._looking:
            now = self._clock()
            if 0 <= now - self._looked.get(account, -_LOOKED_AT) < _LOOKED_AT:
                return
            before = [dead for dead in self._dead.values() if dead.account == account]
            try:
                noted = await self._notes_of(account).reread(_KIND)
            except ImbridgeError as error:
                log.warning("%s: nobody knows whether chats that are gone are back (%s)", account, error)
                return
            finally:
                self._looked[account] = self._clock()
            for dead in before:
                if dead.address not in noted and self._dead.get(dead.address) is dead:  # it may be noted anew
                    del self._dead[dead.address]
                    log.info("%s: somebody has revived it; sending goes on", dead.address)

    def _forget(self, chat: str) -> bool:
        if self._dead.pop(chat, None) is None:
            return False
        self._notes_of(chat.partition("/")[0]).drop(_KIND, chat)
        return True

    def _trim(self) -> None:
        while len(self._dead) > _MOST:
            self._forget(next(iter(self._dead)))


async def noted_targets(notebook: BaseNotebook) -> list[DeadTarget]:
    """Those that are left alone by any process that writes there, the shortest first.

    Raises:
        ImbridgeError: the notes cannot be read.
    """
    now, found = time.time(), list[DeadTarget]()
    for chats in (await notebook.of_kind(_KIND)).values():
        for chat, note in chats.items():
            try:
                dead = DeadTarget(chat, *_read(note))
            except (KeyError, TypeError, ValueError):
                continue  # of another version of the program
            if dead.until > now:
                found.append(dead)
    return sorted(found, key=lambda one: (one.until, one.address))


async def revive(notebook: BaseNotebook, targets: Collection[DeadTarget]) -> None:
    """Have every process send there again that looks at the same notes."""
    for target in targets:
        notebook.of(target.account).drop(_KIND, target.address)
    for account in {target.account for target in targets}:
        await notebook.of(account).flush()


def _read(note: Any) -> tuple[float, int | str | None, str]:
    code = note["code"]
    return float(note["until"]), code if isinstance(code, int | str) else None, str(note["why"])


def is_sign_of_life(item: Message | Event) -> bool:
    """Whether something that came shows that the chat is there, and we are in it."""
    return item.channel is not None and not isinstance(item, BotRemoved)


def is_dead(error: Exception) -> bool:
    """Whether a failed send says that the chat is gone, and not only that nothing can be answered there now."""
    return isinstance(error, TargetGoneError) and not error.window_closed
