"""Media on their way from the platform: fetched from an address that is good for 5 minutes, and decrypted.

Source: developer.work.weixin.qq.com, path/100719, path/101463.
"""

import asyncio
import io
import time
from collections import OrderedDict
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from imbridge.adapters.downloading import beginning, empty, why_not
from imbridge.adapters.wecom.bot.cipher import Decrypting, NotDecryptedError, media_key
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.adapters.wecom.sent.media import named
from imbridge.protocol import DeliveryError, Media, NotSupportedError, TargetGoneError
from imbridge.rendering.media import as_file
from imbridge.transport import Backoff, HttpError, HttpPool, HttpResponse
from imbridge.transport.files import incoming
from imbridge.transport.hosts import LOOPBACK

_MOST = 10_000
_VALID = 300.0
_TRIES = 4
_GONE = (401, 403, 404, 410)


class BotDownloads:
    """Fetches what was received. Address and key of each are kept here, for they are credentials.

    Attributes:
        backoff: Waits between attempts.
    """

    def __init__(self, settings: WeComConfig, pool: HttpPool) -> None:
        """For one account."""
        self._pool = pool
        self._limit = settings.download_limit
        places = (settings.base_url, settings.bot_url)
        self._may_be_plain = any(urlsplit(place).hostname in LOOPBACK for place in places)
        self._own_key = settings.aes_key.get_secret_value() if settings.aes_key is not None else ""
        self._places: OrderedDict[str, tuple[str, str, float]] = OrderedDict()
        self.backoff = Backoff(0.5, 5.0)

    def remember(self, media: Mapping[str, tuple[str, str]]) -> None:
        """Media came: their addresses and keys, by the keys of their elements. No key: the account's own."""
        until = time.monotonic() + _VALID
        for key, (url, aes_key) in media.items():
            self._places[key] = (url, aes_key or self._own_key, until)
        while len(self._places) > _MOST:
            self._places.popitem(last=False)

    async def read(self, media: Media) -> bytes:
        """The bytes.

        Raises:
            DeliveryError: they are gone after 5 minutes, cannot be had, or are more than the limit.
            NotSupportedError: the platform does not hand it out.
        """
        file = io.BytesIO()
        await self._fetch(media, file)
        return file.getvalue()

    async def save(self, media: Media, to: str | PathLike[str]) -> Path:
        """Write it into a folder or a file; it is never whole in memory.

        Raises:
            DeliveryError: as `read`.
            NotSupportedError: as `read`.
            OSError: it cannot be written there.
        """
        async with incoming(to, getattr(media, "name", "")) as new:
            response = await self._fetch(media, new.file)
            new.name = new.name or named(response.headers.get("Content-Disposition", ""))
            if not new.name:
                new.name = as_file(media, await asyncio.to_thread(beginning, new.file)).name
        return new.path

    async def _fetch(self, media: Media, file: BinaryIO) -> HttpResponse:
        what = f"wecom {type(media).__name__} {media.key}"
        url, key = self._place(media, what)
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(what, url, key, file)
            except HttpError as error:
                passing = error.status is None or error.status >= 500
                if not passing or attempt == _TRIES:
                    raise DeliveryError(f"{what}: {why_not(error, self._limit)}", platform="wecom") from None
            except DeliveryError as error:
                if attempt == _TRIES or not isinstance(error.code, int) or error.code < 500:
                    raise
            await asyncio.sleep(self.backoff.delay(attempt - 1))

    async def _attempt(self, what: str, url: str, key: bytes, file: BinaryIO) -> HttpResponse:
        await asyncio.to_thread(empty, file)
        into = Decrypting(file, key)
        response = await self._pool.stream_to(cast("BinaryIO", into), url, max_bytes=self._limit + 32)
        if response.status in _GONE:
            text = f"{what}: its address is good for 5 minutes (HTTP {response.status})"
            raise TargetGoneError(text, code=response.status, platform="wecom")
        if not 200 <= response.status < 300:
            raise DeliveryError(f"{what}: HTTP {response.status}", code=response.status, platform="wecom")
        try:
            await asyncio.to_thread(into.finish)
        except NotDecryptedError as error:
            raise DeliveryError(f"{what}: it cannot be decrypted: {error}", platform="wecom") from None
        return response

    def _place(self, media: Media, what: str) -> tuple[str, bytes]:
        if not media.key:
            raise NotSupportedError(f"the platform does not hand out this {type(media).__name__}")
        url, key, until = self._places.get(media.key, ("", "", 0.0))
        if not url or time.monotonic() > until:
            raise TargetGoneError(f"{what}: its address was good for 5 minutes", platform="wecom")
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            host = None
        if not host or not (parts.scheme == "https" or (self._may_be_plain and host in LOOPBACK)):
            raise DeliveryError(f"{what}: its address is none that is fetched from", platform="wecom")
        try:
            return url, media_key(key)
        except NotDecryptedError as error:
            raise DeliveryError(f"{what}: {error}", platform="wecom") from None
