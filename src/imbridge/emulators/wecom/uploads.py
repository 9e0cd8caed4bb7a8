"""Temporary media: three days, shared by all apps of the corp.

Rule: https://developer.work.weixin.qq.com/document/path/90253.
"""

import time
from dataclasses import dataclass, field

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.wecom.settings import EmulatorSettings


@dataclass(frozen=True, slots=True)
class Upload:
    """A file.

    Attributes:
        media_id: Its id.
        kind: image, voice, video or file.
        name: File name.
        data: The bytes.
        media_type: MIME type.
        created_at: `time.time()` of the upload.
        robot_key: The key of the group robot it was uploaded for; empty: an app's, or a person's.
    """

    media_id: str
    kind: str
    name: str
    data: bytes = field(repr=False)
    media_type: str
    created_at: float
    robot_key: str = ""


class Uploads:
    """All files that are there."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._all: Newest[str, Upload] = Newest(settings.history)

    def add(self, kind: str, name: str, data: bytes, media_type: str, robot_key: str = "") -> Upload:
        """Keeps a file; beyond `settings.history` the oldest is forgotten."""
        media_id = "3" + self._ids.text("media", 64)
        upload = Upload(media_id, kind, name, data, media_type, time.time(), robot_key)
        self._all[media_id] = upload
        return upload

    def get(self, media_id: object, robot_key: str = "") -> Upload | None:
        """A file that has not expired and belongs to the same side: the apps, or this group robot."""
        upload = self._all.get(media_id) if isinstance(media_id, str) else None
        if upload is None or upload.robot_key != robot_key:
            return None
        if time.time() - upload.created_at > self._settings.media_lifetime:
            return None
        return upload
