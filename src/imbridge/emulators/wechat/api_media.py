"""Temporary media: `media/upload`, `media/get`, `media/uploadimg`, and the public addresses of files.

Sources: https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia.html and
.../api_getmedia.html. A thumbnail's id comes as `thumb_media_id`, against the document
(https://github.com/silenceper/wechat/pull/14); a video comes as the address of one.
"""

import io
from typing import Any, cast

from aiohttp import BodyPartReader, MultipartReader

from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.gateway import Answer, Call, Routes
from imbridge.emulators.wechat.media import Kind, Media, ending

TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "amr": "audio/amr",
    "mp3": "audio/mp3",
    "mp4": "video/mp4",
}
SIZE_CODES = {"image": 40009, "voice": 40010, "video": 40011, "thumb": 40012}
ARTICLE_IMAGE_LIMIT = 1024 * 1024


def add_routes(routes: Routes) -> None:
    """Adds the routes."""
    routes.add("POST", "/cgi-bin/media/upload", upload)
    routes.add("POST", "/cgi-bin/media/uploadimg", upload_article_image)
    routes.add("GET", "/cgi-bin/media/get", get)
    routes.add_below("GET", "/mmbiz/", public)


async def upload(call: Call) -> dict[str, Any]:
    """Keeps a file for three days.

    Raises:
        ApiError: 40004 no such type, 41005 no part `media`, 44001 it is empty, 40005 it is no file of this type,
            40009 to 40012 it is too large.
    """
    kind = call.param("type")
    if kind not in SIZE_CODES:
        raise ApiError(40004)
    data, name = await _part(call)
    settings = call.world.settings
    limits = (settings.image_limit, settings.voice_limit, settings.video_limit, settings.thumb_limit)
    limit = dict(zip(SIZE_CODES, limits, strict=True))[kind]
    if len(data) > limit:
        raise ApiError(SIZE_CODES[kind])
    if ending(kind, data) is None:
        raise ApiError(40005)
    media = call.world.media.add(call.account, cast("Kind", kind), data, name=name)
    call.world.stats.uploads += 1
    id_name = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, id_name: media.media_id, "created_at": media.created, "item": []}


async def upload_article_image(call: Call) -> dict[str, Any]:
    """Keeps a picture for good; it is used by its address."""
    data, name = await _part(call)
    if ending("image", data) not in ("jpg", "png"):
        raise ApiError(40005)
    if len(data) > ARTICLE_IMAGE_LIMIT:
        raise ApiError(40009)
    media = call.world.media.add(call.account, "image", data, name=name, permanent=True)
    call.world.stats.uploads += 1
    return {"url": call.world.address(media)}


def get(call: Call) -> Any:
    """A file, or the address of a video.

    Raises:
        ApiError: 41006 none named, 40007 there is no such file of the account (any more).
    """
    media_id = call.param("media_id")
    if not media_id:
        raise ApiError(41006)
    media = call.world.media.of(call.account, media_id)
    if media is None:
        raise ApiError(40007)
    call.world.stats.downloads += 1
    if media.kind == "video":
        return {"video_url": call.world.address(media)}
    return _file(media)


def public(call: Call) -> Answer:
    """A file by its public address, for everybody."""
    media = call.world.media.get(call.path.rpartition("/")[2])
    return Answer(b"", status=404) if media is None else _file(media)


def _file(media: Media) -> Answer:
    suffix = ending(media.kind, media.data) or "bin"
    headers = {
        "Content-Type": TYPES.get(suffix, "application/octet-stream"),
        "Content-disposition": f'attachment; filename="{media.media_id}.{suffix}"',
    }
    return Answer(media.data, headers)


async def _part(call: Call) -> tuple[bytes, str]:
    if not call.request.headers.get("Content-Type", "").startswith("multipart/"):
        raise ApiError(41005)
    reader = await call.request.multipart()
    while (part := await reader.next()) is not None:
        if isinstance(part, MultipartReader):
            continue
        if part.name == "media":
            return await _read(part), part.filename or ""
    raise ApiError(41005)


async def _read(part: BodyPartReader) -> bytes:
    data = io.BytesIO()
    while chunk := await part.read_chunk():
        data.write(chunk)
    if not data.getbuffer().nbytes:
        raise ApiError(44001)
    return data.getvalue()
