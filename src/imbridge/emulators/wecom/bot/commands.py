"""The commands of the long connection: https://developer.work.weixin.qq.com/document/path/101463."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.card_updates import update_card
from imbridge.emulators.wecom.bot.chat import BotChat
from imbridge.emulators.wecom.bot.errors import RefusedError
from imbridge.emulators.wecom.bot.interaction import Interaction, Reason
from imbridge.emulators.wecom.bot.posting import post

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World

Command = Callable[["World", Bot, str, dict[str, Any]], dict[str, Any] | None]
"""Takes the world, the bot, the frame's req_id and its body; returns what the acknowledgement has as a body."""


def respond(world: "World", bot: Bot, req_id: str, body: dict[str, Any]) -> None:
    """`aibot_respond_msg`: answers a message."""
    interaction = _interaction(world, bot, req_id, "message", world.settings.respond_seconds)
    post(world, bot, interaction.chat, "respond", body, interaction)


def welcome(world: "World", bot: Bot, req_id: str, body: dict[str, Any]) -> None:
    """`aibot_respond_welcome_msg`: greets somebody who opened the conversation."""
    interaction = _interaction(world, bot, req_id, "enter_chat", world.settings.welcome_seconds)
    post(world, bot, interaction.chat, "welcome", body, interaction)


def update(world: "World", bot: Bot, req_id: str, body: dict[str, Any]) -> None:
    """`aibot_respond_update_msg`: changes the card that somebody clicked."""
    interaction = _interaction(world, bot, req_id, "template_card_event", world.settings.update_seconds)
    update_card(world, interaction, body)


def send(world: "World", bot: Bot, req_id: str, body: dict[str, Any]) -> None:
    """`aibot_send_msg`: a message by itself."""
    post(world, bot, _chat(world, bot, body), "push", body)


def upload_init(world: "World", bot: Bot, req_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """`aibot_upload_media_init`: begins an upload."""
    return world.uploads.init(bot, body)


def upload_chunk(world: "World", bot: Bot, req_id: str, body: dict[str, Any]) -> None:
    """`aibot_upload_media_chunk`: a part of an upload."""
    world.uploads.chunk(bot, body)


def upload_finish(world: "World", bot: Bot, req_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """`aibot_upload_media_finish`: the end of an upload."""
    return world.uploads.finish(bot, body)


COMMANDS: Mapping[str, Command] = {
    "aibot_respond_msg": respond,
    "aibot_respond_welcome_msg": welcome,
    "aibot_respond_update_msg": update,
    "aibot_send_msg": send,
    "aibot_upload_media_init": upload_init,
    "aibot_upload_media_chunk": upload_chunk,
    "aibot_upload_media_finish": upload_finish,
}


def _interaction(world: "World", bot: Bot, req_id: str, reason: Reason, seconds: float) -> Interaction:
    # A req_id stays good when the bot reconnects; whether the platform agrees is not documented.
    interaction = world.interactions.get((bot, req_id))
    if interaction is None or interaction.reason != reason:
        raise RefusedError(846605)
    age = time.monotonic() - interaction.born
    if age > seconds:
        world.violation(
            "answer_late", f"{reason} {interaction.msgid} answered after {age:.1f} s, the limit is {seconds:g} s"
        )
        raise RefusedError(846605, "too late")
    return interaction


def _chat(world: "World", bot: Bot, body: dict[str, Any]) -> BotChat:
    chatid, chat_type = body.get("chatid"), body.get("chat_type", 0)
    if chat_type not in (0, 1, 2) or isinstance(chat_type, bool):
        raise RefusedError(40058, f"chat_type {chat_type!r}")
    if not isinstance(chatid, str):
        raise RefusedError(40058, "chatid is missing")
    group = world.groups.get(chatid) if chat_type != 1 else None
    user = world.users.get(chatid) if chat_type != 2 else None
    chat = group or (world.singles.get((bot, user)) if user is not None else None)
    if chat is None or bot not in chat.open_to or bot not in chat.bots:
        raise RefusedError(93006, f"chatid {chatid}")
    return chat
