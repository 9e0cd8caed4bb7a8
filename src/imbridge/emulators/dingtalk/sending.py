"""What people send to robots besides text.

Rule: open-dingtalk developerpedia, `docs/learn/bot/message.md`. Chat records and cards of others are as clients have
logged them (github.com/soimy/openclaw-channel-dingtalk, its tests); the documents have neither. In a group nobody can
mention a robot with a voice message, a video or a file (help.dingtalk.io, "Message types"): no robot gets them there.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.group import Group
from imbridge.emulators.dingtalk.message import SentMessage
from imbridge.emulators.dingtalk.quotes import Quotable
from imbridge.emulators.dingtalk.writing import Mention, Writing

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.world import World

PNG = b"\x89PNG\r\n\x1a\n"
MP4 = b"\x00\x00\x00\x18ftypmp42"
AMR = b"#!AMR\n"
PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"BM": "image/bmp"}


class Sending(Writing):
    """Pictures, files, sound, rich text, chat records and cards of one person."""

    _world: "World"

    async def sends_image(
        self,
        data: bytes = PNG,
        *,
        app: App | None = None,
        chat: Group | None = None,
        mentions: Sequence[Mention] = (),
        quoting: Quotable | None = None,
    ) -> SentMessage:
        """Sends a picture."""
        return await self._sends("picture", self._picture(data), app=app, chat=chat, mentions=mentions, quoting=quoting)

    async def sends_rich(
        self,
        parts: Sequence[str | bytes],
        *,
        app: App | None = None,
        chat: Group | None = None,
        mentions: Sequence[Mention] = (),
        quoting: Quotable | None = None,
    ) -> SentMessage:
        """Sends texts (`str`) and pictures (`bytes`) in one message."""
        items = [
            {"text": part} if isinstance(part, str) else {**self._picture(part), "type": "picture"} for part in parts
        ]
        others = "".join(f"@{one.name} " for one in mentions if not isinstance(one, App))
        if others:
            items.insert(0, {"text": others})
        content = {"richText": items}
        return await self._sends("richText", content, app=app, chat=chat, mentions=mentions, quoting=quoting)

    async def sends_audio(
        self,
        data: bytes = AMR,
        *,
        recognition: str = "",
        duration: int = 1000,
        app: App | None = None,
        chat: Group | None = None,
    ) -> SentMessage:
        """Sends a voice message.

        Args:
            data: The sound.
            recognition: What was said, if `settings.recognition` is on.
            duration: Milliseconds.
            app: To this app's robot in the single chat.
            chat: In this group instead, where no robot gets it.
        """
        content: dict[str, Any] = {"duration": duration, "downloadCode": self._code(data, "audio.amr", "audio/amr")}
        if self._world.settings.recognition:
            content["recognition"] = recognition
        return await self._sends("audio", content, app=app, chat=chat)

    async def sends_video(
        self, data: bytes = MP4, *, duration: int = 5, app: App | None = None, chat: Group | None = None
    ) -> SentMessage:
        """Sends a video of so many seconds; in a group no robot gets it."""
        code = self._code(data, "video.mp4", "video/mp4")
        content = {"duration": str(duration), "videoType": "mp4", "downloadCode": code}
        return await self._sends("video", content, app=app, chat=chat)

    async def sends_file(
        self, data: bytes, name: str = "file.bin", *, app: App | None = None, chat: Group | None = None
    ) -> SentMessage:
        """Sends a file; in a group no robot gets it."""
        ids = self._world.ids
        content = {
            "spaceId": ids.number("space_id", 10),
            "fileName": name,
            "downloadCode": self._code(data, name, "application/octet-stream"),
            "fileId": ids.number("file_id", 12),
        }
        return await self._sends("file", content, app=app, chat=chat)

    async def sends_chat_record(
        self,
        lines: Sequence[tuple[str, str]],
        *,
        title: str = "",
        detailed: bool = True,
        app: App | None = None,
        chat: Group | None = None,
        mentions: Sequence[Mention] = (),
    ) -> SentMessage:
        """Forwards what others have written.

        Args:
            lines: Pairs of a name and a text.
            title: The record's title.
            detailed: Whether the whole texts are in it, or their summary only, as is often seen.
            app: To this app's robot in the single chat.
            chat: In this group instead.
            mentions: Who is mentioned.
        """
        summary = "\n".join(f"{name}:{text}" for name, text in lines)
        content: dict[str, Any] = {"summary": summary, "title": title or "聊天记录"}
        if detailed:
            record = [{"senderName": name, "content": text} for name, text in lines]
            content["chatRecord"] = json.dumps(record, ensure_ascii=False)
        return await self._sends("chatRecord", content, app=app, chat=chat, mentions=mentions)

    async def sends_card(
        self,
        title: str = "",
        *,
        url: str = "",
        app: App | None = None,
        chat: Group | None = None,
        mentions: Sequence[Mention] = (),
    ) -> SentMessage:
        """Shares a document or the like, which arrives as an interactive card with an address."""
        ids = self._world.ids
        place = f"spaceId={ids.number('space_id', 10)}&fileId={ids.number('file_id', 12)}&type=file"
        url = url or f"dingtalk://dingtalkclient/page/yunpan?route=previewDentry&{place}"
        content = {"title": title, "biz_custom_action_url": url}
        return await self._sends("interactiveCard", content, app=app, chat=chat, mentions=mentions)

    async def sends_unknown(self, *, app: App | None = None) -> SentMessage:
        """Sends what robots can not receive, for instance a place."""
        content = {"unknownMsgType": "用户发送了一条消息，机器人暂不支持接收。"}
        return await self._sends("unknownMsgType", content, app=app)

    async def _sends(self, kind: str, content: Mapping[str, Any], **whither: Any) -> SentMessage:
        return await self.sends({"msgtype": kind, "content": content}, **whither)

    def _picture(self, data: bytes) -> dict[str, str]:
        media_type = next((name for start, name in PICTURES.items() if data.startswith(start)), "image/png")
        small, large = (self._code(data, "picture", media_type) for _ in range(2))
        return {"pictureDownloadCode": small, "downloadCode": large}

    def _code(self, data: bytes, name: str, media_type: str) -> str:
        return self._world.uploads.send(data, name, media_type)
