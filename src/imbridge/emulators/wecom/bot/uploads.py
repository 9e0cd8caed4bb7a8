"""Media that a bot uploads in chunks: https://developer.work.weixin.qq.com/document/path/101463#上传临时素材."""

import base64
import binascii
import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.common.rates import Rates
from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.errors import RefusedError
from imbridge.emulators.wecom.bot.settings import BotEmulatorSettings

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World

KINDS = ("file", "image", "voice", "video")
LEAST_BYTES = 5
NAME_LIMIT = 256
IMAGE_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")
VOICE_MAGIC = b"#!AMR"


@dataclass(slots=True, eq=False)
class Upload:
    """An upload: going on until `media_id` is set.

    Attributes:
        bot: Who uploads.
        kind: file, image, voice or video.
        name: The file's name.
        total_size: Its announced size in bytes.
        total_chunks: Its announced number of chunks.
        md5: Its announced MD5 in hexadecimal, or empty.
        until: When the session, later the medium, ends (`time.monotonic()`).
        chunks: What has arrived, by index.
        data: The whole, when it is finished.
        media_id: By which it is sent.
    """

    bot: Bot
    kind: str
    name: str
    total_size: int
    total_chunks: int
    md5: str
    until: float
    chunks: dict[int, bytes] = field(default_factory=dict)
    data: bytes = b""
    media_id: str = ""


class Uploads:
    """All uploads; beyond `settings.history` and `settings.resource_bytes` the oldest are forgotten."""

    def __init__(self, world: "World") -> None:
        self._world = world
        settings = world.settings
        self._rates = Rates((settings.upload_rate_minute, 60.0), (settings.upload_rate_hour, 3600.0))
        self._sessions: Newest[str, Upload] = _newest(settings)
        self._media: Newest[str, Upload] = _newest(settings)

    def init(self, bot: Bot, body: dict[str, Any]) -> dict[str, Any]:
        """Begins an upload.

        Raises:
            RefusedError: 40058 for a wrong field, 45002 for too much, 45009 for too often.
        """
        settings = self._world.settings
        kind, name, md5 = body.get("type"), body.get("filename"), body.get("md5", "")
        size, count = body.get("total_size"), body.get("total_chunks")
        if kind not in KINDS:
            raise RefusedError(40058, f"type {kind!r}")
        if not isinstance(name, str) or not name or len(name.encode()) > NAME_LIMIT:
            raise RefusedError(40058, "filename")
        if not _is_int(size) or size < LEAST_BYTES:
            raise RefusedError(40058, f"total_size {size!r}")
        if size > getattr(settings, f"{kind}_limit"):
            raise RefusedError(45002, f"total_size {size}")
        if not _is_int(count) or not 1 <= count <= settings.chunk_count:
            raise RefusedError(40058, f"total_chunks {count!r}")
        if not isinstance(md5, str):
            raise RefusedError(40058, "md5")
        if settings.rate_limits and self._rates.take(bot.bot_id)[0] > 0:
            self._world.stats.rate_limited += 1
            raise RefusedError(45009)
        upload_id = self._world.ids.text("upload", 32)
        until = time.monotonic() + settings.upload_session_seconds
        self._sessions[upload_id] = Upload(bot, kind, name, size, count, md5.lower(), until)
        return {"upload_id": upload_id}

    def chunk(self, bot: Bot, body: dict[str, Any]) -> None:
        """Takes a chunk; one that is there already is ignored.

        Raises:
            RefusedError: 40058 for a wrong index or data, 45002 for a chunk that is too large.
        """
        upload = self._session(bot, body)
        index, text = body.get("chunk_index"), body.get("base64_data")
        if not _is_int(index) or not 0 <= index < upload.total_chunks:
            raise RefusedError(40058, f"chunk_index {index!r} of {upload.total_chunks}")
        try:
            data = base64.b64decode(text if isinstance(text, str) else "", validate=True)
        except (binascii.Error, ValueError):
            raise RefusedError(40058, "base64_data") from None
        if not data:
            raise RefusedError(40058, "base64_data")
        if len(data) > self._world.settings.chunk_limit:
            raise RefusedError(45002, f"a chunk of {len(data)} bytes")
        upload.chunks.setdefault(index, data)

    def finish(self, bot: Bot, body: dict[str, Any]) -> dict[str, Any]:
        """Puts the chunks together.

        Raises:
            RefusedError: 40058, a chunk is missing, or size, MD5 or type are not as announced.
        """
        upload = self._session(bot, body)
        if len(upload.chunks) != upload.total_chunks:
            raise RefusedError(40058, f"{len(upload.chunks)} of {upload.total_chunks} chunks")
        data = b"".join(upload.chunks[index] for index in range(upload.total_chunks))
        if len(data) != upload.total_size:
            raise RefusedError(40058, f"{len(data)} bytes instead of {upload.total_size}")
        if upload.md5 and hashlib.md5(data).hexdigest() != upload.md5:  # noqa: S324 - the platform's choice
            raise RefusedError(40058, "md5")
        if (upload.kind == "image" and not data.startswith(IMAGE_MAGIC)) or (
            upload.kind == "voice" and not data.startswith(VOICE_MAGIC)
        ):
            raise RefusedError(40058, f"not a file of type {upload.kind}")
        world = self._world
        upload.data, upload.media_id = data, world.ids.text("media_id", 43)
        upload.chunks.clear()
        self._sessions.pop(str(body["upload_id"]))
        upload.until = time.monotonic() + world.settings.media_seconds
        self._media[upload.media_id] = upload
        world.stats.uploads += 1
        return {"type": upload.kind, "media_id": upload.media_id, "created_at": str(int(time.time()))}

    def medium(self, bot: Bot, kind: str, media_id: object) -> Upload:
        """The medium that a message names.

        Raises:
            RefusedError: 40007, there is none of this bot and this kind, or it has expired.
        """
        found = self._media.get(media_id) if isinstance(media_id, str) else None
        if found is None or found.bot is not bot or found.kind != kind or found.until < time.monotonic():
            raise RefusedError(40007)
        return found

    def _session(self, bot: Bot, body: dict[str, Any]) -> Upload:
        upload_id = body.get("upload_id")
        found = self._sessions.get(upload_id) if isinstance(upload_id, str) else None
        if found is None or found.bot is not bot or found.until < time.monotonic():
            raise RefusedError(40058, "upload_id")
        return found


def _newest(settings: BotEmulatorSettings) -> Newest[str, Upload]:
    return Newest(settings.history, limit_bytes=settings.resource_bytes, size=lambda one: one.total_size)


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
