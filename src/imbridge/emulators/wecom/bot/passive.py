"""The answer to a callback: https://developer.work.weixin.qq.com/document/path/101033 (form) and 101031 (content)."""

import json
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.card_updates import update_card
from imbridge.emulators.wecom.bot.errors import RefusedError, UnreadableError
from imbridge.emulators.wecom.bot.forged import CallbackAnswer
from imbridge.emulators.wecom.bot.interaction import Interaction
from imbridge.emulators.wecom.bot.message import BotMessage
from imbridge.emulators.wecom.bot.posting import post

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World

REFRESHES = frozenset({"stream", "stream_with_template_card"})


def read_answer(bot: Bot, answer: CallbackAnswer) -> dict[str, Any]:
    """The JSON that an answer hides.

    Raises:
        UnreadableError: It is not signed as it must be, or no JSON.
        CryptoError: It cannot be decrypted, or is for somebody else.
    """
    envelope = _object(answer.body)
    encrypted, signed = envelope.get("encrypt"), envelope.get("msgsignature")
    timestamp, nonce = envelope.get("timestamp"), envelope.get("nonce")
    if not isinstance(encrypted, str) or not isinstance(signed, str):
        raise UnreadableError("encrypt and msgsignature are missing")
    if isinstance(timestamp, bool) or not isinstance(timestamp, int):
        raise UnreadableError(f"timestamp is {timestamp!r}, not a number")
    if nonce != answer.nonce:
        raise UnreadableError(f"nonce is {nonce!r}, not the request's {answer.nonce!r}")
    if not bot.crypto.is_signed(signed, str(timestamp), nonce, encrypted):
        raise UnreadableError("the signature is wrong")
    return _object(bot.crypto.decrypt_text(encrypted))


def take_answer(world: "World", interaction: Interaction, body: dict[str, Any], refresh: str = "") -> BotMessage | None:
    """Does what an answer says.

    Args:
        world: The platform.
        interaction: What it answers.
        body: The answer.
        refresh: The id of the stream, when the callback asked for its rest.

    Returns:
        The stream, if it is one.

    Raises:
        RefusedError: It breaks a rule.
    """
    chat = interaction.chat
    if interaction.reason == "template_card_event":
        update_card(world, interaction, body)
        return None
    if interaction.reason == "enter_chat":
        post(world, interaction.bot, chat, "welcome", body, interaction)
        return None
    if interaction.reason != "message":
        raise RefusedError(40008, f"{interaction.reason} cannot be answered")
    if refresh:
        if body.get("msgtype") not in REFRESHES:
            raise RefusedError(40008, f"msgtype {body.get('msgtype')!r} for a refresh")
        stream = body.get("stream")
        if not isinstance(stream, dict) or stream.setdefault("id", refresh) != refresh:
            raise RefusedError(40058, f"the refresh asked for stream {refresh}")
    message = post(world, interaction.bot, chat, "passive", body, interaction)
    return message if message.kind == "stream" else None


def _object(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError:
        raise UnreadableError("not JSON") from None
    if not isinstance(parsed, dict):
        raise UnreadableError("no JSON object")
    return parsed
