"""The kinds of messages people send, with the contents that bots receive.

Shapes: https://open.feishu.cn/document/server-docs/im-v1/message-content-description/message_content. Times in contents
are milliseconds, as texts.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.message import Message, SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User

MERGED = "Merged and Forwarded Message"
"""The whole content of a merge_forward message: a text that is no JSON."""


class Where(TypedDict, total=False):
    """Where a message goes: `chat`, or the message it replies to (with `thread`: in its thread)."""

    chat: "Chat | App | None"
    reply_to: Message
    thread: bool


class Sending(ABC):
    """Mixed into `User`: one method for each kind of message."""

    @abstractmethod
    async def sends(
        self,
        msg_type: str,
        content: "dict[str, Any] | str",
        *,
        mentions: "tuple[User | App, ...] | list[User | App]" = (),
        forwarded: Sequence[Message] = (),
        **where: Unpack[Where],
    ) -> SentMessage:
        """Sends any type of message with any content."""

    @abstractmethod
    def keeps_image(self, data: bytes) -> str:
        """Uploads an image; returns its key."""

    @abstractmethod
    def keeps_file(self, data: bytes, *, name: str, file_type: str, duration: int | None = None) -> str:
        """Uploads a file; returns its key."""

    async def sends_image(self, data: bytes, **where: Unpack[Where]) -> SentMessage:
        """Sends an image."""
        return await self.sends("image", {"image_key": self.keeps_image(data)}, **where)

    async def sends_file(
        self, data: bytes, *, name: str, file_type: str = "stream", **where: Unpack[Where]
    ) -> SentMessage:
        """Sends a file."""
        key = self.keeps_file(data, name=name, file_type=file_type)
        return await self.sends("file", {"file_key": key, "file_name": name}, **where)

    async def sends_audio(self, data: bytes, *, duration: int = 2000, **where: Unpack[Where]) -> SentMessage:
        """Sends a voice message of Ogg/Opus data; `duration` in milliseconds."""
        key = self.keeps_file(data, name="", file_type="opus", duration=duration)
        return await self.sends("audio", {"file_key": key, "duration": duration}, **where)

    async def sends_video(
        self,
        data: bytes,
        *,
        name: str = "video.mp4",
        cover: bytes | None = None,
        duration: int = 2000,
        **where: Unpack[Where],
    ) -> SentMessage:
        """Sends a video, with its cover if there is one; `duration` in milliseconds."""
        key = self.keeps_file(data, name=name, file_type="mp4", duration=duration)
        content: dict[str, Any] = {"file_key": key}
        if cover is not None:
            content["image_key"] = self.keeps_image(cover)
        return await self.sends("media", content | {"file_name": name, "duration": duration}, **where)

    async def sends_sticker(self, data: bytes = b"sticker", **where: Unpack[Where]) -> SentMessage:
        """Sends a sticker; its key can be sent by bots, not downloaded."""
        return await self.sends("sticker", {"file_key": self.keeps_image(data)}, **where)

    async def sends_folder(self, name: str, **where: Unpack[Where]) -> SentMessage:
        """Sends a folder; the API gives its key and name, and no way to download it."""
        key = self.keeps_file(b"", name=name, file_type="folder")
        return await self.sends("folder", {"file_key": key, "file_name": name}, **where)

    async def sends_post(
        self,
        paragraphs: "Sequence[Sequence[str | bytes | User | App | Mapping[str, Any]]]",
        *,
        title: str = "",
        **where: Unpack[Where],
    ) -> SentMessage:
        """Sends a rich text.

        Args:
            paragraphs: Its lines; an item is a text, an image's bytes, somebody who is mentioned, or any tag
                (`{"tag": "a", "text": ..., "href": ...}`, `code_block`, `hr`, `emotion`, `media`, ...).
            title: Its title.
            where: `chat`, or `reply_to` and `thread`.

        In what bots receive, `md` does not occur: the platform turns it into other tags.
        """
        mentioned: list[User | App] = []
        content = [[self._tag(item, mentioned) for item in paragraph] for paragraph in paragraphs]
        return await self.sends("post", {"title": title, "content": content}, mentions=mentioned, **where)

    async def shares_chat(self, shared: Chat, **where: Unpack[Where]) -> SentMessage:
        """Sends a group's card."""
        return await self.sends("share_chat", {"chat_id": shared.chat_id}, **where)

    async def shares_user(self, shared: "User", app: App, **where: Unpack[Where]) -> SentMessage:
        """Sends a person's card; `app` is the one whose open_id is in it, as the event goes to one content for all."""
        return await self.sends("share_user", {"user_id": shared.open_id_for(app)}, **where)

    async def sends_location(self, name: str, *, longitude: str, latitude: str, **where: Unpack[Where]) -> SentMessage:
        """Sends a place."""
        return await self.sends("location", {"name": name, "longitude": longitude, "latitude": latitude}, **where)

    async def sends_todo(
        self, text: str, *, title: str = "", due_time: int | None = None, **where: Unpack[Where]
    ) -> SentMessage:
        """Sends a task; `due_time` in milliseconds."""
        content: dict[str, Any] = {
            "task_id": "acd096a5-a157-4b9d-80e2-5b317456f005",
            "summary": {"title": title, "content": [[{"tag": "text", "text": text}]]},
        }
        if due_time is not None:
            content["due_time"] = str(due_time)
        return await self.sends("todo", content, **where)

    async def sends_vote(self, topic: str, options: Sequence[str], **where: Unpack[Where]) -> SentMessage:
        """Sends a poll."""
        return await self.sends("vote", {"topic": topic, "options": list(options)}, **where)

    async def sends_calendar(
        self,
        summary: str,
        *,
        start_time: int,
        end_time: int,
        kind: Literal["share_calendar_event", "calendar", "general_calendar"] = "share_calendar_event",
        **where: Unpack[Where],
    ) -> SentMessage:
        """Sends an appointment: shared, as an invitation, or handed over; times in milliseconds."""
        content = {"summary": summary, "start_time": str(start_time), "end_time": str(end_time)}
        return await self.sends(kind, content, **where)

    async def sends_video_chat(self, topic: str, *, start_time: int, **where: Unpack[Where]) -> SentMessage:
        """Starts a video call; the time in milliseconds."""
        return await self.sends("video_chat", {"topic": topic, "start_time": str(start_time)}, **where)

    async def sends_hongbao(self, **where: Unpack[Where]) -> SentMessage:
        """Sends a red packet, of which bots see this text alone."""
        return await self.sends("hongbao", {"text": "[红包]"}, **where)

    async def sends_system(self, template: str, *, values: Mapping[str, Any], **where: Unpack[Where]) -> SentMessage:
        """What the client writes itself: `{from_user} invited {to_chatters} to this chat.` and the lists of names."""
        return await self.sends("system", {"template": template, **values}, **where)

    async def sends_merged(self, *messages: Message, **where: Unpack[Where]) -> SentMessage:
        """Forwards messages (merged ones too) as one; `GET im/v1/messages/:id` shows them."""
        return await self.sends("merge_forward", MERGED, forwarded=messages, **where)

    def _tag(
        self, item: "str | bytes | User | App | Mapping[str, Any]", mentioned: "list[User | App]"
    ) -> dict[str, Any]:
        if isinstance(item, str):
            return {"tag": "text", "text": item, "style": []}
        if isinstance(item, bytes):
            return {"tag": "img", "image_key": self.keeps_image(item)}
        if isinstance(item, Mapping):
            return dict(item)
        if item not in mentioned:
            mentioned.append(item)
        key = f"@_user_{mentioned.index(item) + 1}"
        return {"tag": "at", "user_id": key, "user_name": item.name, "style": []}
