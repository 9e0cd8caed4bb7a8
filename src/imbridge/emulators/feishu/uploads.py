"""Images and files: uploaded by apps and by people, kept in bounded memory."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.feishu.app import App

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
    b"RIFF": "image/webp",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"\x00\x00\x01\x00": "image/x-icon",
}


def image_type(data: bytes) -> str | None:
    """The media type of an image, by its first bytes; None when it is none of the formats the platform takes."""
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded resource. `kind` is image or file; `file_type` is opus, mp4, pdf, doc, xls, ppt or stream."""

    key: str
    kind: str
    data: bytes = field(repr=False)
    by: "App | User"
    name: str = ""
    file_type: str = ""
    media_type: str = "application/octet-stream"
    duration: int | None = None


class Uploads:
    """All uploads, by key; the oldest go when there are too many or they are too large together."""

    def __init__(self, ids: Ids, *, limit: int, limit_bytes: int) -> None:
        self._ids = ids
        self._kept: Newest[str, Upload] = Newest(limit, limit_bytes=limit_bytes, size=lambda one: len(one.data))

    def add_image(self, data: bytes, by: "App | User") -> Upload:
        """Keeps an image."""
        key = f"img_v3_{self._ids.hex('image', 36)}g"
        return self._keep(Upload(key, "image", data, by, media_type=image_type(data) or "application/octet-stream"))

    def add_file(
        self, data: bytes, by: "App | User", *, name: str, file_type: str, duration: int | None = None
    ) -> Upload:
        """Keeps a file."""
        key = f"file_v3_{self._ids.hex('file', 36)}g"
        return self._keep(Upload(key, "file", data, by, name=name, file_type=file_type, duration=duration))

    def get(self, key: str) -> Upload | None:
        """The upload with this key."""
        return self._kept.get(key)

    def _keep(self, upload: Upload) -> Upload:
        self._kept[upload.key] = upload
        return upload
