"""The API of guilds: the guild itself, channels, members, roles, pins and permissions."""

from typing import Any

from qq_raw_api import Api, RawGateway

from imbridge.emulators.qq import Bot, Channel, Guild, QQEmulator, User


async def test_the_guilds_api(api: Api, qq: QQEmulator, alice: User, bob: User, bot: Bot, guild: Guild) -> None:
    async def ok(method: str, path: str, body: Any = None) -> Any:
        status, answer = await api.call(method, path, body)
        assert status in {200, 204}, answer
        return answer

    base = f"/guilds/{guild.id}"
    assert (await ok("GET", "/users/@me"))["username"] == "Demo Bot"
    assert [one["id"] for one in await ok("GET", "/users/@me/guilds")] == [guild.id]
    assert (await ok("GET", base))["owner_id"] == alice.id
    assert (await api.refused("/guilds/1", None, "GET"))[1] == 10004
    assert await api.refused(f"{base}/channels", {"name": "new"}) == (401, 11253)
    assert (await api.refused(f"{base}/members", None, "GET"))[1] == 11253
    bot.private = True
    made = await ok("POST", f"{base}/channels", {"name": "new", "type": 0, "sub_type": 1})
    assert (await ok("PATCH", f"/channels/{made['id']}", {"name": "newer"}))["sub_type"] == 1
    assert [one["name"] for one in await ok("GET", f"{base}/channels")] == ["newer"]
    assert (await ok("GET", f"/channels/{made['id']}"))["name"] == "newer"
    await ok("DELETE", f"/channels/{made['id']}")
    assert (await api.refused(f"/channels/{made['id']}", None, "GET"))[1] == 10003
    names = [one["user"]["username"] for one in await ok("GET", f"{base}/members?limit=10&after=0")]
    assert sorted(names) == ["Alice", "Bob"]
    role = (await ok("POST", f"{base}/roles", {"name": "Team", "color": 1}))["role_id"]
    assert (await ok("PATCH", f"{base}/roles/{role}", {"hoist": 1}))["role"]["hoist"] == 1
    await ok("PUT", f"{base}/members/{bob.id}/roles/{role}")
    assert (await ok("GET", f"{base}/members/{bob.id}"))["roles"] == [role]
    await ok("DELETE", f"{base}/members/{bob.id}/roles/{role}")
    await ok("DELETE", f"{base}/roles/{role}")
    assert [one["id"] for one in (await ok("GET", f"{base}/roles"))["roles"]] == ["1", "2", "4"]
    assert (await api.refused(f"{base}/roles/1", None, "DELETE"))[1] == 12002
    await ok("PATCH", f"{base}/members/{bob.id}/mute", {"mute_seconds": "60"})
    await ok("PATCH", f"{base}/mute", {"mute_seconds": "60"})
    assert [who for _, who, _ in qq.world.muted] == [bob.id, ""]
    assert (await api.refused(f"{base}/mute", {}, "PATCH"))[1] == 502005
    found = await ok("POST", "/users/@me/dms", {"recipient_id": bob.id, "source_guild_id": guild.id})
    assert found["guild_id"] == guild.direct(bob, bot).id
    await ok("DELETE", f"{base}/members/{bob.id}")
    assert (await api.call("GET", f"{base}/members/{bob.id}"))[0] == 404
    guild.bots.clear()
    assert (await api.refused(base, None, "GET"))[1] == 610007


async def test_what_stands_out_in_a_channel(
    link: RawGateway, api: Api, alice: User, bot: Bot, guild: Guild, channel: Channel
) -> None:
    async def ok(method: str, path: str, body: Any = None) -> Any:
        status, answer = await api.call(method, path, body)
        assert status in {200, 204}, answer
        return answer

    sent = await alice.says("hi", chat=channel, mentions=[bot])
    pins = f"/channels/{channel.id}/pins"
    assert (await ok("PUT", f"{pins}/{sent.id}"))["message_ids"] == [sent.id]
    assert (await ok("GET", pins))["message_ids"] == [sent.id]
    assert (await api.refused(f"{pins}/1", None, "PUT"))[1] == 501008
    await ok("DELETE", f"{pins}/all")
    assert channel.pins == []
    announces = f"/guilds/{guild.id}/announces"
    found = await ok("POST", announces, {"message_id": sent.id, "channel_id": channel.id})
    assert (found["message_id"], guild.announcement) == (sent.id, found)
    assert (await api.refused(announces, {"message_id": sent.id, "channel_id": "1"}))[1] == 501018
    assert (await api.refused(announces, {}))[1] == 501001
    assert (await api.refused(f"{announces}/1", None, "DELETE"))[1] == 501008
    await ok("DELETE", f"{announces}/all")
    assert guild.announcement == {}
    schedules = f"/channels/{channel.id}/schedules"
    asked = {"name": "Meet", "start_timestamp": "1642076453000", "end_timestamp": "1642083653000"}
    made = await ok("POST", schedules, {"schedule": asked})
    assert (await ok("PATCH", f"{schedules}/{made['id']}", {"schedule": {"name": "Met"}}))["name"] == "Met"
    assert (await ok("GET", f"{schedules}/{made['id']}"))["creator"]["user"]["bot"] is True
    assert [one["id"] for one in await ok("GET", schedules)] == [made["id"]]
    await ok("DELETE", f"{schedules}/{made['id']}")
    assert (await api.refused(f"{schedules}/{made['id']}", None, "GET"))[1] == 302011
    assert (await api.refused(schedules, {}))[1] == 302017


async def test_permissions(
    api: Api, qq: QQEmulator, alice: User, bob: User, bot: Bot, guild: Guild, channel: Channel
) -> None:
    path = f"/channels/{channel.id}/members/{bob.id}/permissions"
    status, found = await api.call("GET", path)
    assert (status, found) == (200, {"channel_id": channel.id, "user_id": bob.id, "permissions": "5"})
    assert await api.call("PUT", path, {"add": "8", "remove": "4"}) == (204, None)
    assert (await api.call("GET", path))[1]["permissions"] == "9"
    for broken in ({"add": "2"}, {"add": "x"}, {}):
        assert (await api.refused(path, broken, "PUT"))[1] == 301000
    _, found = await api.call("GET", f"/channels/{channel.id}/roles/1/permissions")
    assert (found["role_id"], found["permissions"]) == ("1", "5")
    _, found = await api.call("GET", f"/guilds/{guild.id}/api_permission")
    assert [one["auth_status"] for one in found["apis"]] == [1, 0]
    asked = {"channel_id": channel.id, "api_identify": {"path": "/guilds/{guild_id}/members", "method": "GET"}}
    demand = f"/guilds/{guild.id}/api_permission/demand"
    assert (await api.post(demand, asked))[1]["api_identify"] == asked["api_identify"]
    assert (await api.refused(demand, {}))[1] == 610008
    _, found = await api.call("GET", f"/guilds/{guild.id}/message/setting")
    assert (found["channel_ids"], found["disable_push_msg"]) == ([channel.id], True)
    assert (await api.call("GET", f"/channels/{channel.id}/online_nums"))[1] == {"online_nums": 2}
    bot.private = True
    _, found = await api.call("GET", f"/guilds/{guild.id}/roles/4/members?limit=5")
    assert ([one["user"]["username"] for one in found["data"]], found["next"]) == (["Alice"], "0")
    status, found = await api.call("PATCH", f"/guilds/{guild.id}/mute", {"mute_seconds": "9", "user_ids": [bob.id]})
    assert (status, found) == (200, {"user_ids": [bob.id]})
    assert [who for _, who, _ in qq.world.muted] == [bob.id]
