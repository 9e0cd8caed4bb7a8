"""Media on their way to the platform and back."""

import asyncio
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.uploads import HEAD, Content, Taker, look
from imbridge.adapters.wechat.api import WeChatApi
from imbridge.adapters.wechat.sent.formats import COVER, Format, format_of, suffix_of
from imbridge.protocol import (
    Audio,
    ContentRefusedError,
    Degradation,
    DeliveryError,
    Element,
    Image,
    Media,
    NotSupportedError,
    Sticker,
    Text,
    Video,
)
from imbridge.rendering import Part, PartKind
from imbridge.rendering.media import as_file, word_for
from imbridge.transport import HttpError, HttpPool
from imbridge.transport.files import incoming

_DOWNLOAD_TIMEOUT = 120.0
_TAKER = Taker("wechat", "WeChat")


class WeChatMedia:
    """Uploads what is sent, downloads what was received."""

    def __init__(self, api: WeChatApi, pool: HttpPool, *, download_limit: int) -> None:
        """Over one account's API; `download_limit` in bytes."""
        self._api = api
        self._pool = pool
        self._limit = download_limit

    async def uploaded(self, part: Part) -> tuple[Part, list[Degradation]]:
        """The part with a media_id in place of content; text in place of what the platform cannot show.

        Raises:
            ContentRefusedError: its content is empty, too large, or cannot be read.
            DeliveryError: as `WeChatApi`.
        """
        if part.kind is not PartKind.MEDIA:
            return part, []
        media = part.elements[0]
        if not isinstance(media, Media) or not media.has_content:
            return part, []
        element, degradations = await self._upload(media)
        return Part(PartKind.TEXT if isinstance(element, Text) else part.kind, (element,)), degradations

    async def _upload(self, media: Media) -> tuple[Element, list[Degradation]]:
        wanted = format_of(media)
        if wanted is None:
            raise NotSupportedError(f"an Official Account cannot send a {type(media).__name__}")
        content = await look(media, wanted.most, _TAKER)
        suffix = suffix_of(content.head, wanted)
        if not suffix:
            named = as_file(media, content.head).as_text()
            why = f"the platform takes {wanted.shown}"
            return Text(named), [Degradation(what=word_for(media), how="text", why=why)]
        key = await self._key_of(content, wanted, suffix)
        if isinstance(media, Video):
            cover, degradations = await self._cover(media)
            return Video(key=key, name=media.name, cover=cover), degradations
        if isinstance(media, Audio):
            return Audio(key=key), []
        why = "an Official Account sends no stickers"
        changed = [Degradation(what="sticker", how="image", why=why)] if isinstance(media, Sticker) else []
        return Image(key=key), changed

    async def _cover(self, video: Video) -> tuple[str, list[Degradation]]:
        """The key of the still picture; a video goes without one rather than not at all."""
        picture = video.cover_image
        if picture is None or not picture.has_content:
            return video.cover, []
        try:
            content = await look(picture, COVER.most, _TAKER)
        except ContentRefusedError as error:
            return "", [Degradation(what="cover", how="left out", why=str(error))]
        suffix = suffix_of(content.head, COVER)
        if not suffix:
            return "", [Degradation(what="cover", how="left out", why=f"the platform takes {COVER.shown}")]
        return await self._key_of(content, COVER, suffix), []

    async def _key_of(self, content: Content, wanted: Format, suffix: str) -> str:
        key = await self._api.upload(content, wanted.kind, f"{wanted.kind}{suffix}")
        if not key:
            raise DeliveryError("wechat media/upload: the answer has no media_id", platform="wechat")
        return key

    async def read(self, media: Media) -> bytes:
        """The bytes of something received.

        Raises:
            NotSupportedError: the platform does not hand it out.
            DeliveryError: it refused, or the file is larger than the limit.
        """
        answer = await self._api.download(_key(media), limit=self._limit)
        address = _address(answer)
        if not address:
            return answer.response.body
        try:
            response = await self._pool.request("GET", address, max_bytes=self._limit, timeout=_DOWNLOAD_TIMEOUT)
        except HttpError as error:
            raise DeliveryError(f"wechat video: {error}", platform="wechat") from None
        _check(response.status)
        return response.body

    async def save(self, media: Media, to: str | PathLike[str]) -> Path:
        """Write something received into a folder or a file; it is never whole in memory.

        Raises:
            NotSupportedError: the platform does not hand it out.
            DeliveryError: it refused, or the file is larger than the limit.
            OSError: it cannot be written there.
        """
        key = _key(media)
        async with incoming(to, getattr(media, "name", "")) as new:
            answer = await self._api.download(key, limit=self._limit, into=new.file)
            address = _address(answer)
            if address:
                await self._fetch(address, new.file)
            if not new.name:
                new.name = as_file(media, await asyncio.to_thread(_beginning, new.file)).name
        return new.path

    async def _fetch(self, address: str, file: BinaryIO) -> None:
        try:
            response = await self._pool.stream_to(file, address, max_bytes=self._limit, timeout=_DOWNLOAD_TIMEOUT)
        except HttpError as error:
            raise DeliveryError(f"wechat video: {error}", platform="wechat") from None
        _check(response.status)


def _key(media: Media) -> str:
    if not media.key:
        raise NotSupportedError(f"the platform gives no way to fetch this {type(media).__name__}")
    return media.key


def _address(answer: Answer) -> str:
    """Where a video is, which the platform does not give out itself; empty for everything else."""
    if not answer.body:
        return ""
    body: dict[str, Any] = answer.body
    address = str(body.get("video_url") or "")
    if urlsplit(address).scheme not in ("http", "https"):
        raise ContentRefusedError("wechat media/get: neither a file nor the address of one", platform="wechat")
    return address


def _check(status: int) -> None:
    if not 200 <= status < 300:
        raise DeliveryError(f"wechat video: the server answered HTTP {status}", code=status, platform="wechat")


def _beginning(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(HEAD)
