"""Media on their way to the platform: by address, inside a JSON body, or in parts when they are large.

Source: bot.q.qq.com, "rich media": `POST .../files` gives a `file_info`, good for `ttl` seconds (0: for ever) and for
any person, or any group, but not for both. So the same content is uploaded once for each, while it lives. What is at an
address may change, so an address is fetched each time.
"""

import base64
from dataclasses import dataclass
from typing import Any

from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.adapters.kept_uploads import KeptUploads
from imbridge.adapters.qq.api import QQApi, kind_of
from imbridge.adapters.qq.errors import UNCONVERTED_CODES
from imbridge.adapters.qq.sent.chunks import upload_in_parts
from imbridge.adapters.qq.sent.formats import FILE, FILE_BYTES, INLINE_BYTES, WORDS, address_of, file_type, refusal
from imbridge.adapters.uploaded_once import Kept, UploadedOnce
from imbridge.adapters.uploads import Content, Taker, look
from imbridge.protocol import Channel, ContentRefusedError, Degradation, DeliveryError, Loss, Media
from imbridge.rendering.media import as_file

TAKER = Taker("qq", "QQ")
_MARGIN = 60.0
"""Seconds before its end from which on a `file_info` is not used."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that can be named in a message.

    Attributes:
        file_info: What it is named by.
        word: What it is shown as.
        degradations: What is shown otherwise than meant.
        reused: It was uploaded before.
    """

    file_info: str
    word: str
    degradations: tuple[Degradation, ...] = ()
    reused: bool = False


class QQMedia:
    """Uploads what is sent to single chats and groups."""

    def __init__(self, api: QQApi, kept: KeptUploads) -> None:
        """Over one bot's API."""
        self._api = api
        self.uploads = UploadedOnce(kept)

    async def uploaded(self, channel: Channel, media: Media) -> Uploaded:
        """What names it in a message to this single chat or group.

        Raises:
            ContentRefusedError: it is empty, too large, or cannot be read; or the platform takes it in no form.
            DeliveryError: the platform refuses the upload, or cannot be reached.
        """
        kind = file_type(media)
        if not media.is_at_hand:
            if address_of(media):
                return await self._fetched(channel, kind, media)
            if media.key:
                return Uploaded(media.key, WORDS[kind])
            raise ContentRefusedError(f"this {type(media).__name__} has neither data nor a key", platform="qq")
        content = await look(media, FILE_BYTES, TAKER)
        name = as_file(media, content.head).name or WORDS[kind]
        why = refusal(media, content.head, content.size)
        if why is None:
            try:
                return await self._put(channel, kind, content, name)
            except DeliveryError as error:
                if not _is_unconverted(kind, error):
                    raise
                why = str(error)  # it has the right beginning, and cannot be converted all the same
        lost = Degradation(loss=Loss.REPLACED, what=WORDS[kind], how="file", why=why)
        return await self._put(channel, FILE, content, name, lost)

    async def _fetched(self, channel: Channel, kind: int, media: Media) -> Uploaded:
        """What is at an address, which the platform fetches."""
        name = getattr(media, "name", "")
        body = {"url": address_of(media)} | ({"file_name": name} if name else {})
        self.uploads.counts["uploads"] += 1
        try:
            return Uploaded((await self._post(channel, kind, body)).key, WORDS[kind])
        except DeliveryError as error:
            if not _is_unconverted(kind, error):
                raise
            lost = Degradation(loss=Loss.REPLACED, what=WORDS[kind], how="file", why=str(error))
        return Uploaded((await self._post(channel, FILE, body)).key, WORDS[FILE], (lost,))

    async def _put(self, channel: Channel, kind: int, content: Content, name: str, *lost: Degradation) -> Uploaded:
        shown = name if kind == FILE else ""  # a file is shown with its name

        async def upload() -> Kept:
            body: dict[str, Any] = {"file_name": name}
            if content.size <= INLINE_BYTES:
                body["file_data"] = base64.b64encode(await content.read(INLINE_BYTES)).decode()
            else:
                body["upload_id"] = await upload_in_parts(self._api, channel, content, kind, name)
            return await self._post(channel, kind, body)

        called = f"{kind_of(channel)} {kind} {shown}"
        file_info, reused = await self.uploads.key_of(called, content, upload)
        return Uploaded(file_info, WORDS[kind], lost, reused=reused)

    async def _post(self, channel: Channel, kind: int, body: dict[str, Any]) -> Kept:
        answer = await self._api.upload(channel, {"file_type": kind, "srv_send_msg": False, **body})
        file_info = answer.get("file_info")
        if not isinstance(file_info, str) or not file_info:
            raise DegradeError("qq files: the answer holds no file_info", platform="qq")
        ttl = answer.get("ttl")
        if not isinstance(ttl, int) or ttl <= 0:
            return Kept(file_info, None if ttl == 0 else 0.0)
        return Kept(file_info, ttl - _MARGIN)


def _is_unconverted(kind: int, error: DeliveryError) -> bool:
    """Whether it may pass as a file."""
    return kind != FILE and error.code in UNCONVERTED_CODES
