"""Reading a message of a channel.

Rule: bot-docs, `nodesdk/message/get_message_of_id.md`: the message is in `message`.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.guild_json import user_json
from imbridge.emulators.qq.message import SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.qq.routes import Call, Routes


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", "/channels/{channel_id}/messages/{message_id}", read)


def read(call: "Call") -> dict[str, Any]:
    """A message."""
    world, message_id = call.world, call.places["message_id"]
    channel = world.channel(call.bot, call.places["channel_id"])
    message = world.sent.get((call.bot.app_id, message_id)) or world.by_id.get(message_id)
    if message is None or message.chat is not channel or message.recalled:
        raise ApiError(50039)
    if isinstance(message, SentMessage):
        return {"message": message.data}
    about = {"id": message.id, "channel_id": channel.id, "guild_id": channel.guild.id}
    return {"message": {**about, "content": message.text, "author": user_json(message.bot)}}
