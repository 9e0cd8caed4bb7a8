"""Media on their way from a platform's storage: bounded, never whole in memory when saved, from the open network only.

The files lie on hosts of storage providers, which have many names, so it is not their names that are checked but that
an address leads into no network of ours.
"""

import asyncio
import io
import ipaddress
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from os import PathLike
from pathlib import Path
from typing import BinaryIO, ClassVar
from urllib.parse import urlsplit

from yarl import URL

from imbridge.adapters.downloading import empty, in_time, saved, why_not
from imbridge.protocol import DeliveryError, Media, TargetGoneError
from imbridge.transport import Backoff, HttpError, HttpPool, HttpResponse
from imbridge.transport.fetching import fetch
from imbridge.transport.hosts import LOOPBACK
from imbridge.transport.reach import FetchRefusedError, Reach

_TRIES = 4
_OURS = (".local", ".internal", ".localhost")
_GONE = (401, 403, 404, 410)
_HERE = Reach.of((*LOOPBACK, "127.0.0.0/8"))


def reach_of(places: Iterable[str]) -> Reach | None:
    """What may be fetched from besides the open network: this machine, where an account's API is on it, too."""
    return _HERE if any(urlsplit(place).hostname in LOOPBACK for place in places) else None


class Downloads(ABC):
    """Fetches what was received.

    Attributes:
        gone: What is said of a file that is not there any more.
        more: Bytes that come on top of a file's own.
        backoff: Waits between attempts.
    """

    gone: ClassVar[str] = "it cannot be had any more"
    more: ClassVar[int] = 0

    def __init__(self, platform: str, pool: HttpPool, *, limit: int, within: float, places: Iterable[str]) -> None:
        """For one account.

        Args:
            platform: Its name in errors.
            pool: The process's connections.
            limit: Bytes of a file that are fetched at most.
            within: Seconds for a file, with all attempts.
            places: Where the account's API is: when that is this machine, files may lie there, too.
        """
        self._platform = platform
        self._pool = pool
        self._limit = limit
        self._within = within
        self._reach = reach_of(places)
        self.backoff = Backoff(0.5, 5.0)

    @abstractmethod
    async def found(self, media: Media) -> str | None:
        """The address of a file; None when the platform told none.

        Raises:
            NotSupportedError: the platform does not hand it out.
            DeliveryError: it cannot be had.
        """

    @asynccontextmanager
    async def opened(self, media: Media, file: BinaryIO) -> AsyncIterator[BinaryIO]:
        """What the bytes of one attempt are written into; override it where they are not the file's own.

        Raises:
            DeliveryError: they are no file.
        """
        yield file

    async def read(self, media: Media) -> bytes:
        """The bytes.

        Raises:
            DeliveryError: they are gone, cannot be had, are more than the limit, or take too long.
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

        async def fetched(file: BinaryIO) -> Mapping[str, str]:
            return (await self._fetch(media, file)).headers

        return await saved(media, to, fetched)

    def checked(self, text: str) -> URL | None:
        """The address, encrypted; None for one that leads into a network of ours by what it says."""
        try:
            url = URL(text, encoded=True)
            host = url.host or ""
        except ValueError:
            return None
        if url.scheme not in ("http", "https") or url.user is not None:
            return None
        if (self._reach is not None and host in LOOPBACK) or self._pool.reach.names_host(host):
            return url
        if "." not in host or _is_address(host):
            return None
        if url.explicit_port not in (None, 80, 443) or host.lower().rstrip(".").endswith(_OURS):
            return None
        return url.with_scheme("https").with_port(None) if url.scheme == "http" else url

    async def _fetch(self, media: Media, file: BinaryIO) -> HttpResponse:
        what = f"{self._platform} {type(media).__name__}"
        async with in_time(what, self._platform, self._within):
            told = await self.found(media)
            url = self.checked(told) if told is not None else None
            if url is None:
                raise DeliveryError(f"{what}: its address is none that is fetched from", platform=self._platform)
            attempt = 0
            while True:
                attempt += 1
                try:
                    return await self._attempt(what, media, url, file)
                except FetchRefusedError as error:
                    raise DeliveryError(f"{what}: {error}", platform=self._platform) from None
                except HttpError as error:
                    # The address's path and query are a credential: the error says neither.
                    failure = DeliveryError(f"{what}: {why_not(error, self._limit)}", platform=self._platform)
                    if attempt == _TRIES or (error.status is not None and error.status < 500):
                        raise failure from None
                except DeliveryError as error:
                    if attempt == _TRIES or not isinstance(error.code, int) or error.code < 500:
                        raise
                await asyncio.sleep(self.backoff.delay(attempt - 1))

    async def _attempt(self, what: str, media: Media, url: URL, file: BinaryIO) -> HttpResponse:
        await asyncio.to_thread(empty, file)
        async with self.opened(media, file) as into:
            most = self._limit + self.more
            response = await fetch(self._pool, url, into, max_bytes=most, timeout=self._within, reach=self._reach)
            if response.status in _GONE:
                text = f"{what}: {self.gone} (HTTP {response.status})"
                raise TargetGoneError(text, code=response.status, platform=self._platform)
            if not 200 <= response.status < 300:
                raise DeliveryError(f"{what}: HTTP {response.status}", code=response.status, platform=self._platform)
        return response


def _is_address(host: str) -> bool:
    """An address in numbers, in any of the ways in which they are written (`127.1`, `0x7f.1`, `2130706433`)."""
    try:
        ipaddress.ip_address(host.rstrip("."))
    except ValueError:
        return all(part.isdigit() or part.lower().startswith("0x") for part in host.rstrip(".").split("."))
    return True
