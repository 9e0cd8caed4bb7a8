"""Members and roles of guilds.

Rules: bot-docs, `server-inter/channel/role/**` and `role-group/*.md`. All members are listed for private robots only.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.api_guilds import private
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.guild_json import member_json
from imbridge.emulators.qq.routes import Raw, listed, no_content

if TYPE_CHECKING:
    from imbridge.emulators.qq.guild import Guild
    from imbridge.emulators.qq.routes import Call, Routes
    from imbridge.emulators.qq.user import User

MOST = 400
FIXED = frozenset({"1", "2", "4", "5"})
"""Roles that can not be removed."""


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", "/guilds/{guild_id}/members", members)
    routes.add("GET", "/guilds/{guild_id}/members/{user_id}", member)
    routes.add("DELETE", "/guilds/{guild_id}/members/{user_id}", remove_member)
    routes.add("GET", "/guilds/{guild_id}/roles", roles)
    routes.add("POST", "/guilds/{guild_id}/roles", create_role)
    routes.add("PATCH", "/guilds/{guild_id}/roles/{role_id}", change_role)
    routes.add("DELETE", "/guilds/{guild_id}/roles/{role_id}", delete_role)
    routes.add("GET", "/guilds/{guild_id}/roles/{role_id}/members", role_members)
    routes.add("PUT", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", give_role)
    routes.add("DELETE", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", take_role)


def members(call: "Call") -> Raw:
    """Members after the one whose number is `after`."""
    guild = _guild(call)
    private(call)
    limit, after = (_number(call, name, other) for name, other in (("limit", 1), ("after", 0)))
    people = sorted(guild.members, key=lambda user: int(user.id))
    return listed([member_json(guild, user) for user in people if int(user.id) > after][: min(limit, MOST)])


def member(call: "Call") -> dict[str, Any]:
    """A member."""
    return member_json(_guild(call), _user(call))


def remove_member(call: "Call") -> Raw:
    """Takes a member out."""
    private(call)
    _guild(call).members.remove(_user(call))
    return no_content()


def roles(call: "Call") -> dict[str, Any]:
    """The guild's roles."""
    guild = _guild(call)
    return {"guild_id": guild.id, "roles": list(guild.roles.values()), "role_num_limit": "30"}


def role_members(call: "Call") -> dict[str, Any]:
    """The members with a role, a page after `start_index`."""
    guild, role_id = _guild(call), _role(call)
    private(call)
    start, limit = _number(call, "start_index", 0), min(_number(call, "limit", 1), MOST)
    people = [user for user in guild.members if role_id in guild.roles_for(user)]
    more = start + limit < len(people)
    data = [member_json(guild, user) for user in people[start : start + limit]]
    return {"data": data, "next": str(start + limit) if more else "0"}


def create_role(call: "Call") -> dict[str, Any]:
    """Makes a role."""
    guild, body = _guild(call), call.json()
    role_id = call.world.ids.number("role", 8)
    role = {"id": role_id, "name": "", "color": 4278245297, "hoist": 0, "number": 0, "member_limit": 2000}
    guild.roles[role_id] = role | _asked(body)
    return {"role_id": role_id, "role": guild.roles[role_id]}


def change_role(call: "Call") -> dict[str, Any]:
    """Changes a role."""
    guild, role_id = _guild(call), _role(call)
    guild.roles[role_id] |= _asked(call.json())
    return {"guild_id": guild.id, "role_id": role_id, "role": guild.roles[role_id]}


def delete_role(call: "Call") -> Raw:
    """Removes a role."""
    guild, role_id = _guild(call), _role(call)
    if role_id in FIXED:
        raise ApiError(12002, "request invalid: the role can not be removed")
    del guild.roles[role_id]
    for own in guild.roles_of.values():
        if role_id in own:
            own.remove(role_id)
    return no_content()


def give_role(call: "Call") -> Raw:
    """Gives a member a role."""
    own = _guild(call).roles_of.setdefault(_user(call).id, [])
    if _role(call) not in own:
        own.append(_role(call))
    return no_content()


def take_role(call: "Call") -> Raw:
    """Takes a role from a member."""
    own = _guild(call).roles_of.get(_user(call).id, [])
    if _role(call) in own:
        own.remove(_role(call))
    return no_content()


def _guild(call: "Call") -> "Guild":
    return call.world.guild(call.bot, call.places["guild_id"])


def _user(call: "Call") -> "User":
    user = next((one for one in _guild(call).members if one.id == call.places["user_id"]), None)
    if user is None:
        raise ApiError(10001, "unknown account", status=404)
    return user


def _number(call: "Call", name: str, other: int) -> int:
    text = call.query.get(name, "")
    return int(text) if text.isdigit() else other


def _role(call: "Call") -> str:
    if call.places["role_id"] not in _guild(call).roles:
        raise ApiError(12002, "request invalid: role_id")
    return call.places["role_id"]


def _asked(body: dict[str, Any]) -> dict[str, Any]:
    wanted = body.get("info") if isinstance(body.get("info"), dict) else body
    return {name: wanted[name] for name in ("name", "color", "hoist") if wanted and wanted.get(name) is not None}
