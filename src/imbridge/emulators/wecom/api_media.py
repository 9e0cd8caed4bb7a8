"""`media/upload`, `media/get`, `media/uploadimg`, and the address of a picture (`PicUrl`).

Rules: https://developer.work.weixin.qq.com/document/path/90253, /path/90254, /path/90256.
"""

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from imbridge.emulators.wecom.errors import ApiError
from imbridge.emulators.wecom.gateway import Raw
from imbridge.emulators.wecom.multipart import check_format, posted_file
from imbridge.emulators.wecom.uploads import Upload

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call, Routes
    from imbridge.emulators.wecom.settings import EmulatorSettings

KINDS = frozenset({"image", "voice", "video", "file"})
INLINE_IMAGE = 2 * 1024 * 1024


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "media/upload", upload)
    routes.add("GET", "media/get", get)
    routes.add("POST", "media/uploadimg", upload_image)
    routes.add_below("/wwpic/", picture)


def size_limit(settings: "EmulatorSettings", kind: str) -> int:
    """The largest file of a kind, in bytes."""
    limits = {
        "image": settings.image_limit,
        "voice": settings.voice_limit,
        "video": settings.video_limit,
        "file": settings.file_limit,
    }
    return limits[kind]


async def upload(call: "Call") -> dict[str, Any]:
    """Takes a file for three days."""
    world, kind = call.world, call.query.get("type", "")
    if kind not in KINDS:
        raise ApiError(40005)
    posted = await posted_file(call)
    if len(posted.data) > size_limit(world.settings, kind):
        raise ApiError(45001)
    kept = world.uploads.add(kind, posted.name, posted.data, check_format(kind, posted))
    world.stats.uploads += 1
    return {"type": kind, "media_id": kept.media_id, "created_at": str(int(time.time()))}


async def upload_image(call: "Call") -> dict[str, Any]:
    """Takes a picture for the text of mpnews, for good."""
    posted = await posted_file(call)
    if len(posted.data) > INLINE_IMAGE:
        raise ApiError(45001)
    kept = call.world.uploads.add("image", posted.name, posted.data, check_format("image", posted))
    call.world.stats.uploads += 1
    return {"url": f"{call.world.base_url}/wwpic/{kept.media_id}/0"}


def get(call: "Call") -> Raw:
    """A file, or a part of it."""
    media_id = call.query.get("media_id", "")
    if not media_id:
        raise ApiError(41006)
    found = call.world.uploads.get(media_id)
    if found is None:
        raise ApiError(40007)
    call.world.stats.downloads += 1
    return _file(call, found)


def picture(call: "Call") -> Raw:
    """A picture by its address, for everybody who has it."""
    found = call.world.uploads.get(call.path.split("/")[2])
    if found is None or found.kind != "image":
        return Raw(b"not found", "text/plain", status=404)
    call.world.stats.downloads += 1
    return Raw(found.data, found.media_type)


def _file(call: "Call", found: Upload) -> Raw:
    headers = {
        "Content-Disposition": f"attachment; filename=\"{quote(found.name)}\"; filename*=UTF-8''{quote(found.name)}",
        "Accept-Ranges": "bytes",
    }
    try:
        wanted = call.request.http_range
    except ValueError:
        wanted = slice(None)
    if wanted.start is None and wanted.stop is None:
        return Raw(found.data, found.media_type, headers=headers)
    start, stop, _ = wanted.indices(len(found.data))
    if start >= stop:
        headers["Content-Range"] = f"bytes */{len(found.data)}"
        return Raw(b"", found.media_type, status=416, headers=headers)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(found.data)}"
    return Raw(found.data[start:stop], found.media_type, status=206, headers=headers)
