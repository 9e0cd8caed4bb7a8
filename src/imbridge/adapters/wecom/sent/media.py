"""Media on their way to the platform and back: what they are, how large, and as which kind of message they go.

Source: developer.work.weixin.qq.com, "upload temporary media" (path/90253), "get temporary media" (path/90254): what
was uploaded, and what somebody sent, is there for three days.
"""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from imbridge.adapters.downloading import in_time, saved
from imbridge.adapters.kept_uploads import KeptUploads
from imbridge.adapters.uploaded_once import Kept, UploadedOnce
from imbridge.adapters.uploads import Content, Taker, look
from imbridge.adapters.wecom.api import WeComApi
from imbridge.media.formats import amr_seconds, is_amr, is_mp4, is_picture
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
    Video,
)
from imbridge.rendering import Part
from imbridge.rendering.media import as_file

IMAGE_BYTES, VIDEO_BYTES, VOICE_BYTES, FILE_BYTES = 10 << 20, 10 << 20, 2 << 20, 20 << 20
PICTURE_BYTES = 2 << 20
"""Of a picture that gets an address of its own."""
VOICE_SECONDS = 60.0
KEPT = 3 * 24 * 3600.0 - 3600
"""Seconds for which an upload is used again: the platform keeps it for three days."""
GONE = 40007
"""The code of an upload that it does not have any more."""
TAKER = Taker("wecom", "WeCom", least=6)  # "larger than 5 bytes"


class WeComMedia:
    """Uploads what is sent, downloads what was received."""

    def __init__(
        self, api: WeComApi, kept: KeptUploads, *, download_limit: int, download_timeout: float = 120.0
    ) -> None:
        """Over one app's API; `download_limit` in bytes, `download_timeout` in seconds."""
        self._api = api
        self.uploads = UploadedOnce(kept)
        self._limit = download_limit
        self._within = download_timeout

    async def uploaded(self, part: Part) -> tuple[Part, list[Degradation]]:
        """The part with keys in place of content, and what could not be sent as what it is.

        Raises:
            ContentRefusedError: something in it is empty, too large, or cannot be read.
            DeliveryError: as `WeComApi`.
        """
        if not any(isinstance(element, Media) and element.has_content for element in part.elements):
            return part, []  # nearly all of what bots say
        degradations: list[Degradation] = []
        elements = [
            await self._upload(element, degradations) if isinstance(element, Media) and element.has_content else element
            for element in part.elements
        ]
        return part.holding(elements), degradations

    async def addresses(self, images: Iterable[Image]) -> tuple[dict[int, str], list[Degradation]]:
        """Addresses of the pictures of a card, by `id()` of the element; one that has none is left out.

        Raises:
            DeliveryError: as `WeComApi`.
        """
        found: dict[int, str] = {}
        degradations: list[Degradation] = []
        for image in images:
            try:
                content = await _picture(image)
            except ContentRefusedError as error:
                degradations.append(Degradation(loss=Loss.AS_TEXT, what="image", how="text", why=str(error)))
            else:
                found[id(image)] = await self._address(content, name_of(image, content.head))
        return found, degradations

    async def _upload(self, media: Media, degradations: list[Degradation]) -> Element:
        if isinstance(media, File):
            return await self._upload_file(media, await look(media, FILE_BYTES, TAKER))
        content = await look(media, FILE_BYTES, TAKER)
        why = refusal(media, content)
        if why is not None:
            degradations.append(
                Degradation(loss=Loss.REPLACED, what=str(getattr(media, "type", "media")), how="file", why=why)
            )
            return await self._upload_file(as_file(media, content.head), content)
        name = name_of(media, content.head)
        if isinstance(media, Image):
            return Image(key=await self._put("image", content, name), alt=media.alt)
        if isinstance(media, Audio):
            return Audio(key=await self._put("voice", content, name))
        if isinstance(media, Video):
            return Video(key=await self._put("video", content, name), name=media.name)
        raise NotSupportedError(f"WeCom does not send a {type(media).__name__}")

    async def _upload_file(self, file: File, content: Content) -> File:
        return File(key=await self._put("file", content, name_of(file, content.head)), name=file.name)

    async def _put(self, kind: str, content: Content, name: str) -> str:
        async def upload() -> Kept:
            return Kept(await self._api.upload_media(kind, content, name), KEPT)

        shown = name if kind == "file" else ""  # a file is shown with its name
        return (await self.uploads.key_of(f"{kind} {shown}", content, upload))[0]

    async def _address(self, content: Content, name: str) -> str:
        async def upload() -> Kept:
            return Kept(await self._api.upload_picture(content, name))  # good for ever: path/90256

        return (await self.uploads.key_of("address", content, upload))[0]

    async def read(self, media: Media) -> bytes:
        """The bytes of something received.

        Raises:
            DeliveryError: it refused, it is gone after three days, is larger than the limit, or takes too long.
        """
        async with in_time(_called(media), "wecom", self._within):
            return (await self._api.download(_key(media), limit=self._limit)).body

    async def save(self, media: Media, to: str | PathLike[str]) -> Path:
        """Write something received into a folder or a file; it is never whole in memory.

        Raises:
            DeliveryError: as `read`.
            OSError: it cannot be written there.
        """
        key = _key(media)

        async def fetched(file: BinaryIO) -> Mapping[str, str]:
            async with in_time(_called(media), "wecom", self._within):
                return (await self._api.download(key, limit=self._limit, into=file)).headers

        return await saved(media, to, fetched)


async def _picture(image: Image) -> Content:
    """What is in a picture that is to have an address of its own.

    Raises:
        ContentRefusedError: it cannot have one.
    """
    if not image.has_content:
        raise ContentRefusedError("a received picture has no address", platform="wecom")
    content = await look(image, PICTURE_BYTES, TAKER)
    if not is_picture(content.head):
        raise ContentRefusedError("WeCom shows JPG and PNG", platform="wecom")
    return content


def refusal(media: Media, content: Content) -> str | None:
    """Why this cannot be shown as what it is, and goes as a file."""
    head = content.head
    if isinstance(media, Image):
        if not is_picture(head):
            return "WeCom shows JPG and PNG as images"
        return None if content.size <= IMAGE_BYTES else f"WeCom takes images of at most {IMAGE_BYTES >> 20} MB"
    if isinstance(media, Video):
        if not is_mp4(head):
            return "WeCom shows MP4 as a video"
        return None if content.size <= VIDEO_BYTES else f"WeCom takes videos of at most {VIDEO_BYTES >> 20} MB"
    if isinstance(media, Audio):
        if not is_amr(head):
            return "WeCom plays AMR as a voice message"
        seconds = media.duration if media.duration is not None else amr_seconds(head, content.size)
        if content.size > VOICE_BYTES or (seconds is not None and seconds > VOICE_SECONDS):
            return f"WeCom takes voice messages of at most {VOICE_BYTES >> 20} MB and {VOICE_SECONDS:.0f} seconds"
    return None


def name_of(media: Media, head: bytes) -> str:
    """What it is called there; `head` is its beginning."""
    return as_file(media, head).name or "file"


def _key(media: Media) -> str:
    if not media.key:
        raise NotSupportedError(f"this {type(media).__name__} has no key to fetch it by")
    return media.key


def _called(media: Media) -> str:
    return f"wecom {type(media).__name__} {media.key}"
