"""The robot itself, guilds and channels.

Rules: bot-docs, `openapi/user/*.md`, `server-inter/channel/manage/**`. Channels are managed by private robots only.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.guild_json import channel_json, guild_json, user_json
from imbridge.emulators.qq.routes import Raw, listed, no_content

if TYPE_CHECKING:
    from imbridge.emulators.qq.routes import Call, Routes

CHANGEABLE = ("name", "position", "parent_id", "private_type", "speak_permission")


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", "/users/@me", me)
    routes.add("GET", "/users/@me/guilds", my_guilds)
    routes.add(
        "GET", "/guilds/{guild_id}", lambda call: guild_json(call.world.guild(call.bot, call.places["guild_id"]))
    )
    routes.add("GET", "/guilds/{guild_id}/channels", channels)
    routes.add("POST", "/guilds/{guild_id}/channels", create_channel)
    routes.add("GET", "/channels/{channel_id}", get_channel)
    routes.add("PATCH", "/channels/{channel_id}", change_channel)
    routes.add("DELETE", "/channels/{channel_id}", delete_channel)
    routes.add("PATCH", "/guilds/{guild_id}/mute", mute)
    routes.add("PATCH", "/guilds/{guild_id}/members/{user_id}/mute", mute)


def me(call: "Call") -> dict[str, Any]:
    """The robot."""
    return {**user_json(call.bot), "union_openid": "", "union_user_account": ""}


def my_guilds(call: "Call") -> Raw:
    """The guilds that the robot is in."""
    return listed([guild_json(guild) for guild in call.world.guilds.values() if call.bot in guild.bots])


def channels(call: "Call") -> Raw:
    """The channels of a guild."""
    guild = call.world.guild(call.bot, call.places["guild_id"])
    return listed([channel_json(channel) for channel in guild.channels.values()])


def get_channel(call: "Call") -> dict[str, Any]:
    """A channel."""
    return channel_json(call.world.channel(call.bot, call.places["channel_id"]))


def create_channel(call: "Call") -> dict[str, Any]:
    """Makes a channel; robots are told."""
    guild, body = call.world.guild(call.bot, call.places["guild_id"]), call.json()
    private(call)
    if not body.get("name"):
        raise ApiError(12002, "request invalid: name")
    channel = guild.add_channel(str(body["name"]))
    channel.facts |= {name: body[name] for name in ("type", "sub_type", *CHANGEABLE[1:]) if body.get(name) is not None}
    return channel_json(channel)


def change_channel(call: "Call") -> dict[str, Any]:
    """Changes a channel."""
    channel, body = call.world.channel(call.bot, call.places["channel_id"]), call.json()
    private(call)
    channel.name = str(body.get("name") or channel.name)
    channel.facts |= {name: body[name] for name in CHANGEABLE[1:] if body.get(name) is not None}
    return channel_json(channel)


def delete_channel(call: "Call") -> dict[str, Any]:
    """Removes a channel."""
    channel = call.world.channel(call.bot, call.places["channel_id"])
    private(call)
    del channel.guild.channels[channel.id]
    del call.world.channels[channel.id]
    return {}


def mute(call: "Call") -> Raw | dict[str, Any]:
    """Silences everybody, somebody, or those named: it is remembered in `qq.world.muted`."""
    guild, body = call.world.guild(call.bot, call.places["guild_id"]), call.json()
    if not body.get("mute_seconds") and not body.get("mute_end_timestamp"):
        raise ApiError(502005, "timestamp invalid")
    asked = body.get("user_ids")
    named = [str(one) for one in asked] if isinstance(asked, list) else []
    for user_id in named or [call.places.get("user_id", "")]:
        call.world.muted.append((guild, user_id, body))
    return {"user_ids": named} if named else no_content()


def private(call: "Call") -> None:
    """Refuses what only private robots may.

    Raises:
        ApiError: The robot is none.
    """
    if not call.bot.private:
        raise ApiError(11253, status=401)
