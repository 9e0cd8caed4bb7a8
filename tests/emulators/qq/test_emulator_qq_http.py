"""Tokens, the API's refusals, recalls, and faults of the API."""

import aiohttp
import pytest
from qq_raw_api import Api, RawGateway, access_token

from imbridge.emulators.qq import Bot, Group, QQEmulator, User


@pytest.fixture
def users(alice: User, bot: Bot) -> str:
    return f"/v2/users/{alice.openid_for(bot)}/messages"


async def test_tokens(session: aiohttp.ClientSession, qq: QQEmulator, bot: Bot, alice: User, users: str) -> None:
    asked = {"appId": bot.app_id, "clientSecret": bot.secret}

    async def ask(**changes: str) -> dict[str, object]:
        async with session.post(qq.token_url, json=asked | changes) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "application/json"
            found: dict[str, object] = await response.json()
            return found

    first = await ask()
    assert first["expires_in"] in {"7200", "7199"}
    assert await access_token(session, qq, bot) == first["access_token"]
    with qq.faults.expires_in_as("number"):
        assert isinstance((await ask())["expires_in"], int)
    assert (await ask(clientSecret="wrong"))["code"] == 100016
    assert (await ask(appId="1"))["code"] == 100007
    qq.settings.token_overlap = 7200.0
    second = await ask()
    assert second["access_token"] != first["access_token"]
    sent = await alice.says("hi")
    for seq, token in enumerate((first["access_token"], second["access_token"]), 1):
        headers = {"Authorization": f"QQBot {token}", "X-Union-Appid": bot.app_id}
        body = {"content": "x", "msg_type": 0, "msg_id": sent.id, "msg_seq": seq}
        async with session.post(qq.base_url + users, json=body, headers=headers) as response:
            assert response.status == 200, "both are good within the last minute"
            assert response.headers["X-Tps-trace-ID"]
    assert qq.stats.tokens_issued == 2


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 11241),
        ({"Authorization": "Bearer x"}, 11243),
        ({"Authorization": "QQBot x"}, 11244),
    ],
)
async def test_without_a_token(
    session: aiohttp.ClientSession, qq: QQEmulator, headers: dict[str, str], code: int
) -> None:
    async with session.get(f"{qq.base_url}/users/@me", headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (401, code)
    assert qq.stats.tokens_refused == 1


async def test_tokens_die(api: Api, qq: QQEmulator) -> None:
    assert (await api.call("GET", "/users/@me"))[0] == 200
    assert qq.faults.expire_tokens() == 1
    assert await api.refused("/users/@me", None, "GET") == (401, 11244)
    with qq.faults.token_lifetime(0.0):
        api.token = ""
        assert await api.refused("/users/@me", None, "GET") == (401, 11244)
    api.token = ""
    assert (await api.call("GET", "/users/@me", headers={"X-Union-Appid": "1"}))[1]["code"] == 11251


@pytest.mark.usefixtures("halted")
async def test_apis_have_rates(api: Api, qq: QQEmulator, alice: User, users: str) -> None:
    qq.settings.rate_limits = True
    answers = [(await api.call("GET", "/gateway"))[0] for _ in range(11)]
    assert answers == [200] * 10 + [429]
    assert qq.stats.rate_limited == 1
    other = Api(api.session, qq, qq.add_bot("Other"))
    assert (await other.call("GET", "/gateway"))[0] == 200


async def test_what_there_is_not(api: Api, qq: QQEmulator) -> None:
    assert await api.refused("/nothing", None, "GET") == (404, 12002)
    assert [violation.kind for violation in qq.violations] == ["unknown_path"]
    assert await api.refused("/users/@me", {}, "POST") == (405, 12002)
    status, answer = await api.call("POST", "/v2/users/x/messages", data=b"{")
    assert (status, answer["code"], answer["err_code"]) == (400, 12002, 12002)
    assert answer["trace_id"]


async def test_faults_of_the_api(api: Api, qq: QQEmulator, alice: User, users: str) -> None:
    sent = await alice.says("hi")
    body = {"content": "x", "msg_type": 0, "msg_id": sent.id}
    qq.faults.refuse("/v2/*", 11264, 200)
    status, answer = await api.post(users, body)
    assert (status, answer["code"]) == (200, 11264), "an error inside success"
    qq.faults.rate_limit("/v2/*")
    assert await api.refused(users, body) == (429, 22009)
    qq.faults.html_page("/v2/*")
    headers = {"Authorization": f"QQBot {api.token}"}
    async with api.session.post(qq.base_url + users, json=body, headers=headers) as response:
        assert response.content_type == "text/html"
    qq.faults.cut_before("/v2/*")
    with pytest.raises(aiohttp.ClientError):
        await api.post(users, body)
    assert qq.messages == ()
    qq.faults.cut_after_accept("/v2/*")
    with pytest.raises(aiohttp.ClientError):
        await api.post(users, body)
    assert (await alice.receives("x")).reply_to == sent.id
    assert await api.refused(users, body) == (400, 40054005)


async def test_recalls(api: Api, qq: QQEmulator, alice: User, bob: User, bot: Bot, group: Group, users: str) -> None:
    sent = await alice.says("hi")
    answer = await api.reply(users, sent, "oops")
    assert (await api.refused(f"/v2/users/{bob.openid_for(bot)}/messages/{answer['id']}", None, "DELETE"))[1] == 306009
    qq.pass_time(119)
    assert await api.call("DELETE", f"{users}/{answer['id']}") == (200, {})
    assert (await alice.receives("oops")).recalled
    assert (await api.refused(f"{users}/{answer['id']}", None, "DELETE"))[1] == 40061002
    groups = f"/v2/groups/{qq.group_openid(group)}/messages"
    asked = await alice.says("hi", chat=group, mentions=[bot])
    answer = await api.reply(groups, asked, "oops")
    assert (await api.refused(f"{users}/{answer['id']}", None, "DELETE"))[1] == 306009
    other = Api(api.session, qq, qq.add_bot("Other"))
    theirs = f"/v2/users/{alice.openid_for(other.bot)}/messages/{answer['id']}"
    assert (await other.refused(theirs, None, "DELETE"))[1] == 40062003
    qq.pass_time(121)
    assert (await api.refused(f"{groups}/{answer['id']}", None, "DELETE"))[1] == 40064004
    qq.settings.old_codes = True
    assert (await api.refused(f"{groups}/{answer['id']}", None, "DELETE"))[1] == 306011


async def test_a_robot_that_runs_the_group_recalls_what_members_said(
    api: Api, qq: QQEmulator, alice: User, bob: User, bot: Bot, group: Group
) -> None:
    groups = f"/v2/groups/{qq.group_openid(group)}/messages"
    owner = await alice.says("mine", chat=group, mentions=[bot])
    member = await bob.says("spam", chat=group, mentions=[bot])
    assert (await api.refused(f"{groups}/{member.id}", None, "DELETE"))[1] == 40062003
    group.managed_by.add(bot)
    assert (await api.refused(f"{groups}/{owner.id}", None, "DELETE"))[1] == 40062003
    assert await api.call("DELETE", f"{groups}/{member.id}") == (200, {})
    assert member.recalled
    late = await bob.says("late", chat=group, mentions=[bot])
    qq.pass_time(121)
    assert (await api.refused(f"{groups}/{late.id}", None, "DELETE"))[1] == 40064004


async def test_events_of_people_and_groups(
    link: RawGateway, qq: QQEmulator, alice: User, bob: User, bot: Bot, group: Group
) -> None:
    told, openid = qq.happenings, alice.openid_for(bot)
    for pushed in (
        told.friend_added(alice, bot, scene=2003, scene_param="shop"),
        told.friend_removed(alice, bot),
        told.messages_refused(alice, bot),
        told.messages_allowed(alice, bot),
    ):
        event = await link.event(pushed.event_type)
        assert (event["id"], event["d"]["openid"]) == (pushed.event_id, openid)
        assert isinstance(event["d"]["timestamp"], int)
    carol = qq.add_user("Carol")
    assert told.join_requested(group, carol, "let me in") == [], "the robot does not run the group"
    group.managed_by.add(bot)
    for pushed in (
        *told.join_requested(group, carol, "let me in"),
        told.bot_added(group, bot, alice),
        told.group_messages_refused(group, bot, alice),
        told.group_messages_allowed(group, bot, alice),
        *told.member_joined(group, carol),
        *told.member_left(group, carol),
        told.bot_removed(group, bot, alice),
    ):
        assert (await link.event(pushed.event_type))["d"]["group_openid"] == qq.group_openid(group, bot)
    assert (group.bots, group.members) == ([], [alice, bob])


async def test_a_seed_repeats_everything() -> None:
    async def ids() -> list[str]:
        async with QQEmulator(seed=7) as qq:
            bot = qq.add_bot()
            alice = qq.add_user("Alice")
            group = qq.add_group("Team", members=[alice])
            sent = await alice.says("hi")
            return [bot.app_id, bot.secret, alice.openid_for(bot), qq.group_openid(group), sent.id, sent.ref_idx]

    assert await ids() == await ids()


async def test_which_bot() -> None:
    async with QQEmulator() as qq:
        alice = qq.add_user("Alice")
        with pytest.raises(ValueError, match="there are 0 bots"):
            await alice.says("hi")
        first = qq.add_bot("First", app_id="1")
        with pytest.raises(ValueError, match="there is a bot 1 already"):
            qq.add_bot("Second", app_id="1")
        assert (await alice.says("hi")).bot is first
