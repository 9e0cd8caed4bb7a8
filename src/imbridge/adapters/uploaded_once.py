"""What an account has uploaded: the same content goes up once while the platform keeps it.

The keys are of one account: the platforms give them to whoever uploaded, and to nobody else.
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Self, TypeVar
from weakref import WeakValueDictionary

from imbridge.adapters.kept_uploads import KeptUploads, Upload
from imbridge.adapters.uploads import Content
from imbridge.protocol import DeliveryError, ImbridgeError

log = logging.getLogger(__name__)

SentT = TypeVar("SentT")

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
class Taken:
    """The keys that one send has got, in the block that it is the context manager of.

    Attributes:
        keys: By what they are of.
        reused: One of them was there before: the platform may have dropped it.
    """

    keys: dict[str, str] = field(default_factory=dict)
    reused: bool = False
    _token: "Token[Taken | None] | None" = field(default=None, init=False, repr=False, compare=False)

    def __enter__(self) -> Self:
        self._token = _TAKING.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _TAKING.reset(self._token)


_TAKING: ContextVar[Taken | None] = ContextVar("imbridge_uploads_taken", default=None)


class UploadedOnce:
    """Keys by what was uploaded as what, for one account; the newest of them.

    Attributes:
        counts: `uploads`, and `uploads_saved`: those that were not needed.
        now: Gives seconds of the wall clock, which goes on over a restart.
    """

    def __init__(self, kept: KeptUploads, *, most: int = _MOST, now: Callable[[], float] = time.time) -> None:
        """Nothing is known; what an earlier process knew is looked for with the first upload."""
        self._kept = kept
        self._most = most
        self._known: OrderedDict[str, Upload] = OrderedDict()
        self._gone: OrderedDict[str, str] = OrderedDict()
        """Keys that the platform does not know any more: who keeps uploads may have them still."""
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
            known = self._find(name) or await self._look(name)
            if known is not None:
                self.counts["uploads_saved"] += 1
                return _taken(name, known.key, before=True), True
            kept = await upload()
            self.counts["uploads"] += 1
            if await content.is_still(digest):  # a file that was written meanwhile may have gone up as another
                await self._keep(name, kept)
            return _taken(name, kept.key, before=False), False

    def taking(self) -> Taken:
        """Note which keys are got in the block: those of one send."""
        return Taken()

    def forget_key(self, key: str) -> None:
        """The platform does not know a key any more."""
        for name, known in list(self._known.items()):
            if known.key == key:
                self._lose(name)

    def forget(self, taken: Taken) -> bool:
        """The platform does not know these keys any more; one that another send has replaced meanwhile stays.

        Returns:
            Whether one of them had been used again: then it may help to upload anew.
        """
        for name, key in taken.keys.items():
            known = self._known.get(name)
            if known is not None and known.key == key:
                self._lose(name)
        again, taken.reused = taken.reused, False
        taken.keys.clear()
        return again

    async def _restore(self) -> None:
        async with self._restoring:
            if self._restored:
                return
            for name, known in (await self._kept.known()).items():
                if self._is_there(known):
                    self._known[name] = known
                else:
                    self._kept.drop(name)
            self._restored = True
            self._bound()

    def _find(self, name: str) -> Upload | None:
        known = self._known.get(name)
        if known is None:
            return None
        if not self._is_there(known):
            self._drop(name)
            return None
        self._known.move_to_end(name)
        return known

    async def _look(self, name: str) -> Upload | None:
        """What another process has uploaded."""
        try:
            found = await self._kept.find(name)
        except ImbridgeError as error:
            log.warning("it cannot be told whether something is uploaded already, so it is uploaded: %s", error)
            return None
        if found is None or not self._is_there(found) or self._gone.get(name) == found.key:
            return None
        self._known[name] = found
        self._bound()
        return found

    def _is_there(self, upload: Upload) -> bool:
        return upload.until is None or upload.until > self.now()

    async def _keep(self, name: str, kept: Kept) -> None:
        if kept.seconds is not None and kept.seconds <= 0:
            return
        until = None if kept.seconds is None else self.now() + kept.seconds
        self._known[name] = upload = Upload(kept.key, until)
        self._gone.pop(name, None)
        try:
            await self._kept.put(name, upload)
        except ImbridgeError as error:
            log.warning("an upload could not be kept, and is made again after a restart: %s", error)
        self._bound()

    def _lose(self, name: str) -> None:
        """The platform does not know it."""
        self._gone[name] = self._known[name].key
        self._gone.move_to_end(name)
        while len(self._gone) > self._most:
            self._gone.popitem(last=False)
        self._drop(name)

    def _bound(self) -> None:
        while len(self._known) > self._most:
            self._drop(next(iter(self._known)))

    def _drop(self, name: str) -> None:
        del self._known[name]
        self._kept.drop(name)


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
