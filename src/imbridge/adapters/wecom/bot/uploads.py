"""Media on their way to the platform: in chunks, over the long connection.

Source: developer.work.weixin.qq.com, path/101463: at most 100 chunks of 512 KB before Base64, within 30 minutes; the
same chunk twice counts once; the medium can be sent for three days. 30 uploads a minute and 1,000 an hour.
"""

import asyncio
import base64
import hashlib
from typing import Any, BinaryIO

from imbridge.adapters.kept_uploads import KeptUploads
from imbridge.adapters.uploaded_once import Kept, UploadedOnce
from imbridge.adapters.uploads import Content, look
from imbridge.adapters.wecom.bot.calls import BotCaller
from imbridge.adapters.wecom.bot.frames import UPLOAD_CHUNK, UPLOAD_FINISH, UPLOAD_INIT
from imbridge.adapters.wecom.bot.outbound import media_body
from imbridge.adapters.wecom.sent.media import FILE_BYTES, KEPT, TAKER, name_of, refusal
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
    Video,
)
from imbridge.rendering.media import as_file
from imbridge.transport import Rate

_CHUNK = 512 * 1024
_CHUNK_WITHIN = 30.0
"""Seconds for 700 KB to leave and be acknowledged."""
_MOST_TRIES = 2
_NAME_BYTES = 256
_KINDS: dict[type[Element], str] = {Image: "image", Audio: "voice", Video: "video", File: "file"}


class BotUploads:
    """Uploads what is sent."""

    def __init__(self, caller: BotCaller, kept: KeptUploads) -> None:
        """Over one bot's connection."""
        self._caller = caller
        self.once = UploadedOnce(kept)
        self._limits = (("uploads:minute", Rate.parse("30/61s")), ("uploads:hour", Rate.parse("1000/3660s")))

    async def body(self, media: Element, degradations: list[Degradation]) -> dict[str, Any]:
        """The body of a medium's message; the medium is uploaded.

        Raises:
            ContentRefusedError: it is empty, too large, cannot be read, or was received and not made here.
            DeliveryError: as `BotCaller.call`.
        """
        if not isinstance(media, Media) or not media.has_content:
            raise ContentRefusedError(f"this {type(media).__name__} carries nothing that can be sent", platform="wecom")
        content = await look(media, FILE_BYTES, TAKER)
        why = refusal(media, content)
        if why is not None:
            degradations.append(
                Degradation(loss=Loss.REPLACED, what=str(getattr(media, "type", "media")), how="file", why=why)
            )
            media = as_file(media, content.head)
        kind = _KINDS.get(type(media), "file")
        name = name_of(media, content.head)

        async def upload() -> Kept:
            return Kept(await self._upload(kind, name, content), KEPT)

        shown = name if kind == "file" else ""  # a file is shown with its name
        media_id, _ = await self.once.key_of(f"{kind} {shown}", content, upload)
        return media_body(kind, media_id, getattr(media, "name", ""))

    async def _upload(self, kind: str, name: str, content: Content) -> str:
        """All of it anew when its end got lost: a medium that nobody sends is seen by nobody."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(kind, name, content)
            except DeliveryError as error:
                if not error.ambiguous or attempt == _MOST_TRIES:
                    error.ambiguous = False  # no message has left
                    raise

    async def _attempt(self, kind: str, name: str, content: Content) -> str:
        file = await content.open()
        try:
            md5 = await asyncio.to_thread(_md5, file)
            count = -(-content.size // _CHUNK)
            init = {
                "type": kind,
                "filename": _shortened(name),
                "total_size": content.size,
                "total_chunks": count,
                "md5": md5,
            }
            begun = await self._caller.call(UPLOAD_INIT, init, limits=self._limits, repeatable=True)
            upload_id = _text(begun.body, "upload_id", UPLOAD_INIT)
            for index in range(count):
                data = await asyncio.to_thread(file.read, _CHUNK)
                chunk = {
                    "upload_id": upload_id,
                    "chunk_index": index,
                    "base64_data": base64.b64encode(data).decode("ascii"),
                }
                await self._caller.call(UPLOAD_CHUNK, chunk, repeatable=True, ack_within=_CHUNK_WITHIN)
        finally:
            await asyncio.to_thread(file.close)
        done = await self._caller.call(UPLOAD_FINISH, {"upload_id": upload_id}, ack_within=_CHUNK_WITHIN)
        return _text(done.body, "media_id", UPLOAD_FINISH)


def _md5(file: BinaryIO) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    while data := file.read(_CHUNK):
        digest.update(data)
    file.seek(0)
    return digest.hexdigest()


def _shortened(name: str) -> str:
    """A name that the platform takes, its suffix kept."""
    if len(name.encode()) <= _NAME_BYTES:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > 32:
        stem, dot, suffix = name, "", ""
    room = _NAME_BYTES - len((dot + suffix).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + suffix


def _text(body: dict[str, Any], name: str, cmd: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise DeliveryError(f"wecom {cmd}: an acknowledgement without {name}", platform="wecom")
    return value
