"""Media on their way to the platform and back."""

import asyncio
import io
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from imbridge.adapters.downloading import empty, in_time, saved, why_not
from imbridge.adapters.downloads import reach_of
from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.kept_uploads import KeptUploads
from imbridge.adapters.uploaded_once import Kept, UploadedOnce
from imbridge.adapters.uploads import Content, Taker, look
from imbridge.adapters.wechat.api import WeChatApi
from imbridge.adapters.wechat.sent.formats import COVER, Format, format_of, suffix_of
from imbridge.protocol import (
    Audio,
    ContentRefusedError,
    Degradation,
    DeliveryError,
    Element,
    Image,
    Loss,
    Media,
    NotSupportedError,
    Sticker,
    Text,
    Video,
)
from imbridge.rendering import Part, PartKind
from imbridge.rendering.media import as_file, word_for
from imbridge.transport import HttpError, HttpPool
from imbridge.transport.fetching import fetch
from imbridge.transport.reach import FetchRefusedError

_KEPT = 3 * 24 * 3600.0 - 3600
"""Seconds for which an upload is used again: the platform keeps it for three days."""
GONE = 40007
"""The code of an upload that it does not have any more."""
_TAKER = Taker("wechat", "WeChat")


class WeChatMedia:
    """Uploads what is sent, downloads what was received."""

    def __init__(self, api: WeChatApi, pool: HttpPool, kept: KeptUploads) -> None:
        """Over one account's API."""
        self._api = api
        self.uploads = UploadedOnce(kept)
        self._pool = pool
        self._limit = api.config.download_limit
        self._within = api.config.download_timeout
        self._reach = reach_of((api.config.base_url,))

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
            return Text(named), [Degradation(loss=Loss.AS_TEXT, what=word_for(media), how="text", why=why)]
        key = await self._key_of(content, wanted, suffix)
        if isinstance(media, Video):
            cover, degradations = await self._cover(media)
            return Video(key=key, name=media.name, cover=cover), degradations
        if isinstance(media, Audio):
            return Audio(key=key), []
        why = "an Official Account sends no stickers"
        changed = (
            [Degradation(loss=Loss.REPLACED, what="sticker", how="image", why=why)]
            if isinstance(media, Sticker)
            else []
        )
        return Image(key=key), changed

    async def _cover(self, video: Video) -> tuple[str, list[Degradation]]:
        """The key of the still picture; a video goes without one rather than not at all."""
        picture = video.cover_image
        if picture is None or not picture.has_content:
            return video.cover, []
        try:
            content = await look(picture, COVER.most, _TAKER)
        except ContentRefusedError as error:
            return "", [Degradation(loss=Loss.DROPPED, what="cover", how="left out", why=str(error))]
        suffix = suffix_of(content.head, COVER)
        if not suffix:
            return "", [
                Degradation(loss=Loss.DROPPED, what="cover", how="left out", why=f"the platform takes {COVER.shown}")
            ]
        return await self._key_of(content, COVER, suffix), []

    async def _key_of(self, content: Content, wanted: Format, suffix: str) -> str:
        async def upload() -> Kept:
            key = await self._api.upload(content, wanted.kind, f"{wanted.kind}{suffix}")
            if not key:
                raise DeliveryError("wechat media/upload: the answer has no media_id", platform="wechat")
            return Kept(key, _KEPT)

        return (await self.uploads.key_of(wanted.kind, content, upload))[0]

    async def read(self, media: Media) -> bytes:
        """The bytes of something received.

        Raises:
            NotSupportedError: the platform does not hand it out.
            DeliveryError: it refused, or the file is larger than the limit or takes too long.
        """
        file = io.BytesIO()
        await self._fetch(media, file)
        return file.getvalue()

    async def save(self, media: Media, to: str | PathLike[str]) -> Path:
        """Write something received into a folder or a file; it is never whole in memory.

        Raises:
            NotSupportedError: the platform does not hand it out.
            DeliveryError: as `read`.
            OSError: it cannot be written there.
        """
        return await saved(media, to, lambda file: self._fetch(media, file))

    async def _fetch(self, media: Media, file: BinaryIO) -> Mapping[str, str]:
        key = _key(media)
        what = f"wechat {type(media).__name__} {key}"
        async with in_time(what, "wechat", self._within):
            answer = await self._api.download(key, limit=self._limit, into=file)
            address = _address(answer)
            if not address:
                return answer.response.headers
            await asyncio.to_thread(empty, file)
            try:
                response = await fetch(
                    self._pool, address, file, max_bytes=self._limit, timeout=self._within, reach=self._reach
                )
            except FetchRefusedError as error:
                raise DeliveryError(f"{what}: {error}", platform="wechat") from None
            except HttpError as error:
                raise DeliveryError(f"{what}: {why_not(error, self._limit)}", platform="wechat") from None
        if not 200 <= response.status < 300:
            text = f"{what}: the server answered HTTP {response.status}"
            raise DeliveryError(text, code=response.status, platform="wechat")
        return response.headers


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
