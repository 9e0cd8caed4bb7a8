"""`/media/upload`, `messageFiles/download` and the files' own addresses.

Rules: help.dingtalk.io, "Upload media files": image (jpg, gif, png, bmp; 20 MB), voice (amr, mp3, wav; 2 MB), video
(mp4; 20 MB), file (doc, docx, xls, xlsx, ppt, pptx, zip, pdf, rar; 20 MB), the part is called `media`, ids do not
expire; and "Download the file content of messages received by bots". That other formats are taken too is what clients
report: see `EmulatorSettings.strict_formats`.
"""

import mimetypes
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.form import read_parts
from imbridge.emulators.dingtalk.errors import ApiError, OapiError
from imbridge.emulators.dingtalk.routes import Raw
from imbridge.emulators.dingtalk.uploads import PATH

if TYPE_CHECKING:
    from imbridge.emulators.common.form import Part
    from imbridge.emulators.dingtalk.routes import Call, Routes

FORMATS = {
    "image": frozenset({"jpg", "jpeg", "gif", "png", "bmp"}),
    "voice": frozenset({"amr", "mp3", "wav"}),
    "video": frozenset({"mp4"}),
    "file": frozenset({"doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar"}),
}


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/media/upload", upload)
    routes.add("POST", "/v1.0/robot/messageFiles/download", download)
    routes.add("GET", f"{PATH}/{{key}}", fetch, public=True)


async def upload(call: "Call") -> dict[str, Any]:
    """Keeps a file of an app for good.

    Raises:
        OapiError: 40004 no such type, 41005 there is no file, 44001 it is empty, 45001 it is too large, 40005 its
            format is none of the type's.
    """
    world = call.world
    try:
        parts = await read_parts(call.request)
    except ValueError:
        raise OapiError(41005) from None
    named = next((one.data.decode(errors="replace") for one in parts if one.name == "type"), "")
    kind = call.query.get("type") or named
    if kind not in FORMATS:
        raise OapiError(40004)
    part = next((one for one in parts if one.name == "media" and one.filename), None)
    if part is None:
        raise OapiError(41005)
    if not part.data:
        raise OapiError(44001)
    settings = world.settings
    limits = (settings.image_limit, settings.voice_limit, settings.video_limit, settings.file_limit)
    if len(part.data) > dict(zip(FORMATS, limits, strict=True))[kind]:
        raise OapiError(45001)
    if settings.strict_formats and _ending(part) not in FORMATS[kind]:
        raise OapiError(40005)
    media_type = part.media_type or mimetypes.guess_type(part.filename)[0] or "application/octet-stream"
    kept = world.uploads.add(kind, part.filename, part.data, media_type)
    world.stats.uploads += 1
    return {"media_id": kept.media_id, "created_at": int(time.time() * 1000), "type": kind}


def download(call: "Call") -> dict[str, Any]:
    """Where a file can be fetched that a person has sent to the robot.

    Raises:
        ApiError: The code is unknown or too old, or the robot is another app's. How the platform says that is not
            documented.
    """
    body = call.json()
    code, robot_code = body.get("downloadCode"), body.get("robotCode")
    if not isinstance(code, str) or not code:
        raise ApiError("invalidParameter.downloadCode.empty", "downloadCode is empty")
    if robot_code != call.app.robot_code:
        raise ApiError("invalidParameter.robotCode.auth", "the robotCode is not the app's")
    url = call.world.uploads.url(code)
    if url is None:
        raise ApiError("invalidParameter.downloadCode.invalid", "downloadCode is invalid or has expired")
    return {"downloadUrl": url}


def fetch(call: "Call") -> Raw:
    """The file itself."""
    sent = call.world.uploads.at(call.places["key"])
    if sent is None:
        return Raw(b"<Error><Code>AccessDenied</Code></Error>", "application/xml", 403)
    call.world.stats.downloads += 1
    return Raw(sent.data, sent.media_type)


def _ending(part: "Part") -> str:
    return PurePosixPath(part.filename).suffix.lstrip(".").lower()
