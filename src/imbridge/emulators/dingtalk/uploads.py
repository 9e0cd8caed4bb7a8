"""Files: uploaded by apps, and sent by people for apps to download."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imbridge.emulators.common.newest import Newest

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.world import World

KEPT_BYTES = 256 * 1024 * 1024
PATH = "/files"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that an app has uploaded, for good.

    Attributes:
        media_id: Its id, `@lAD...`.
        kind: image, voice, video or file.
        name: The file's name.
        data: Its bytes.
        media_type: Its MIME type.
    """

    media_id: str
    kind: str
    name: str
    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that a person has sent.

    Attributes:
        name: The file's name.
        data: Its bytes.
        media_type: Its MIME type.
        expires: Until when (`time.monotonic`).
    """

    name: str
    data: bytes = field(repr=False)
    media_type: str
    expires: float

    @property
    def alive(self) -> bool:
        """Whether it can still be downloaded."""
        return time.monotonic() < self.expires


class Uploads:
    """All files; the oldest go when there are too many or they are too large together."""

    def __init__(self, world: "World") -> None:
        self._world = world
        limit = world.settings.history
        self._uploads: Newest[str, Upload] = Newest(limit, limit_bytes=KEPT_BYTES, size=lambda one: len(one.data))
        self._sent: Newest[str, SentFile] = Newest(limit, limit_bytes=KEPT_BYTES, size=lambda one: len(one.data))
        self._urls: Newest[str, SentFile] = Newest(limit)

    def add(self, kind: str, name: str, data: bytes, media_type: str) -> Upload:
        """Keeps what an app uploads."""
        upload = Upload("@lAD" + self._world.ids.text("media_id", 24), kind, name, data, media_type)
        self._uploads[upload.media_id] = upload
        return upload

    def get(self, media_id: object, kind: str) -> Upload | None:
        """What an app has uploaded as this kind."""
        upload = self._uploads.get(str(media_id))
        return upload if upload is not None and upload.kind == kind else None

    def send(self, data: bytes, name: str, media_type: str) -> str:
        """Keeps what a person sends; returns its downloadCode."""
        code = self._world.ids.base64("download_code", 48)
        expires = time.monotonic() + self._world.settings.download_lifetime
        self._sent[code] = SentFile(name, data, media_type, expires)
        return code

    def url(self, code: str) -> str | None:
        """Where what has this downloadCode can be fetched; None: it can not."""
        sent = self._sent.get(code)
        if sent is None or not sent.alive:
            return None
        key = self._world.ids.hex("download_url", 48)
        self._urls[key] = sent
        return f"{self._world.base_url}{PATH}/{key}?Expires={int(time.time()) + 3600}&Signature={key[:16]}"

    def at(self, key: str) -> SentFile | None:
        """What is fetched at an address."""
        sent = self._urls.get(key)
        return sent if sent is not None and sent.alive else None
