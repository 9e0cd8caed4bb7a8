"""Media on their way from the platform: a code, for which it gives an address, which is fetched.

Source: open.dingtalk.com, "download the file content of messages received by robots":
`POST /v1.0/robot/messageFiles/download`.
"""

import asyncio
import io
import ipaddress
from os import PathLike
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from yarl import URL

from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.downloading import beginning, empty, why_not
from imbridge.protocol import DeliveryError, Media, NotSupportedError, TargetGoneError
from imbridge.rendering.media import as_file
from imbridge.transport import Backoff, HttpError, HttpPool
from imbridge.transport.files import incoming
from imbridge.transport.hosts import LOOPBACK

PATH = "/v1.0/robot/messageFiles/download"
_TRIES = 4
_GONE = (401, 403, 404, 410)


class Downloads:
    """Fetches what was received.

    Attributes:
        backoff: Waits between attempts.
    """

    def __init__(self, api: DingTalkApi, pool: HttpPool) -> None:
        """Over one app's API."""
        self._api = api
        self._pool = pool
        self._limit = api.config.download_limit
        places = (api.config.base_url, api.config.oapi_url)
        self._local = any(urlsplit(place).hostname in LOOPBACK for place in places)
        self.backoff = Backoff(0.5, 5.0)

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

    async def _fetch(self, media: Media, file: BinaryIO) -> None:
        what = f"dingtalk {type(media).__name__}"
        url = await self._address(media, what)
        attempt = 0
        while True:
            attempt += 1
            try:
                await self._attempt(what, url, file)
            except HttpError as error:
                # The address's path and query are a credential: the error says neither.
                failure = DeliveryError(f"{what}: {why_not(error, self._limit)}", platform="dingtalk")
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
            raise TargetGoneError(text, code=response.status, platform="dingtalk")
        if not 200 <= response.status < 300:
            raise DeliveryError(f"{what}: HTTP {response.status}", code=response.status, platform="dingtalk")

    async def _address(self, media: Media, what: str) -> URL:
        if not media.key:
            raise NotSupportedError(f"DingTalk does not hand out this {type(media).__name__}: it has no downloadCode")
        sent = {"downloadCode": media.key, "robotCode": self._api.config.robot}
        answer = await self._api.caller.call("POST", PATH, json=sent, limits=self._api.limits(PATH))
        found = answer.body.get("downloadUrl")
        url = self._checked(found) if isinstance(found, str) else None
        if url is None:
            raise DeliveryError(f"{what}: its address is none that is fetched from", platform="dingtalk")
        return url

    def _checked(self, text: str) -> URL | None:
        """The address, encrypted; None for one that leads into a network of ours.

        The files lie on hosts of a storage provider, which have many names, so it is not their names that are checked.
        """
        try:
            url = URL(text, encoded=True)
            host = url.host or ""
        except ValueError:
            return None
        if self._local and host in LOOPBACK and url.scheme in ("http", "https"):
            return url
        if url.scheme not in ("http", "https") or "." not in host or url.user is not None or _is_address(host):
            return None
        if url.explicit_port not in (None, 80, 443) or host.lower().endswith((".local", ".internal", ".localhost")):
            return None
        return url.with_scheme("https").with_port(None) if url.scheme == "http" else url


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
