"""What people send to robots besides text.

Rule: bot.q.qq.com/wiki, `autogen/event/c2c_message_create.html` (2026). The tags of faces are as clients have logged
them.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.chat import Chat
from imbridge.emulators.qq.guild import Channel, Direct
from imbridge.emulators.qq.message import SentMessage
from imbridge.emulators.qq.quotes import Quotable
from imbridge.emulators.qq.writing import Writing

if TYPE_CHECKING:
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World

PNG = b"\x89PNG\r\n\x1a\n"
MP4 = b"\x00\x00\x00\x18ftypmp42"
SILK = b"\x02#!SILK_V3"
WAV = b"RIFF\x00\x00\x00\x00WAVE"
IMAGES = {b"\x89PNG": ("image/png", "png"), b"\xff\xd8\xff": ("image/jpeg", "jpg"), b"GIF8": ("image/gif", "gif")}


class Sending(Writing):
    """Pictures, files, sound, faces and cards of one person."""

    _world: "World"

    async def sends_image(
        self,
        data: bytes = PNG,
        name: str = "",
        *,
        text: str = "",
        bot: Bot | None = None,
        chat: Chat = None,
        mentions: "Sequence[Bot | User]" = (),
        quoting: Quotable | None = None,
    ) -> SentMessage:
        """Sends a picture, with a text if there is one."""
        kind, ending = next((known for start, known in IMAGES.items() if data.startswith(start)), ("image/png", "png"))
        name = name or f"{self._world.ids.hex('picture').upper()}.{ending}"
        attachment = self._attachment(data, name, kind, chat, width=520, height=524)
        fields = {"content": text, "attachments": [attachment]}
        return await self.sends(fields, bot=bot, chat=chat, mentions=mentions, quoting=quoting)

    async def sends_voice(
        self,
        data: bytes = SILK,
        name: str = "voice.amr",
        *,
        asr: str = "",
        bot: Bot | None = None,
        chat: Chat = None,
        mentions: "Sequence[Bot | User]" = (),
    ) -> SentMessage:
        """Sends a voice message; `asr` is the text that QQ heard in it."""
        attachment = self._attachment(data, name, "voice", chat)
        attachment["voice_wav_url"] = self._world.uploads.offer(WAV, "voice.wav", "audio/wav")
        if asr:
            attachment["asr_refer_text"] = asr
        return await self.sends({"attachments": [attachment]}, bot=bot, chat=chat, mentions=mentions)

    async def sends_video(
        self,
        data: bytes = MP4,
        name: str = "video.mp4",
        *,
        bot: Bot | None = None,
        chat: Chat = None,
        mentions: "Sequence[Bot | User]" = (),
    ) -> SentMessage:
        """Sends a video."""
        attachment = self._attachment(data, name, "video/mp4", chat)
        return await self.sends({"attachments": [attachment]}, bot=bot, chat=chat, mentions=mentions)

    async def sends_file(
        self,
        data: bytes,
        name: str = "file.bin",
        *,
        bot: Bot | None = None,
        chat: Chat = None,
        mentions: "Sequence[Bot | User]" = (),
    ) -> SentMessage:
        """Sends a file."""
        attachment = self._attachment(data, name, "file", chat)
        return await self.sends({"attachments": [attachment]}, bot=bot, chat=chat, mentions=mentions)

    async def sends_face(
        self,
        face_id: str = "277",
        text: str = "[汪汪]",
        *,
        face_type: int = 1,
        bot: Bot | None = None,
        chat: Chat = None,
        mentions: "Sequence[Bot | User]" = (),
    ) -> SentMessage:
        """Sends a face: a tag in the content, with its text in Base64 in single chats and groups."""
        if isinstance(chat, Channel | Direct):
            content = f"<emoji:{face_id}>"
        else:
            ext = base64.b64encode(json.dumps({"text": text}, ensure_ascii=False).encode()).decode()
            content = f'<faceType={face_type},faceId="{face_id}",ext="{ext}">'
        return await self.sends({"content": content}, bot=bot, chat=chat, mentions=mentions)

    async def sends_ark(
        self,
        prompt: str = "[分享]",
        fields: Mapping[str, Any] | None = None,
        *,
        ark_type: str = "miniapp",
        ark_name: str = "小程序",
        bot: Bot | None = None,
        chat: Chat = None,
        mentions: "Sequence[Bot | User]" = (),
    ) -> SentMessage:
        """Shares a card."""
        data = {"prompt": prompt, "ark_type": ark_type, "ark_name": ark_name, "fields": dict(fields or {})}
        sent = {"content": f"[卡片消息] {ark_name}\n摘要: {prompt}", "message_type": 3, "ark_data": data}
        return await self.sends(sent, bot=bot, chat=chat, mentions=mentions)

    async def sends_record(
        self,
        lines: Sequence[str],
        *,
        bot: Bot | None = None,
        chat: Chat = None,
        mentions: "Sequence[Bot | User]" = (),
    ) -> SentMessage:
        """Forwards what others have written, as one record: a quoted message with all of it in one text."""
        text = "\n\n".join(f"=== 消息 {number} ===\n[消息内容] {line}" for number, line in enumerate(lines, 1))
        fields: dict[str, Any] = {"content": " ", "message_type": 103, "msg_elements": [{"content": text}]}
        fields["ref_msg_idx"] = f"TMP_{self._world.ids.uuid('record')}"
        return await self.sends(fields, bot=bot, chat=chat, mentions=mentions)

    def _attachment(self, data: bytes, name: str, kind: str, chat: Chat, **size: int) -> dict[str, Any]:
        url = self._world.uploads.offer(data, name, kind)
        if isinstance(chat, Channel | Direct):
            # In channels attachments have ids, and addresses without a scheme.
            own = {"id": self._world.ids.number("attachment", 10), "url": url.removeprefix("http:").lstrip("/")}
            return {**own, "content_type": kind, "filename": name, "size": len(data), **size}
        return {"url": url, "filename": name, "size": len(data), "content_type": kind, "content": "", **size}
