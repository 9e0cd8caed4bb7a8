"""Files: what people send and robots download, and what robots upload.

Rules: bot.q.qq.com/wiki, `server-inter/message/rich-media.html` (2026), bot-docs, `send-receive/rich-media.md`: a
`file_info` lives for `ttl` seconds, may be used for several people or groups, but what was uploaded for people not in
groups, and the other way round. What is too large for its type becomes a file.
"""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.message import Way
from imbridge.emulators.qq.routes import Raw
from imbridge.emulators.qq.settings import MEBI

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.routes import Call, Routes
    from imbridge.emulators.qq.world import World

IMAGE, VIDEO, VOICE, FILE = 1, 2, 3, 4
NAMES = {IMAGE: "image", VIDEO: "video", VOICE: "voice", FILE: "file"}
TYPES = tuple(NAMES)
SOFT_LIMITS = {IMAGE: 20 * MEBI, VIDEO: 30 * MEBI, VOICE: 20 * MEBI, FILE: 200 * MEBI}
"""Above these sizes, in bytes, media are sent as files."""
KEPT_BYTES = 512 * 1024 * 1024


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", "/download/{file}/{name}", lambda call: call.world.uploads.download(call), public=True)


@dataclass(slots=True, eq=False)
class Stored:
    """A file that a robot has uploaded.

    Attributes:
        bot: Whose it is.
        way: c2c or group: where it may be sent.
        file_type: 1 image, 2 video, 3 voice, 4 file.
        name: The file's name.
        data: Its bytes.
        until: When its `file_info` ends, in the emulator's time.
    """

    bot: "Bot"
    way: Way
    file_type: int
    name: str
    data: bytes = field(repr=False)
    until: float = math.inf


class Uploads:
    """All files."""

    def __init__(self, world: "World") -> None:
        self._world = world
        history = world.settings.history
        self._offered: Newest[str, tuple[bytes, str]] = Newest(
            history, limit_bytes=KEPT_BYTES, size=lambda kept: len(kept[0])
        )
        self._stored: Newest[str, Stored] = Newest(history, limit_bytes=KEPT_BYTES, size=lambda kept: len(kept.data))

    def offer(self, data: bytes, name: str, media_type: str) -> str:
        """The address at which a file can be downloaded."""
        file = self._world.ids.hex("download")
        self._offered[file] = (data, media_type if "/" in media_type else "application/octet-stream")
        return f"{self._world.base_url}/download/{file}/{name}"

    def download(self, call: "Call") -> Raw:
        """Answers `GET /download/...`."""
        self._world.stats.downloads += 1
        found = self._offered.get(call.places["file"])
        return Raw(status=404, media_type="text/plain") if found is None else Raw(*found)

    def store(self, bot: "Bot", way: Way, file_type: int, name: str, data: bytes) -> tuple[str, int, Stored]:
        """Keeps a file; returns its `file_info`, how long that lives, and the file.

        Raises:
            ApiError: It is of a format that can not be sent.
        """
        if self._world.settings.strict_formats and not _fits(file_type, data):
            raise ApiError(304083, f"convert media info fail: this is no {NAMES[file_type]}")
        if len(data) > SOFT_LIMITS[file_type]:
            file_type = FILE
        ttl = self._world.settings.file_ttl
        until = self._world.now() + ttl if ttl else math.inf
        stored = Stored(bot, way, file_type, name or NAMES[file_type], data, until)
        file_info = self._world.ids.text("file_info", 96)
        self._stored[file_info] = stored
        self._world.stats.uploads += 1
        return file_info, ttl, stored

    def find(self, bot: "Bot", way: Way, file_info: object) -> Stored:
        """The file of a `file_info`.

        Raises:
            ApiError: It is unknown, too old, of another robot, or for the other kind of chat.
        """
        stored = self._stored.get(str(file_info))
        if stored is None or stored.bot is not bot or stored.way != way or self._world.now() > stored.until:
            raise ApiError(304080)
        return stored


def _fits(file_type: int, data: bytes) -> bool:
    match file_type:
        case 1:
            return data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")) or data[8:12] == b"WEBP"
        case 2:
            return data[4:8] == b"ftyp"
        case 3:
            mp3 = data.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3"))
            return mp3 or data.startswith((b"\x02#!SILK", b"#!SILK", b"RIFF", b"OggS"))
        case _:
            return True
