"""What an account has uploaded: the same content goes up once while the platform keeps it.

The keys are of one account: the platforms give them to whoever uploaded, and to nobody else.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from imbridge.adapters.notes import Notes
from imbridge.adapters.uploads import Content, digest_of
from imbridge.protocol import DeliveryError, Media

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
    used: int = 0


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
        name = f"{kind}|{(await content.digest()).hex()}"
        busy = self._busy.setdefault(name, asyncio.Lock())
        async with busy:
            known = self._find(name)
            if known is not None:
                known.used += 1
                self.counts["uploads_saved"] += 1
                return known.key, True
            kept = await upload()
            self.counts["uploads"] += 1
            self._keep(name, kept)
            return kept.key, False

    def forget_key(self, key: str) -> None:
        """The platform does not know a key any more."""
        for name, known in list(self._known.items()):
            if known.key == key:
                self._drop(name)

    async def forget(self, media: Iterable[Media]) -> bool:
        """The platform does not know the keys of these any more.

        Returns:
            Whether one of them had been used again: then it may help to upload anew.
        """
        again = False
        for medium in media:
            digest = await digest_of(medium)
            for name, known in list(self._known.items()):
                if digest and name.endswith(f"|{digest.hex()}"):
                    again = again or known.used > 0
                    self._drop(name)
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
    # An earlier process uploaded it: whoever uses it uses it again.
    return _Known(key, until)


async def again_when_gone(
    uploads: UploadedOnce,
    media: Iterable[Media],
    send: Callable[[str], Awaitable[SentT]],
    *,
    gone: Callable[[DeliveryError], bool],
) -> SentT:
    """Send something; once more, with what is in it uploaded anew, when the platform has dropped what we know.

    Args:
        uploads: What we know.
        media: What is in it.
        send: Uploads what is not known, and sends; gets what is added to the key of the message.
        gone: Whether an error may say that.
    """
    try:
        return await send("")
    except DeliveryError as error:
        if error.ambiguous or not gone(error) or not await uploads.forget(media):
            raise
    return await send("-u")
