"""Emojis that a robot puts on messages of channels.

Rule: bot-docs, `server-inter/message/trans/emoji.md`: 204 for `PUT` and `DELETE`.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.message import BotMessage, SentMessage
from imbridge.emulators.qq.routes import Raw, no_content

if TYPE_CHECKING:
    from imbridge.emulators.qq.routes import Call, Routes

PATH = "/channels/{channel_id}/messages/{message_id}/reactions/{type}/{id}"
EMOJI_TYPES = frozenset({"1", "2"})


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("PUT", PATH, put)
    routes.add("DELETE", PATH, delete)
    routes.add("GET", PATH, who)


def put(call: "Call") -> Raw:
    """Puts an emoji on a message."""
    people = _message(call).reactions.setdefault(_emoji(call), [])
    if call.bot.bot_id in people:
        raise ApiError(620003)
    people.append(call.bot.bot_id)
    return no_content()


def delete(call: "Call") -> Raw:
    """Takes an emoji off again."""
    people = _message(call).reactions.get(_emoji(call), [])
    if call.bot.bot_id not in people:
        raise ApiError(620004)
    people.remove(call.bot.bot_id)
    return no_content()


def who(call: "Call") -> dict[str, Any]:
    """Who has put an emoji on a message."""
    ids = _message(call).reactions.get(_emoji(call), [])
    names = {user.id: user.name for user in call.world.users}
    names |= {bot.bot_id: bot.name for bot in call.world.bots.values()}
    users = [{"id": one, "username": names.get(one, ""), "avatar": ""} for one in ids]
    return {"users": users, "cookie": "", "is_end": True}


def _emoji(call: "Call") -> str:
    if call.places["type"] not in EMOJI_TYPES:
        raise ApiError(620001)
    return f"{call.places['type']}/{call.places['id']}"


def _message(call: "Call") -> SentMessage | BotMessage:
    world, message_id = call.world, call.places["message_id"]
    channel = world.channel(call.bot, call.places["channel_id"])
    message = world.sent.get((call.bot.app_id, message_id)) or world.by_id.get(message_id)
    if message is None or message.chat is not channel or message.recalled:
        raise ApiError(50039)
    return message
