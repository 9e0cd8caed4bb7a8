"""The messages a person sends to an account.

Source: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from imbridge.emulators.wechat.media import Kind, Media
from imbridge.emulators.wechat.message import SentMessage

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\xff\xd9"
AMR = b"#!AMR\n<"
MP4 = b"\x00\x00\x00\x18ftypmp42"
UNSUPPORTED = "【收到不支持的消息类型，暂无法显示】"


class Sending(ABC):
    """Sends messages; what is abstract is the follower's."""

    @abstractmethod
    def _send(self, msg_type: str, fields: Mapping[str, Any]) -> SentMessage:
        """Pushes a message to the account."""

    @abstractmethod
    def _keep(self, kind: Kind, data: bytes, name: str = "") -> Media:
        """Uploads something."""

    @abstractmethod
    def _address(self, media: Media) -> str:
        """Where the public finds a file."""

    @abstractmethod
    def _recognises(self) -> bool:
        """Whether the account's voice messages come as text too."""

    async def says(self, text: str, *, article: tuple[str, int] | None = None) -> SentMessage:
        """Sends a text.

        Args:
            text: What is said.
            article: `MsgDataId` and `Idx` of the article the person writes from.
        """
        return self._send("text", {"Content": text, **_from(article)})

    async def sends(self, msg_type: str, fields: Mapping[str, Any]) -> SentMessage:
        """Sends a message of any type with any fields; they are not checked."""
        return self._send(msg_type, fields)

    async def sends_image(self, data: bytes = JPEG, *, article: tuple[str, int] | None = None) -> SentMessage:
        """Sends a picture."""
        media = self._keep("image", data)
        return self._send("image", {"PicUrl": self._address(media), "MediaId": media.media_id, **_from(article)})

    async def sends_voice(
        self, data: bytes = AMR, *, recognition: str | None = "", format_name: str = "amr"
    ) -> SentMessage:
        """Sends a voice message.

        Args:
            data: The file; `media/get` returns it.
            recognition: What was said, as the platform understood it; None: the field is not there. It is there only
                when the account has voice recognition.
            format_name: The `Format`; the platform sends `amr` and formerly `speex`.
        """
        fields: dict[str, Any] = {"Format": format_name, "MediaId": self._keep("voice", data).media_id}
        if recognition is not None and self._recognises():
            fields["Recognition"] = recognition
        return self._send("voice", fields)

    async def sends_video(self, data: bytes = MP4, *, thumb: bytes = JPEG) -> SentMessage:
        """Sends a video."""
        return self._send("video", self._video(data, thumb))

    async def sends_short_video(self, data: bytes = MP4, *, thumb: bytes = JPEG) -> SentMessage:
        """Sends a short video."""
        return self._send("shortvideo", self._video(data, thumb))

    async def sends_location(
        self, latitude: float, longitude: float, *, scale: int = 15, label: str = ""
    ) -> SentMessage:
        """Sends a place (degrees): `Location_X` is the latitude, `Location_Y` the longitude."""
        fields = {"Location_X": latitude, "Location_Y": longitude, "Scale": scale, "Label": label}
        return self._send("location", fields)

    async def sends_link(self, url: str, *, title: str = "", description: str = "") -> SentMessage:
        """Sends a link (an article, for instance)."""
        return self._send("link", {"Title": title, "Description": description, "Url": url})

    async def sends_file(self, name: str, data: bytes = b"file", *, description: str = "") -> SentMessage:
        """Sends a file.

        No document describes it and no API downloads it; the fields are those that other people's bots read.
        """
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        fields = {"Title": name, "Description": description, "FileKey": md5[::-1], "FileMd5": md5}
        return self._send("file", {**fields, "FileTotalLen": len(data)})

    async def sends_sticker(self) -> SentMessage:
        """Sends a sticker of the sort that accounts cannot be given: it comes as a text that says so."""
        return self._send("text", {"Content": UNSUPPORTED})

    async def sends_mini_program(self, app_id: str, page_path: str, *, title: str = "") -> SentMessage:
        """Sends the card of a mini program."""
        media = self._keep("thumb", JPEG)
        fields = {"Title": title, "AppId": app_id, "PagePath": page_path}
        return self._send(
            "miniprogrampage", {**fields, "ThumbUrl": self._address(media), "ThumbMediaId": media.media_id}
        )

    def _video(self, data: bytes, thumb: bytes) -> dict[str, str]:
        return {
            "MediaId": self._keep("video", data).media_id,
            "ThumbMediaId": self._keep("thumb", thumb).media_id,
        }


def _from(article: tuple[str, int] | None) -> dict[str, Any]:
    return {} if article is None else {"MsgDataId": article[0], "Idx": article[1]}
