"""Media on their way from a platform's storage: bounded, never whole in memory when saved, from the open network only.

The files lie on hosts of storage providers, which have many names, so it is not their names that are checked but that
an address leads into no network of ours.
"""

import asyncio
import io
import ipaddress
from abc import ABC, abstractmethod
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from yarl import URL

from imbridge.adapters.downloading import beginning, empty, why_not
from imbridge.protocol import DeliveryError, Media, TargetGoneError
from imbridge.rendering.media import as_file
from imbridge.transport import Backoff, HttpError, HttpPool
from imbridge.transport.files import incoming
from imbridge.transport.hosts import LOOPBACK

_TRIES = 4
_OURS = (".local", ".internal", ".localhost")
_GONE = (401, 403, 404, 410)


class Downloads(ABC):
    """Fetches what was received.

    Attributes:
        backoff: Waits between attempts.
    """

    def __init__(self, platform: str, pool: HttpPool, *, limit: int, places: Iterable[str]) -> None:
        """For one account.

        Args:
            platform: Its name in errors.
            pool: The process's connections.
            limit: Bytes of a file that are fetched at most.
            places: Where the account's API is: when that is this machine, files may lie there, too.
        """
        self._platform = platform
        self._pool = pool
        self._limit = limit
        self._local = any(urlsplit(place).hostname in LOOPBACK for place in places)
        self.backoff = Backoff(0.5, 5.0)

    @abstractmethod
    async def found(self, media: Media) -> str | None:
        """The address of a file; None when the platform told none.

        Raises:
            NotSupportedError: the platform does not hand it out.
        """

    async def read(self, media: Media) -> bytes:
        """The bytes.

        Raises:
            DeliveryError: they are gone, cannot be had, or are more than the limit.
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
            await self._fetch(media, new.file)
            if not new.name:
                new.name = as_file(media, await asyncio.to_thread(beginning, new.file)).name
        return new.path

    def checked(self, text: str) -> URL | None:
        """The address, encrypted; None for one that leads into a network of ours."""
        try:
            url = URL(text, encoded=True)
            host = url.host or ""
        except ValueError:
            return None
        if self._local and host in LOOPBACK and url.scheme in ("http", "https"):
            return url
        if url.scheme not in ("http", "https") or "." not in host or url.user is not None or _is_address(host):
            return None
        if url.explicit_port not in (None, 80, 443) or host.lower().rstrip(".").endswith(_OURS):
            return None
        return url.with_scheme("https").with_port(None) if url.scheme == "http" else url

    async def _fetch(self, media: Media, file: BinaryIO) -> None:
        what = f"{self._platform} {type(media).__name__}"
        told = await self.found(media)
        url = self.checked(told) if told is not None else None
        if url is None:
            raise DeliveryError(f"{what}: its address is none that is fetched from", platform=self._platform)
        attempt = 0
        while True:
            attempt += 1
            try:
                await self._attempt(what, url, file)
            except HttpError as error:
                # The address's path and query are a credential: the error says neither.
                failure = DeliveryError(f"{what}: {why_not(error, self._limit)}", platform=self._platform)
                if attempt == _TRIES or (error.status is not None and error.status < 500):
                    raise failure from None
            except DeliveryError as error:
                if attempt == _TRIES or not isinstance(error.code, int) or error.code < 500:
                    raise
            else:
                return
            await asyncio.sleep(self.backoff.delay(attempt - 1))

    async def _attempt(self, what: str, url: URL, file: BinaryIO) -> None:
        await asyncio.to_thread(empty, file)
        response = await self._pool.stream_to(file, url, max_bytes=self._limit)
        if response.status in _GONE:
            text = f"{what}: it cannot be had any more (HTTP {response.status})"
            raise TargetGoneError(text, code=response.status, platform=self._platform)
        if not 200 <= response.status < 300:
            raise DeliveryError(f"{what}: HTTP {response.status}", code=response.status, platform=self._platform)


def _is_address(host: str) -> bool:
    """An address in numbers, in any of the ways in which they are written (`127.1`, `0x7f.1`, `2130706433`)."""
    try:
        ipaddress.ip_address(host.rstrip("."))
    except ValueError:
        return all(part.isdigit() or part.lower().startswith("0x") for part in host.rstrip(".").split("."))
    return True
