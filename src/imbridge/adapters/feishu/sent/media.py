"""Media on their way to the platform and back: what they are, how large, and as which kind of message they go."""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from imbridge.adapters.downloading import in_time, saved
from imbridge.adapters.feishu.api import FeishuApi, download_kind
from imbridge.adapters.feishu.capabilities import FEISHU
from imbridge.adapters.feishu.sent.formats import FileType, document_type
from imbridge.adapters.kept_uploads import KeptUploads
from imbridge.adapters.uploaded_once import Kept, UploadedOnce
from imbridge.adapters.uploads import Content, Taker, look
from imbridge.media.formats import is_mp4, is_opus, opus_milliseconds
from imbridge.protocol import (
    Audio,
    ContentRefusedError,
    Degradation,
    Element,
    File,
    Image,
    Loss,
    Media,
    NotSupportedError,
    Sticker,
    Video,
)
from imbridge.rendering import Part
from imbridge.rendering.media import as_file

_TAKER = Taker("feishu", "Feishu")
_KEPT = 24 * 3600.0
"""Seconds for which a key is used again; the documents do not say how long it is good."""


class FeishuMedia:
    """Uploads what is sent, downloads what was received."""

    def __init__(self, api: FeishuApi, kept: KeptUploads, download_limit: int, download_timeout: float) -> None:
        """Over one account's API; `download_limit` in bytes, `download_timeout` in seconds."""
        self._api = api
        self.uploads = UploadedOnce(kept)
        self._limit = download_limit
        self._within = download_timeout

    async def uploaded(self, part: Part) -> tuple[Part, list[Degradation]]:
        """The part with keys in place of content, and what could not be sent as what it is.

        Raises:
            ContentRefusedError: something in it is empty, too large, or cannot be read.
            DeliveryError: as `FeishuApi`.
        """
        if not any(map(_needs_upload, part.elements)):
            return part, []  # nearly all of what bots say
        degradations: list[Degradation] = []
        elements: list[Element] = [
            await self._upload(element, degradations) if _needs_upload(element) else element
            for element in part.elements
        ]  # fmt: skip
        return part.holding(elements), degradations

    async def image_key(self, image: Image) -> str:
        """The key of an image, which is uploaded if need be.

        Raises:
            ContentRefusedError: it is empty, too large, or cannot be read.
            DeliveryError: as `FeishuApi`.
        """
        if not image.has_content:
            return image.key
        return await self._image(await _look(image, FEISHU.image_bytes))

    async def image_keys(self, images: Iterable[Image]) -> dict[int, str]:
        """The keys of the images that have to be uploaded, by `id()` of the element.

        Raises:
            ContentRefusedError: as `image_key`.
            DeliveryError: as `image_key`.
        """
        return {id(image): await self.image_key(image) for image in images if image.has_content}

    async def _upload(self, media: Element, degradations: list[Degradation]) -> Element:
        if isinstance(media, Image):
            return Image(key=await self.image_key(media), alt=media.alt)
        if isinstance(media, Video) and not media.has_content:
            return media.model_copy(update={"cover": await self._cover(media, degradations), "cover_image": None})
        if isinstance(media, Audio | Video):
            content = await _look(media, FEISHU.file_bytes)
            if isinstance(media, Audio) and is_opus(content.head):
                return await self._upload_voice(media, content)
            if isinstance(media, Video) and is_mp4(content.head):
                return await self._upload_film(media, content, degradations)
            shown = "Ogg Opus as a voice message" if isinstance(media, Audio) else "MP4 as a video"
            degradations.append(
                Degradation(loss=Loss.REPLACED, what=media.type, how="file", why=f"Feishu shows only {shown}")
            )
            return await self._upload_file(as_file(media, content.head), content)
        if isinstance(media, File):
            return await self._upload_file(media, await _look(media, FEISHU.file_bytes))
        if isinstance(media, Sticker):
            degradations.append(
                Degradation(
                    loss=Loss.REPLACED, what="sticker", how="image", why="Feishu takes only stickers it has sent"
                )
            )
            return Image(key=await self._image(await _look(media, FEISHU.image_bytes)))
        raise NotSupportedError(f"Feishu does not send a {type(media).__name__}")

    async def _upload_voice(self, audio: Audio, content: Content) -> Audio:
        milliseconds = _milliseconds(audio.duration)
        if milliseconds is None:
            milliseconds = opus_milliseconds(content.head, content.tail)
        name = as_file(audio, content.head).name
        return Audio(key=await self._file(content, name, "opus", milliseconds))

    async def _upload_film(self, video: Video, content: Content, degradations: list[Degradation]) -> Video:
        cover = await self._cover(video, degradations)
        name, milliseconds = as_file(video, content.head).name, _milliseconds(video.duration)
        key = await self._file(content, name, "mp4", milliseconds)
        return Video(key=key, name=video.name, cover=cover)

    async def _upload_file(self, file: File, content: Content) -> File:
        name = file.name or (Path(file.path).name if file.path else "file")
        return File(key=await self._file(content, name, document_type(name, content.head)), name=file.name)

    async def _image(self, content: Content) -> str:
        async def upload() -> Kept:
            return Kept(await self._api.upload_image(content), _KEPT)

        return (await self.uploads.key_of("image", content, upload))[0]

    async def _file(self, content: Content, name: str, kind: FileType, milliseconds: int | None = None) -> str:
        """Its name and length are part of an upload."""

        async def upload() -> Kept:
            return Kept(await self._api.upload_file(content, name, kind=kind, milliseconds=milliseconds), _KEPT)

        return (await self.uploads.key_of(f"{kind} {milliseconds} {name}", content, upload))[0]

    async def _cover(self, video: Video, degradations: list[Degradation]) -> str:
        """The key of the still picture; a video goes without one rather than not at all."""
        if video.cover_image is None:
            return video.cover
        try:
            return await self.image_key(video.cover_image) or video.cover
        except ContentRefusedError as error:
            degradations.append(Degradation(loss=Loss.DROPPED, what="cover", how="left out", why=str(error)))
            return video.cover

    async def read(self, message_id: str, media: Media) -> bytes:
        """The bytes of something received.

        Raises:
            NotSupportedError: the platform does not hand it out.
            DeliveryError: it refused, or the file is larger than the limit or takes too long.
        """
        async with in_time(_called(media), "feishu", self._within):
            return (await self._api.download(message_id, media.key, _kind(media), limit=self._limit)).body

    async def save(self, message_id: str, media: Media, to: str | PathLike[str]) -> Path:
        """Write something received into a folder or a file; it is never whole in memory.

        Raises:
            NotSupportedError: the platform does not hand it out.
            DeliveryError: as `read`.
            OSError: it cannot be written there.
        """
        kind = _kind(media)

        async def fetched(file: BinaryIO) -> Mapping[str, str]:
            async with in_time(_called(media), "feishu", self._within):
                answer = await self._api.download(message_id, media.key, kind, limit=self._limit, into=file)
            return answer.headers

        return await saved(media, to, fetched)


def _needs_upload(element: Element) -> bool:
    if isinstance(element, Sticker) and element.key:
        return False  # it was received: the key is what the platform wants
    return isinstance(element, Media) and (
        element.has_content or (isinstance(element, Video) and element.cover_image is not None)
    )


def _kind(media: Media) -> str:
    return download_kind(getattr(media, "type", "file"))


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _called(media: Media) -> str:
    return f"feishu {type(media).__name__} {media.key}"


async def _look(media: Media, limit: int) -> Content:
    """What is there to be sent, checked before anything leaves."""
    return await look(media, limit, _TAKER)
