"""Taking messages back.

Rules: bot.q.qq.com/wiki, `autogen/api/v2_groups_group_openid_messages_message_id.delete.html` (2026), bot-docs,
`send-receive/reset.md`: in single chats and groups within two minutes, in groups that the robot manages what members
said too; in channels private robots only, there always what members said too.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.message import BotMessage
from imbridge.emulators.qq.sends import touch

if TYPE_CHECKING:
    from imbridge.emulators.qq.routes import Call, Routes


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("DELETE", "/v2/users/{openid}/messages/{message_id}", recall_c2c)
    routes.add("DELETE", "/v2/groups/{group_openid}/messages/{message_id}", recall_group)
    routes.add("DELETE", "/channels/{channel_id}/messages/{message_id}", recall_channel)
    routes.add("DELETE", "/dms/{guild_id}/messages/{message_id}", recall_direct)


def recall_c2c(call: "Call") -> dict[str, Any]:
    """Takes back what was sent to somebody."""
    user = call.world.people.user(call.bot, call.places["openid"])
    message = _own(call)
    if message.way != "c2c" or user not in message.recipients:
        raise ApiError(306009)
    return _recall(call, message, timed=True)


def recall_group(call: "Call") -> dict[str, Any]:
    """Takes back what was sent to a group."""
    world = call.world
    group = world.people.group(call.bot, call.places["group_openid"])
    sent = world.sent.get((call.bot.app_id, call.places["message_id"]))
    if sent is not None and sent.chat is group:
        if call.bot not in group.managed_by or group.role_of(sent.sender) != "member":
            raise ApiError(306008)
        if world.now() - sent.created > world.settings.recall_window:
            raise ApiError(306011)
        sent.recalled = True
        world.stats.recalls += 1
        return {}
    message = _own(call)
    if message.chat is not group:
        raise ApiError(306007)
    return _recall(call, message, timed=True)


def recall_channel(call: "Call") -> dict[str, Any]:
    """Takes back what was said in a channel."""
    world, bot = call.world, call.bot
    channel = world.channel(bot, call.places["channel_id"])
    if not bot.private:
        raise ApiError(11253)
    sent = world.sent.get((bot.app_id, call.places["message_id"]))
    if sent is not None and sent.chat is channel:
        sent.recalled = True
        world.stats.recalls += 1
        return {}
    message = _own(call)
    if message.chat is not channel:
        raise ApiError(306002)
    return _recall(call, message, timed=False)


def recall_direct(call: "Call") -> dict[str, Any]:
    """Takes back a private message."""
    if not call.bot.private:
        raise ApiError(11253)
    message = _own(call)
    if message.way != "dms" or message.chat is not call.world.directs.get(call.places["guild_id"]):
        raise ApiError(306002)
    return _recall(call, message, timed=False)


def _own(call: "Call") -> BotMessage:
    message = call.world.by_id.get(call.places["message_id"])
    if message is None or message.recalled:
        raise ApiError(306002)
    if message.bot is not call.bot:
        raise ApiError(306008)
    return message


def _recall(call: "Call", message: BotMessage, *, timed: bool) -> dict[str, Any]:
    world = call.world
    if timed and world.now() - message.created > world.settings.recall_window:
        raise ApiError(306011)
    message.recalled = True
    touch(message)
    world.stats.recalls += 1
    return {}
