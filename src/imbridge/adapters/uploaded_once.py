"""What an account has uploaded: the same content goes up once while the platform keeps it.

The keys are of one account: the platforms give them to whoever uploaded, and to nobody else.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from imbridge.adapters.notes import Notes
from imbridge.adapters.uploads import Content
from imbridge.protocol import DeliveryError

SentT = TypeVar("SentT")

_NOTES = "uploads"
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """What a platform gives for an upload.

    Attributes:
        key: What names it in a message.
        seconds: How long it is kept; None for ever, 0 not at all.
    """

    key: str
    seconds: float | None = None


@dataclass(slots=True)
class _Known:
    key: str
    until: float | None


@dataclass(slots=True)
class Taken:
    """The keys that one send has got.

    Attributes:
        keys: By what they are of.
        reused: One of them was there before: the platform may have dropped it.
    """

    keys: dict[str, str] = field(default_factory=dict)
    reused: bool = False


_TAKING: ContextVar[Taken | None] = ContextVar("imbridge_uploads_taken", default=None)


class UploadedOnce:
    """Keys by what was uploaded as what, for one account; the newest of them.

    Attributes:
        counts: `uploads`, and `uploads_saved`: those that were not needed.
        now: Gives seconds of the wall clock, which goes on over a restart.
    """

    def __init__(self, notes: Notes, *, most: int = _MOST, now: Callable[[], float] = time.time) -> None:
        """Nothing is known; what an earlier process knew is read from the notes with the first upload."""
        self._notes = notes
        self._most = most
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._busy: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._restoring = asyncio.Lock()
        self._restored = False
        self.now = now
        self.counts: Counter[str] = Counter()

    async def key_of(self, kind: str, content: Content, upload: Callable[[], Awaitable[Kept]]) -> tuple[str, bool]:
        """The key of some content, which is uploaded unless it was before; of two who want it one uploads.

        Args:
            kind: As what it is uploaded, with all that belongs to the upload besides the content, such as its name.
            content: What.
            upload: Does it.

        Returns:
            The key, and whether it was there before.

        Raises:
            ContentRefusedError: the content cannot be read.
            Exception: what `upload` raises.
        """
        await self._restore()
        digest = await content.digest()
        name = f"{kind}|{digest.hex()}"
        busy = self._busy.setdefault(name, asyncio.Lock())
        async with busy:
            known = self._find(name)
            if known is not None:
                self.counts["uploads_saved"] += 1
                return _taken(name, known.key, before=True), True
            kept = await upload()
            self.counts["uploads"] += 1
            if await content.is_still(digest):  # a file that was written meanwhile may have gone up as another
                self._keep(name, kept)
            return _taken(name, kept.key, before=False), False

    @contextmanager
    def taking(self) -> Iterator[Taken]:
        """Note which keys are got in the block: those of one send."""
        taken = Taken()
        token = _TAKING.set(taken)
        try:
            yield taken
        finally:
            _TAKING.reset(token)

    def forget_key(self, key: str) -> None:
        """The platform does not know a key any more."""
        for name, known in list(self._known.items()):
            if known.key == key:
                self._drop(name)

    def forget(self, taken: Taken) -> bool:
        """The platform does not know these keys any more; one that another send has replaced meanwhile stays.

        Returns:
            Whether one of them had been used again: then it may help to upload anew.
        """
        for name, key in taken.keys.items():
            known = self._known.get(name)
            if known is not None and known.key == key:
                self._drop(name)
        again, taken.reused = taken.reused, False
        taken.keys.clear()
        return again

    async def _restore(self) -> None:
        async with self._restoring:
            if self._restored:
                return
            for name, known in (await self._notes.read(_NOTES, _read)).items():
                if known.until is None or known.until > self.now():
                    self._known[name] = known
                else:
                    self._notes.drop(_NOTES, name)
            self._restored = True
            self._bound()

    def _find(self, name: str) -> _Known | None:
        known = self._known.get(name)
        if known is None:
            return None
        if known.until is not None and known.until <= self.now():
            self._drop(name)
            return None
        self._known.move_to_end(name)
        return known

    def _keep(self, name: str, kept: Kept) -> None:
        if kept.seconds is not None and kept.seconds <= 0:
            return
        until = None if kept.seconds is None else self.now() + kept.seconds
        self._known[name] = _Known(kept.key, until)
        self._notes.put(_NOTES, name, {"key": kept.key, "until": until})
        self._bound()

    def _bound(self) -> None:
        while len(self._known) > self._most:
            self._drop(next(iter(self._known)))

    def _drop(self, name: str) -> None:
        del self._known[name]
        self._notes.drop(_NOTES, name)


def _read(note: Any) -> _Known:
    key, until = note["key"], note["until"]
    if not isinstance(key, str) or not isinstance(until, float | int | None):
        raise TypeError("no key of an upload")
    return _Known(key, until)


def _taken(name: str, key: str, *, before: bool) -> str:
    taken = _TAKING.get()
    if taken is not None:
        taken.keys[name] = key
        taken.reused = taken.reused or before
    return key


async def again_when_gone(
    uploads: UploadedOnce,
    send: Callable[[str], Awaitable[SentT]],
    *,
    gone: Callable[[DeliveryError], bool],
) -> SentT:
    """Send something; once more, with what is in it uploaded anew, when the platform has dropped what we know.

    Args:
        uploads: What we know.
        send: Uploads what is not known, and sends; gets what is added to the key of the message.
        gone: Whether an error may say that.
    """
    with uploads.taking() as taken:
        try:
            return await send("")
        except DeliveryError as error:
            if error.ambiguous or not gone(error) or not uploads.forget(taken):
                raise
    return await send("-u")
