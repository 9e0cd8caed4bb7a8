"""Media: uploaded by accounts and sent by people, kept in bounded memory.

Rule: https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia.html
"""

import time
from dataclasses import dataclass, field
from typing import Literal

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.ids import Ids
from imbridge.emulators.wechat.settings import EmulatorSettings

Kind = Literal["image", "voice", "video", "thumb", "news"]
JPEG, PNG, GIF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8"
ENDINGS = {JPEG: "jpg", PNG: "png", GIF: "gif"}


def ending(kind: str, data: bytes) -> str | None:
    """What the file is by its first bytes (`jpg`, `amr`, ...); None: nothing the platform takes as this kind."""
    if kind in ("image", "thumb"):
        found = next((name for magic, name in ENDINGS.items() if data.startswith(magic)), None)
        return None if kind == "thumb" and found != "jpg" else found
    if kind == "voice":
        if data.startswith(b"#!AMR"):
            return "amr"
        # An MP3 begins with its tags or with the eleven set bits of a frame.
        is_mp3 = data.startswith(b"ID3") or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0)
        return "mp3" if is_mp3 else None
    return "mp4" if data[4:8] == b"ftyp" else None


@dataclass(frozen=True, slots=True)
class Media:
    """One file. `dies` is when it is deleted (time.monotonic; infinite for permanent material)."""

    media_id: str
    kind: Kind
    data: bytes = field(repr=False)
    account: Account
    name: str
    dies: float
    created: int

    @property
    def alive(self) -> bool:
        """Whether it can still be used."""
        return time.monotonic() < self.dies


class MediaStore:
    """All media, by media_id; the oldest go when there are too many or they are too large together."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._kept: Newest[str, Media] = Newest(
            settings.history, limit_bytes=settings.media_bytes, size=lambda one: len(one.data)
        )

    def add(self, account: Account, kind: Kind, data: bytes, *, name: str = "", permanent: bool = False) -> Media:
        """Keeps a file."""
        dies = float("inf") if permanent else time.monotonic() + self._settings.media_lifetime
        media_id = self._ids.text("media", 64)
        name = name or f"{media_id}.{ending(kind, data) or 'bin'}"
        media = Media(media_id, kind, data, account, name, dies, int(time.time()))
        self._kept[media_id] = media
        return media

    def get(self, media_id: str) -> Media | None:
        """The file with this media_id, unless it was deleted."""
        media = self._kept.get(media_id)
        return media if media is not None and media.alive else None

    def of(self, account: Account, media_id: object) -> Media | None:
        """The account's own file with this media_id."""
        media = self.get(str(media_id))
        return media if media is not None and media.account is account else None
