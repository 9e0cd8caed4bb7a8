"""`POST /v2/users/{openid}/files` and `POST /v2/groups/{group_openid}/files`: by address, by bytes, or in parts.

Rule: bot.q.qq.com/wiki, `autogen/api/v2_users_user_openid_files.post.html` (2026); `file_data` (Base64) is as clients
use it.
"""

import base64
import binascii
from typing import TYPE_CHECKING, Any

import aiohttp

from imbridge.emulators.qq.api_messages import send_media
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.uploads import FILE, TYPES

if TYPE_CHECKING:
    from imbridge.emulators.qq.group import Group
    from imbridge.emulators.qq.message import Way
    from imbridge.emulators.qq.routes import Call, Routes
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/v2/users/{openid}/files", upload)
    routes.add("POST", "/v2/groups/{group_openid}/files", upload)


def place_of(call: "Call") -> "tuple[Way, User | Group]":
    """Where a call of files is for.

    Raises:
        ApiError: The openid is not one of this robot's.
    """
    people, bot = call.world.people, call.bot
    if "openid" in call.places:
        return "c2c", people.user(bot, call.places["openid"])
    return "group", people.group(bot, call.places["group_openid"])


async def upload(call: "Call") -> dict[str, Any]:
    """Takes a file; returns what a message names it by."""
    world, bot, body = call.world, call.bot, call.json()
    way, place = place_of(call)
    file_type = body.get("file_type")
    if file_type not in TYPES:
        raise ApiError(40034001, "请求参数错误: file_type")
    if body.get("upload_id"):
        data, name = world.chunks.whole(bot, way, str(body["upload_id"]), int(file_type))
    else:
        data, name = await read_bytes(world, body), ""
        limit = world.settings.inline_limit if body.get("file_data") else world.settings.file_limit
        if len(data) > limit:
            raise ApiError(304020)
    file_info, ttl, stored = world.uploads.store(bot, way, file_type, str(body.get("file_name") or name), data)
    answer: dict[str, Any] = {"file_uuid": world.ids.hex("file_uuid"), "file_info": file_info, "ttl": ttl}
    if body.get("upload_id") and stored.file_type != FILE:
        answer["raw_url"] = world.uploads.offer(data, stored.name, "application/octet-stream")
    if body.get("srv_send_msg"):
        answer["id"] = send_media(world, bot, place, stored).id
    return answer


async def read_bytes(world: "World", body: dict[str, Any]) -> bytes:
    """The bytes in `file_data`, or at `url`.

    Raises:
        ApiError: There are none to be had.
    """
    if body.get("file_data"):
        try:
            return base64.b64decode(str(body["file_data"]), validate=True)
        except (binascii.Error, ValueError):
            raise ApiError(40034001, "请求参数错误: file_data is no Base64") from None
    url = body.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ApiError(40034001, "请求参数错误: url or file_data")
    try:
        timeout = aiohttp.ClientTimeout(total=world.settings.fetch_timeout)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            data = await response.read()
            status = response.status
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise ApiError(304082) from None
    if status != 200:
        raise ApiError(304082)
    return data
