"""The bodies of callbacks, the same on the long connection and in callback mode.

Fields: https://developer.work.weixin.qq.com/document/path/100719 (messages) and 101027 (events).
"""

import time
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.interaction import Interaction
from imbridge.emulators.wecom.bot.message import BotMessage, SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World

NAMES = {"image": "image.png", "video": "video.mp4"}


def message_body(
    world: "World", interaction: Interaction, sent: SentMessage, quoting: "SentMessage | BotMessage | None"
) -> dict[str, Any]:
    """The body of a message's callback."""
    body = _common(world, interaction)
    body["msgtype"] = sent.kind
    body[sent.kind] = _content(world, interaction.bot, sent)
    if isinstance(quoting, SentMessage):
        body["quote"] = {"msgtype": quoting.kind, quoting.kind: _content(world, interaction.bot, quoting)}
    elif quoting is not None:
        body["quote"] = _quoted_bot(world, interaction.bot, quoting)
    return body


def event_body(world: "World", interaction: Interaction, details: dict[str, Any] | None) -> dict[str, Any]:
    """The body of an event's callback; `details` is the structure named like the event."""
    body = _common(world, interaction)
    body["create_time"] = int(time.time())
    body["msgtype"] = "event"
    body["event"] = {"eventtype": interaction.reason}
    if details is not None:
        body["event"][interaction.reason] = details
    return body


def disconnected_body(world: "World", bot: Bot) -> dict[str, Any]:
    """The body of the event that a replaced connection gets; nobody did it, so it has no `from`."""
    return {
        "msgid": world.ids.hex("msgid"),
        "create_time": int(time.time()),
        "aibotid": bot.bot_id,
        "msgtype": "event",
        "event": {"eventtype": "disconnected_event"},
    }


def refresh_body(world: "World", interaction: Interaction, stream_id: str) -> dict[str, Any]:
    """The body that asks for the rest of a stream, in callback mode."""
    body = _common(world, interaction)
    body.pop("response_url", None)
    return body | {"msgid": world.ids.hex("msgid"), "msgtype": "stream", "stream": {"id": stream_id}}


def _common(world: "World", interaction: Interaction) -> dict[str, Any]:
    chat = interaction.chat
    body: dict[str, Any] = {"msgid": interaction.msgid, "aibotid": interaction.bot.bot_id, "chattype": chat.kind}
    if chat.kind == "group":
        body["chatid"] = chat.chatid
    body["from"] = {"userid": interaction.user.userid}
    if interaction.response_code:
        body["response_url"] = world.response_url(interaction)
    return body


def _content(world: "World", bot: Bot, sent: SentMessage) -> dict[str, Any]:
    if sent.kind == "mixed":
        return {"msg_item": [{"msgtype": kind, kind: _part(world, bot, kind, part)} for kind, part in sent.parts]}
    kind, part = sent.parts[0]
    return _part(world, bot, kind, part)


def _part(world: "World", bot: Bot, kind: str, part: Any) -> dict[str, Any]:
    if isinstance(part, dict):
        return part
    if kind in {"text", "voice"}:
        return {"content": part}
    name, data = part if kind == "file" else (NAMES[kind], part)
    return dict(world.downloads.offer(bot, data, name))


def _quoted_bot(world: "World", bot: Bot, message: BotMessage) -> dict[str, Any]:
    if message.media is None or message.media.kind == "voice":
        kind = "text" if message.media is None else "voice"
        return {"msgtype": kind, kind: {"content": message.text}}
    kind = message.media.kind
    return {"msgtype": kind, kind: dict(world.downloads.offer(bot, message.media.data, message.media.name))}
