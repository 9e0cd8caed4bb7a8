"""What stands out in a guild: pinned messages, announcements, schedules.

Rules: bot-docs, `server-inter/channel/content/{pins,announces,schedule}/*.md`.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.guild_json import JOINED, user_json
from imbridge.emulators.qq.routes import Raw, listed, no_content

if TYPE_CHECKING:
    from imbridge.emulators.qq.guild import Channel
    from imbridge.emulators.qq.routes import Call, Routes

MOST_PINS = 20
SCHEDULE = ("name", "description", "start_timestamp", "end_timestamp", "jump_channel_id", "remind_type")


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", "/channels/{channel_id}/pins", lambda call: _pins(_channel(call)))
    routes.add("PUT", "/channels/{channel_id}/pins/{message_id}", pin)
    routes.add("DELETE", "/channels/{channel_id}/pins/{message_id}", unpin)
    routes.add("POST", "/guilds/{guild_id}/announces", announce)
    routes.add("DELETE", "/guilds/{guild_id}/announces/{message_id}", withdraw)
    routes.add("GET", "/channels/{channel_id}/schedules", schedules)
    routes.add("POST", "/channels/{channel_id}/schedules", create_schedule)
    routes.add("GET", "/channels/{channel_id}/schedules/{schedule_id}", get_schedule)
    routes.add("PATCH", "/channels/{channel_id}/schedules/{schedule_id}", change_schedule)
    routes.add("DELETE", "/channels/{channel_id}/schedules/{schedule_id}", delete_schedule)


def pin(call: "Call") -> dict[str, Any]:
    """Pins a message."""
    channel, message_id = _channel(call), call.places["message_id"]
    world = call.world
    message = world.sent.get((call.bot.app_id, message_id)) or world.by_id.get(message_id)
    if message is None or message.chat is not channel or message.recalled:
        raise ApiError(501008, "message id not exist")
    if message_id not in channel.pins:
        if len(channel.pins) >= MOST_PINS:
            raise ApiError(501012, "too many pins")
        channel.pins.append(message_id)
    return _pins(channel)


def unpin(call: "Call") -> Raw:
    """Takes a pin, or `all`, away."""
    channel, message_id = _channel(call), call.places["message_id"]
    channel.pins[:] = [one for one in channel.pins if message_id not in {one, "all"}]
    return no_content()


def announce(call: "Call") -> dict[str, Any]:
    """Makes an announcement of a message, or recommends channels."""
    guild, body = call.world.guild(call.bot, call.places["guild_id"]), call.json()
    asked = body.get("recommend_channels")
    channels = [one for one in asked if isinstance(one, dict)] if isinstance(asked, list) else []
    if not body.get("message_id") and not channels:
        raise ApiError(501001, "param invalid")
    named = [str(one.get("channel_id")) for one in channels] or [str(body.get("channel_id"))]
    if any(one not in guild.channels for one in named):
        raise ApiError(501018, "channel id invalid")
    guild.announcement = {
        "guild_id": guild.id,
        "channel_id": str(body.get("channel_id") or ""),
        "message_id": str(body.get("message_id") or ""),
        "announces_type": body.get("announces_type") or 0,
        "recommend_channels": channels,
    }
    return guild.announcement


def withdraw(call: "Call") -> Raw:
    """Takes the announcement away."""
    guild = call.world.guild(call.bot, call.places["guild_id"])
    if call.places["message_id"] not in {"all", guild.announcement.get("message_id")}:
        raise ApiError(501008, "message id not exist")
    guild.announcement = {}
    return no_content()


def schedules(call: "Call") -> Raw:
    """The schedules of a channel."""
    return listed(list(_channel(call).schedules.values()))


def get_schedule(call: "Call") -> dict[str, Any]:
    """A schedule.

    Raises:
        ApiError: There is no such one.
    """
    schedule = _channel(call).schedules.get(call.places["schedule_id"])
    if schedule is None:
        raise ApiError(302011, "schedule is deleted")
    return schedule


def create_schedule(call: "Call") -> dict[str, Any]:
    """Makes a schedule."""
    channel, asked = _channel(call), _asked(call)
    if not asked.get("name") or not asked.get("start_timestamp"):
        raise ApiError(302017, "schedule is empty")
    creator = {"user": user_json(call.bot), "nick": "", "joined_at": JOINED}
    schedule = {"id": call.world.ids.number("schedule", 9), "creator": creator, **asked}
    channel.schedules[schedule["id"]] = schedule
    return schedule


def change_schedule(call: "Call") -> dict[str, Any]:
    """Changes a schedule."""
    schedule = get_schedule(call)
    schedule |= _asked(call)
    return schedule


def delete_schedule(call: "Call") -> Raw:
    """Removes a schedule."""
    del _channel(call).schedules[get_schedule(call)["id"]]
    return no_content()


def _channel(call: "Call") -> "Channel":
    return call.world.channel(call.bot, call.places["channel_id"])


def _pins(channel: "Channel") -> dict[str, Any]:
    return {"guild_id": channel.guild.id, "channel_id": channel.id, "message_ids": list(channel.pins)}


def _asked(call: "Call") -> dict[str, Any]:
    asked = call.json().get("schedule")
    return {name: asked[name] for name in SCHEDULE if asked.get(name) is not None} if isinstance(asked, dict) else {}
