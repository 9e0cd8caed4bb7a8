"""Media on their way from the platform: fetched from an address that is good for 5 minutes, and decrypted.

Source: developer.work.weixin.qq.com, path/100719, path/101463.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, BinaryIO, ClassVar, cast

from imbridge.adapters.downloads import Downloads
from imbridge.adapters.notes import Notes
from imbridge.adapters.remembered import Remembered
from imbridge.adapters.wecom.bot.cipher import Decrypting, NotDecryptedError, media_key
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.protocol import DeliveryError, Media, NotSupportedError, TargetGoneError
from imbridge.transport import HttpPool

_MOST = 10_000
_VALID = 300.0


class BotDownloads(Downloads):
    """Fetches what was received. Address and key of each are kept here, for they are credentials.

    They are known after a restart: a message that was not handled comes again then.
    """

    gone: ClassVar[str] = "its address is good for 5 minutes"
    more: ClassVar[int] = 32  # padding

    def __init__(
        self, settings: WeComConfig, pool: HttpPool, notes: Notes, *, now: Callable[[], float] = time.time
    ) -> None:
        """For one account; `now` gives seconds since 1970."""
        super().__init__(
            "wecom",
            pool,
            limit=settings.download_limit,
            within=settings.download_timeout,
            places=(settings.base_url, settings.bot_url),
        )
        self._own_key = settings.aes_key.get_secret_value() if settings.aes_key is not None else ""
        self._places: Remembered[tuple[str, str]] = Remembered(
            notes, "media_address", most=_MOST, write=list, read=_read, now=now
        )

    async def restore(self) -> None:
        """Know again what came to an earlier process."""
        await self._places.restore()

    def remember(self, media: Mapping[str, tuple[str, str]]) -> None:
        """Media came: their addresses and keys, by the keys of their elements. No key: the account's own."""
        until = self._places.now() + _VALID
        for key, (url, aes_key) in media.items():
            self._places.put(key, (url, aes_key), until)

    async def found(self, media: Media) -> str | None:
        """The address that came with it."""
        if not media.key:
            raise NotSupportedError(f"the platform does not hand out this {type(media).__name__}")
        url, key = self._places.get(media.key) or ("", "")
        if not url:
            raise TargetGoneError(f"{_called(media)}: its address was good for 5 minutes", platform="wecom")
        try:
            media_key(key or self._own_key)
        except NotDecryptedError as error:
            raise DeliveryError(f"{_called(media)}: {error}", platform="wecom") from None
        return url

    @asynccontextmanager
    async def opened(self, media: Media, file: BinaryIO) -> AsyncIterator[BinaryIO]:
        """Decrypts what is written."""
        key = (self._places.get(media.key) or ("", ""))[1] or self._own_key
        try:
            into = Decrypting(file, media_key(key))
            yield cast("BinaryIO", into)
            await asyncio.to_thread(into.finish)
        except NotDecryptedError as error:
            raise DeliveryError(f"{_called(media)}: it cannot be decrypted: {error}", platform="wecom") from None


def _read(note: Any) -> tuple[str, str]:
    url, key = note
    return str(url), str(key)


def _called(media: Media) -> str:
    return f"wecom {type(media).__name__} {media.key}"
