"""Uploads and downloads: im/v1/images, im/v1/files, and the resources of messages.

Rules: https://open.feishu.cn/document/server-docs/im-v1/image/create and https://open.feishu.cn/document/server-docs/im-v1/file/create
(images up to 10 MB, files up to 30 MB, nothing empty; an app downloads by key only what it uploaded itself, and what
people sent through the message; what is in cards and merged messages can not be downloaded). Nothing above 100 MB is
given out at once; that the header Range is obeyed, above that too, is not in the documents but reported:
https://github.com/chenhg5/cc-connect/issues/1741, https://github.com/riba2534/feishu-cli/pull/155.
"""

from typing import Any

from imbridge.emulators.common.form import read_parts
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Resource, Routes
from imbridge.emulators.feishu.uploads import Upload, image_type

MAX_BODY = 64 * 1024 * 1024
NO_RESOURCES = frozenset({"interactive", "merge_forward"})
FILE_TYPES = frozenset({"opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"})


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("POST", "im/v1/images", upload_image)
    routes.add("GET", "im/v1/images/:key", get_image)
    routes.add("POST", "im/v1/files", upload_file)
    routes.add("GET", "im/v1/files/:key", get_file)
    routes.add("GET", "im/v1/messages/:id/resources/:key", get_resource)


async def upload_image(call: Call) -> dict[str, Any]:
    """`POST im/v1/images`, multipart: image_type (message or avatar), image."""
    form = await _form(call)
    if _text(form, "image_type") not in {"message", "avatar"}:
        raise ApiError(234001, "image_type is message or avatar")
    data = _file(form, "image", call.world.settings.image_limit)
    if image_type(data) is None:
        raise ApiError(234011)
    call.world.stats.uploads += 1
    return {"image_key": call.world.uploads.add_image(data, call.app).key}


async def upload_file(call: Call) -> dict[str, Any]:
    """`POST im/v1/files`, multipart: file_type, file_name, file, and duration for audio and video (milliseconds)."""
    form = await _form(call)
    file_type, name, duration = (_text(form, key) for key in ("file_type", "file_name", "duration"))
    if file_type is None or file_type not in FILE_TYPES:
        raise ApiError(234001, f"file_type is one of {', '.join(sorted(FILE_TYPES))}")
    if not name:
        raise ApiError(234001, "file_name is missing")
    if duration is not None and not duration.isdigit():
        raise ApiError(234001, "duration is a whole number of milliseconds")
    data = _file(form, "file", call.world.settings.file_limit)
    call.world.stats.uploads += 1
    milliseconds = None if duration is None else int(duration)
    upload = call.world.uploads.add_file(data, call.app, name=name, file_type=file_type, duration=milliseconds)
    return {"file_key": upload.key}


def get_image(call: Call) -> Resource:
    """`GET im/v1/images/:key`."""
    return _own_upload(call, "image")


def get_file(call: Call) -> Resource:
    """`GET im/v1/files/:key`."""
    return _own_upload(call, "file")


def get_resource(call: Call) -> Resource:
    """`GET im/v1/messages/:id/resources/:key?type=image|file`."""
    message_id, key = call.args
    if call.world.store.is_merged(message_id):
        raise ApiError(234043)
    message = call.world.store.get(message_id)
    if message is None:
        raise ApiError(234001, f"invalid message_id {message_id}")
    if call.app not in message.chat.apps:
        raise ApiError(234004)
    if message.msg_type in NO_RESOURCES:
        raise ApiError(234043)
    kind = call.query("type")
    if kind not in {"image", "file"}:
        raise ApiError(234001, "type is image or file")
    upload = call.world.uploads.get(key)
    # Stickers can not be downloaded.
    if upload is None or upload.kind != kind or key not in message.raw_content or message.msg_type == "sticker":
        raise ApiError(234003)
    return _as_resource(call, upload)


def _own_upload(call: Call, kind: str) -> Resource:
    upload = call.world.uploads.get(call.args[0])
    if upload is None or upload.kind != kind:
        raise ApiError(234001, f"invalid {kind}_key")
    if upload.by is not call.app:
        raise ApiError(234008)
    return _as_resource(call, upload)


def _as_resource(call: Call, upload: Upload) -> Resource:
    if len(upload.data) > call.world.settings.download_limit and "Range" not in call.request.headers:
        raise ApiError(234037)
    call.world.stats.downloads += 1
    return Resource(upload.data, upload.media_type, upload.name or upload.key)


async def _form(call: Call) -> dict[str, bytes]:
    # The official SDK sends the file's part without a file name, which platform and we accept.
    if (call.request.content_length or 0) > MAX_BODY:
        raise ApiError(234006)
    try:
        return {part.name: part.data for part in await read_parts(call.request)}
    except ValueError as error:
        raise ApiError(234001, f"the multipart body is malformed: {error}") from None


def _text(form: dict[str, bytes], name: str) -> str | None:
    value = form.get(name)
    return None if value is None else value.decode(errors="replace")


def _file(form: dict[str, bytes], name: str, limit: int) -> bytes:
    data = form.get(name)
    if data is None:
        raise ApiError(234001, f"{name} is missing")
    if not data:
        raise ApiError(234010)
    if len(data) > limit:
        raise ApiError(234006)
    return data
