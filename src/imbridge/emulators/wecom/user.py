"""A person: writes to apps and reads what they send."""

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.acting import Acting
from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.inbox import Expected, Inbox
from imbridge.emulators.wecom.message import AppMessage, SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.world import World

IMAGE_SIZE = 256


class User(Acting):
    """A member of the corp.

    Attributes:
        userid: The id, in the spelling of the directory.
        name: What people see.
        departments: Numbers of the departments, the main one first.
        mobile: Telephone number.
        email: E-mail address.
        position: What they do.
        gender: 1 a man, 2 a woman, 0 unknown.
        alias: Another name.
        active: Whether they have joined (status 1) or only been invited (status 4).
        licensed: Whether they have the basic interface permission (else: `unlicenseduser`).
    """

    def __init__(
        self,
        world: "World",
        userid: str,
        name: str,
        departments: list[int],
        *,
        mobile: str = "",
        email: str = "",
        position: str = "",
        gender: int = 0,
        alias: str = "",
        active: bool = True,
        licensed: bool = True,
    ) -> None:
        self._world = world
        self.userid = userid
        self.name = name
        self.departments = departments
        self.mobile = mobile
        self.email = email
        self.position = position
        self.gender = gender
        self.alias = alias
        self.active = active
        self.licensed = licensed
        self.inbox = Inbox(name, world.settings.history)

    def __repr__(self) -> str:
        return f"User({self.userid!r})"

    # --- reading ------------------------------------------------------------------------------------------------------

    async def receives(self, expected: Expected = None, *, app: App | None = None, timeout: float = 5.0) -> AppMessage:
        """The oldest message not looked at yet that fits.

        Args:
            expected: Its text, a pattern in its text, a test of the message, or None for any.
            app: Only of this app.
            timeout: Seconds to wait for it.

        Raises:
            AssertionError: None came; says what came instead.
        """
        return await self.inbox.receive(expected, timeout, app)

    async def receives_nothing(self, *, app: App | None = None, within: float = 0.3) -> None:
        """Sees that no message is there or comes within so many seconds.

        Raises:
            AssertionError: One is there.
        """
        await self.inbox.receive_nothing(within, app)

    # --- writing ------------------------------------------------------------------------------------------------------

    async def says(self, text: str, *, app: App | None = None, msg_id: str | None = None) -> SentMessage:
        """Writes a text to an app (the only one, if there is one only)."""
        return self._send(app, {"MsgType": "text", "Content": text}, msg_id)

    async def sends_image(
        self, data: bytes = b"\x89PNG\r\n\x1a\n", *, app: App | None = None, name: str = "image.png"
    ) -> SentMessage:
        """Sends a picture."""
        upload = self._world.uploads.add("image", name, data, "image/png")
        url = f"{self._world.base_url}/wwpic/{upload.media_id}/0"
        return self._send(app, {"MsgType": "image", "PicUrl": url, "MediaId": upload.media_id})

    async def sends_voice(
        self, data: bytes = b"#!AMR\n", *, app: App | None = None, recognition: str = "", audio_format: str = "amr"
    ) -> SentMessage:
        """Sends a voice message; `recognition` is what was said, if `settings.recognition` is on."""
        upload = self._world.uploads.add("voice", f"voice.{audio_format}", data, "audio/amr")
        fields: dict[str, Any] = {"MsgType": "voice", "MediaId": upload.media_id, "Format": audio_format}
        if recognition and self._world.settings.recognition:
            fields["Recognition"] = recognition
        return self._send(app, fields)

    async def sends_video(
        self, data: bytes = b"\x00\x00\x00\x18ftypmp42", *, app: App | None = None, thumb: bytes = b"\xff\xd8\xff"
    ) -> SentMessage:
        """Sends a video."""
        upload = self._world.uploads.add("video", "video.mp4", data, "video/mp4")
        thumb_id = self._world.uploads.add("image", "thumb.jpg", thumb, "image/jpeg").media_id
        return self._send(app, {"MsgType": "video", "MediaId": upload.media_id, "ThumbMediaId": thumb_id})

    async def sends_location(
        self,
        latitude: float,
        longitude: float,
        label: str = "",
        *,
        app: App | None = None,
        scale: int = 15,
    ) -> SentMessage:
        """Sends a place: `Location_X` is the latitude, `Location_Y` the longitude."""
        fields = {"Location_X": latitude, "Location_Y": longitude, "Scale": scale, "Label": label, "AppType": "wxwork"}
        return self._send(app, {"MsgType": "location", **fields})

    async def sends_link(
        self, title: str, url: str, description: str = "", *, app: App | None = None, picture: str = ""
    ) -> SentMessage:
        """Shares a page."""
        fields = {"MsgType": "link", "Title": title, "Description": description, "Url": url, "PicUrl": picture}
        return self._send(app, fields)

    async def sends_file(self, data: bytes, name: str = "file.bin", *, app: App | None = None) -> SentMessage:
        """Sends a file. The documents have no such message; clients have seen it with these fields (unverified)."""
        upload = self._world.uploads.add("file", name, data, "application/octet-stream")
        fields = {"MsgType": "file", "MediaId": upload.media_id, "FileName": name, "FileSize": len(data)}
        return self._send(app, fields)

    async def sends(self, fields: Mapping[str, Any], *, app: App | None = None) -> SentMessage:
        """Sends a message of any kind: the fields beside ToUserName, FromUserName, CreateTime, MsgId and AgentID."""
        return self._send(app, fields)

    def _send(self, app: App | None, fields: Mapping[str, Any], msg_id: str | None = None) -> SentMessage:
        app = self._world.the_app(app)
        msg_id = msg_id or self._world.ids.number("msg_id", 19)
        head = {"ToUserName": app.corp_id, "FromUserName": self.userid, "CreateTime": int(time.time())}
        tail = {"MsgId": int(msg_id), "AgentID": app.agent_id}
        return self._world.callbacks.push(app, {**head, **fields, **tail}, user=self)


def userid_of(name: str, taken: Mapping[str, object]) -> str:
    """A userid made of a name: its letters and digits in lower case, with a number if somebody has it already."""
    base = re.sub(r"[^a-z0-9_.@-]", "", name.lower()) or "user"
    userid, number = base, 2
    while userid in taken:
        userid, number = f"{base}{number}", number + 1
    return userid
