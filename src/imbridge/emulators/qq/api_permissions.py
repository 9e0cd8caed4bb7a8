"""What people and roles may do in channels, what the robot may ask for, and how often it may speak first.

Rules: bot-docs, `server-inter/channel/role-group/channel_permissions/*.md`, `api_permissions/*.md` and
`speak/setting/*.md`.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.routes import Raw, no_content

if TYPE_CHECKING:
    from imbridge.emulators.qq.guild import Channel
    from imbridge.emulators.qq.routes import Call, Routes

VIEW_AND_SPEAK = 1 | 4
MANAGE = 2


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    for kind in ("members", "roles"):
        path = f"/channels/{{channel_id}}/{kind}/{{id}}/permissions"
        routes.add("GET", path, get_permissions)
        routes.add("PUT", path, put_permissions)
    routes.add("GET", "/guilds/{guild_id}/api_permission", api_permissions)
    routes.add("POST", "/guilds/{guild_id}/api_permission/demand", demand)
    routes.add("GET", "/guilds/{guild_id}/message/setting", message_setting)
    routes.add(
        "GET", "/channels/{channel_id}/online_nums", lambda call: {"online_nums": len(_channel(call).guild.members)}
    )


def get_permissions(call: "Call") -> dict[str, Any]:
    """What somebody, or a role, may do."""
    channel = _channel(call)
    name = "user_id" if "/members/" in call.path else "role_id"
    may = channel.permissions.get(_key(call), VIEW_AND_SPEAK)
    return {"channel_id": channel.id, name: call.places["id"], "permissions": str(may)}


def put_permissions(call: "Call") -> Raw:
    """Gives and takes permissions, those to manage excepted."""
    channel, body = _channel(call), call.json()
    try:
        add, remove = int(body.get("add") or 0), int(body.get("remove") or 0)
    except (TypeError, ValueError):
        raise ApiError(301000, "param invalid") from None
    if (add | remove) & MANAGE or not add | remove:
        raise ApiError(301000, "param invalid")
    channel.permissions[_key(call)] = channel.permissions.get(_key(call), VIEW_AND_SPEAK) & ~remove | add
    return no_content()


def api_permissions(call: "Call") -> dict[str, Any]:
    """Which calls the robot may make in the guild."""
    call.world.guild(call.bot, call.places["guild_id"])
    private = int(call.bot.private)
    apis = [
        {"path": "/channels/{channel_id}/messages", "method": "POST", "desc": "创建消息", "auth_status": 1},
        {"path": "/guilds/{guild_id}/members", "method": "GET", "desc": "频道成员列表", "auth_status": private},
    ]
    return {"apis": apis}


def demand(call: "Call") -> dict[str, Any]:
    """Asks the guild for a permission, in a channel."""
    guild, body = call.world.guild(call.bot, call.places["guild_id"]), call.json()
    if str(body.get("channel_id")) not in guild.channels or not isinstance(body.get("api_identify"), dict):
        raise ApiError(610008, "param invalid")
    title = "机器人申请权限"
    asked = {name: body.get(name) for name in ("channel_id", "api_identify", "desc")}
    return {"guild_id": guild.id, **asked, "title": title}


def message_setting(call: "Call") -> dict[str, Any]:
    """How often the robot may speak first."""
    guild = call.world.guild(call.bot, call.places["guild_id"])
    active = call.bot.active
    most = str(call.world.settings.channel_active)
    return {
        "disable_create_dm": not active,
        "disable_push_msg": not active,
        "channel_ids": list(guild.channels),
        "channel_push_max_num": most,
    }


def online(call: "Call") -> dict[str, Any]:
    """How many people are in a channel: all members."""
    return {"online_nums": len(_channel(call).guild.members)}


def _channel(call: "Call") -> "Channel":
    return call.world.channel(call.bot, call.places["channel_id"])


def _key(call: "Call") -> str:
    return f"{'user' if '/members/' in call.path else 'role'}/{call.places['id']}"
