"""Large files in parts: `upload_prepare`, `PUT` of each part, `upload_part_finish`, then `files` with the `upload_id`.

Rule: bot.q.qq.com/wiki, `autogen/api/v2_users_user_id_upload_prepare.post.html` and `..._upload_part_finish...` (2026):
sizes are strings, `md5_10m` is the MD5 of the first 10,002,432 bytes, the addresses for the parts need no token.
40093001: the part is not there (yet), to be tried again. Undocumented: that files with a wrong checksum are refused,
with 10000.
"""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.qq.api_files import place_of
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.message import Way
from imbridge.emulators.qq.routes import Raw
from imbridge.emulators.qq.uploads import TYPES

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.routes import Call, Routes
    from imbridge.emulators.qq.world import World

BEGINNING = 10_002_432
CONCURRENCY = 1
RETRY_TIMEOUT = 300
RETRY_DELAY = 1


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    for place in ("users/{openid}", "groups/{group_openid}"):
        routes.add("POST", f"/v2/{place}/upload_prepare", lambda call: call.world.chunks.prepare(call))
        routes.add("POST", f"/v2/{place}/upload_part_finish", lambda call: call.world.chunks.finish(call))
    routes.add("PUT", "/upload/{upload_id}/{index}", lambda call: call.world.chunks.put(call), public=True)


@dataclass(slots=True)
class Upload:
    """A file that comes in parts."""

    bot: "Bot"
    way: Way
    file_type: int
    name: str
    size: int
    digests: dict[str, str]
    sizes: dict[int, int]
    parts: dict[int, bytes] = field(default_factory=dict, repr=False)
    finished: set[int] = field(default_factory=set)


class Chunks:
    """All files that come in parts."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._uploads: Newest[str, Upload] = Newest(world.settings.history)

    def prepare(self, call: "Call") -> dict[str, Any]:
        """Answers `upload_prepare`."""
        settings, body = self._world.settings, call.json()
        way, _ = place_of(call)
        size, file_type = _number(body, "file_size"), body.get("file_type")
        if file_type not in TYPES or size <= 0 or not body.get("file_name"):
            raise ApiError(40034001, "请求参数错误: file_type, file_name, file_size")
        if size > settings.file_limit:
            raise ApiError(304020)
        block = settings.block_size
        count = -(-size // block)
        sizes = {settings.first_part + at: min(block, size - at * block) for at in range(count)}
        digests = {name: str(body.get(name, "")).lower() for name in ("md5", "sha1", "md5_10m")}
        upload_id = self._world.ids.uuid("upload")
        name = str(body["file_name"])
        self._uploads[upload_id] = Upload(call.bot, way, int(file_type), name, size, digests, sizes)
        base = f"{self._world.base_url}/upload/{upload_id}"
        parts = [
            {
                "index": index,
                "presigned_url": f"{base}/{index}?sign={self._world.ids.hex('sign')}",
                "block_size": str(length),
            }
            for index, length in sizes.items()
        ]
        config = {"concurrency": CONCURRENCY, "retry_timeout": RETRY_TIMEOUT, "retry_delay": RETRY_DELAY}
        return {"upload_id": upload_id, "block_size": str(block), "parts": parts, "upload_config": config}

    def put(self, call: "Call") -> Raw:
        """Answers `PUT` of a part, as the storage does."""
        upload = self._uploads.get(call.places["upload_id"])
        index = int(call.places["index"]) if call.places["index"].isdigit() else -1
        if upload is None or upload.sizes.get(index) != len(call.raw_body):
            self._world.violation("upload_part", f"part {index} has {len(call.raw_body)} bytes, which is not its size")
            return Raw(b"<Error><Code>InvalidRequest</Code></Error>", "application/xml", 400)
        upload.parts[index] = call.raw_body
        self._world.stats.upload_parts += 1
        return Raw()

    def finish(self, call: "Call") -> dict[str, Any]:
        """Answers `upload_part_finish`."""
        body = call.json()
        way, _ = place_of(call)
        upload = self._own(call.bot, way, str(body.get("upload_id")))
        index = _number(body, "part_index")
        part = upload.parts.get(index)
        if part is None:
            raise ApiError(40093001)
        if _number(body, "block_size") != len(part) or str(body.get("md5", "")).lower() != _md5(part):
            raise ApiError(40034001, "请求参数错误: block_size or md5 of the part")
        upload.finished.add(index)
        return {}

    def whole(self, bot: "Bot", way: Way, upload_id: str, file_type: int) -> tuple[bytes, str]:
        """The file that came in parts, and its name.

        Raises:
            ApiError: A part is missing, or the file is not the one that was announced.
        """
        upload = self._own(bot, way, upload_id)
        if upload.file_type != file_type:
            raise ApiError(40034001, "请求参数错误: file_type")
        if upload.finished != set(upload.sizes):
            raise ApiError(40093001)
        data = b"".join(upload.parts[index] for index in upload.sizes)
        sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        if upload.digests != {"md5": _md5(data), "sha1": sha1, "md5_10m": _md5(data[:BEGINNING])}:
            raise ApiError(10000, "md5, sha1 or md5_10m is not that of the file")
        return data, upload.name

    def _own(self, bot: "Bot", way: Way, upload_id: str) -> Upload:
        upload = self._uploads.get(upload_id)
        if upload is None or upload.bot is not bot or upload.way != way:
            raise ApiError(40034001, "请求参数错误: upload_id")
        return upload


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _number(body: dict[str, Any], name: str) -> int:
    try:
        return int(body.get(name, -1))
    except (TypeError, ValueError):
        raise ApiError(40034001, f"请求参数错误: {name}") from None
