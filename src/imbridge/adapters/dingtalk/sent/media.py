"""Media on their way to the platform: what they are, how large, and as which kind of message they go.

Source: open.dingtalk.com, "upload media files": `POST /media/upload` of the older API; an id can be used again and
again, and is good as long as the organisation is there. So the same content is uploaded once.
"""

from collections.abc import Iterable
from typing import Any

from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.sent.formats import FILE_BYTES, IMAGE_BYTES, refusal, seconds_of
from imbridge.adapters.kept_uploads import KeptUploads
from imbridge.adapters.uploaded_once import Kept, UploadedOnce
from imbridge.adapters.uploads import Content, Taker, look, multipart
from imbridge.protocol import (
    Audio,
    ContentRefusedError,
    Degradation,
    DeliveryError,
    Element,
    File,
    Image,
    Loss,
    Media,
    Sticker,
    Video,
)
from imbridge.rendering import Part
from imbridge.rendering.media import as_file

UPLOAD = "/media/upload"
_TAKER = Taker("dingtalk", "DingTalk")


class DingTalkMedia:
    """Uploads what is sent."""

    def __init__(self, api: DingTalkApi, kept: KeptUploads) -> None:
        """Over one app's API."""
        self._api = api
        self.uploads = UploadedOnce(kept)

    async def uploaded(self, part: Part) -> tuple[Part, list[Degradation]]:
        """The part with keys in place of content, and what could not be sent as what it is.

        Raises:
            ContentRefusedError: something in it is empty, too large, or cannot be read.
            DeliveryError: the platform refuses an upload, or cannot be reached.
        """
        if not any(isinstance(element, Media) and _has_content(element) for element in part.elements):
            return part, []  # nearly all of what bots say
        degradations: list[Degradation] = []
        elements = [
            await self._upload(element, degradations)
            if isinstance(element, Media) and _has_content(element)
            else element
            for element in part.elements
        ]
        return part.holding(elements), degradations

    async def keys(self, images: Iterable[Image]) -> tuple[dict[int, str], list[Degradation]]:
        """The ids of a card's pictures, by `id()` of the element; one that cannot be shown is left out.

        Raises:
            DeliveryError: as `uploaded`.
        """
        found: dict[int, str] = {}
        degradations: list[Degradation] = []
        for image in images:
            try:
                found[id(image)] = await self.image(image)
            except ContentRefusedError as error:
                degradations.append(Degradation(loss=Loss.AS_TEXT, what="image", how="text", why=str(error)))
        return found, degradations

    async def image(self, image: Image | Sticker) -> str:
        """The id of a picture.

        Raises:
            ContentRefusedError: it is empty, too large, cannot be read, or is none that is shown.
            DeliveryError: as `uploaded`.
        """
        if not image.has_content:
            return image.key
        content = await look(image, IMAGE_BYTES, _TAKER)
        if (why := refusal(image, content)) is not None:
            raise ContentRefusedError(why, platform="dingtalk")
        return await self._put("image", content, as_file(image, content.head).name)

    async def _upload(self, media: Media, degradations: list[Degradation]) -> Element:
        if not media.has_content:  # a video that the platform has, with a cover that it does not have
            return await self._with_cover(media, degradations)
        content = await look(media, FILE_BYTES, _TAKER)
        why = refusal(media, content)
        if why is not None:
            degradations.append(
                Degradation(loss=Loss.REPLACED, what=str(getattr(media, "type", "media")), how="file", why=why)
            )
            media = as_file(media, content.head)
        name = as_file(media, content.head).name or "file"
        if isinstance(media, Image | Sticker):
            return Image(key=await self._put("image", content, name), alt=getattr(media, "alt", ""))
        if isinstance(media, Audio):
            return Audio(key=await self._put("voice", content, name), duration=seconds_of(media, content))
        if isinstance(media, Video):
            video = await self._with_cover(media, degradations)
            if isinstance(video, Video) and video.cover:
                key = await self._put("video", content, name)
                return Video(key=key, name=media.name, cover=video.cover, duration=seconds_of(media, content))
            why = "DingTalk shows no video without a cover"
            degradations.append(Degradation(loss=Loss.REPLACED, what="video", how="file", why=why))
        return File(key=await self._put("file", content, name), name=name)

    async def _with_cover(self, media: Media, degradations: list[Degradation]) -> Element:
        if not isinstance(media, Video) or media.cover_image is None:
            return media
        try:
            cover = await self.image(media.cover_image)
        except ContentRefusedError as error:
            degradations.append(Degradation(loss=Loss.DROPPED, what="cover", how="left out", why=str(error)))
            cover = media.cover
        return media.model_copy(update={"cover": cover, "cover_image": None})

    async def _put(self, kind: str, content: Content, name: str) -> str:
        """The id of some content, which is uploaded unless it was before."""
        shown = name if kind == "file" else ""  # a file is shown with its name
        return (await self.uploads.key_of(f"{kind} {shown}", content, lambda: self._uploaded(kind, content, name)))[0]

    async def _uploaded(self, kind: str, content: Content, name: str) -> Kept:
        def form() -> Any:
            return multipart({}, "media", content, name)

        limits = self._api.limits(UPLOAD)
        answer = await self._api.oapi.call("POST", UPLOAD, params={"type": kind}, form=form, limits=limits)
        media_id = answer.body.get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise DeliveryError("dingtalk media/upload: the answer holds no media_id", platform="dingtalk")
        return Kept(media_id)


def _has_content(media: Media) -> bool:
    return media.has_content or (isinstance(media, Video) and media.cover_image is not None)
