"""Tokens and their deaths; every fault: that it strikes, that it is counted, that it ends."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
from wecom_app_side import Client, in_thread, serving
from wecom_raw_api import Api

from imbridge.emulators.wecom import App, EmulatorSettings, User, WeComEmulator


async def test_a_token_is_the_same_while_it_lives(wecom: WeComEmulator, app: App, api: Api) -> None:
    first = await api.gettoken()
    second = await api.gettoken()
    assert first["access_token"] == second["access_token"]
    assert first["expires_in"] == 7200
    other = Api(api.session, wecom.base_url, wecom.add_app())
    assert (await other.gettoken())["access_token"] != first["access_token"]
    assert (wecom.stats.token_requests, wecom.stats.tokens_issued) == (3, 2)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"corpid": ""}, 41002),
        ({"corpsecret": ""}, 41004),
        ({"corpid": "ww0"}, 40013),
        ({"corpsecret": "wrong"}, 40001),
    ],
)
async def test_no_token_without_the_right_secret(api: Api, query: dict[str, str], code: int) -> None:
    answer = await api.gettoken(**query)
    assert answer["errcode"] == code
    assert "access_token" not in answer


async def test_calls_with_no_token_a_wrong_one_a_dead_one(wecom: WeComEmulator, api: Api) -> None:
    await api.gettoken()
    assert (await api.call("department/list", access_token=""))["errcode"] == 41001
    assert (await api.call("department/list", access_token="wrong"))["errcode"] == 40014
    assert wecom.faults.expire_tokens() == 1
    assert (await api.call("department/list"))["errcode"] == 42001
    await api.gettoken()
    assert (await api.call("department/list"))["errcode"] == 0
    assert wecom.faults.forget_tokens() == 1
    assert (await api.call("department/list"))["errcode"] == 40014
    assert wecom.stats.tokens_refused == 4
    assert [violation.kind for violation in wecom.violations] == ["no_token"]


async def test_wechatpy_fetches_another_token(wecom: WeComEmulator, app: App, alice: User, client: Client) -> None:
    await in_thread(client.message.send_text, app.agent_id, "alice", "one")
    wecom.faults.expire_tokens()
    await in_thread(client.message.send_text, app.agent_id, "alice", "two")
    await alice.receives("two")
    assert wecom.stats.tokens_issued == 2


async def test_tokens_can_die_early(wecom: WeComEmulator, settings: EmulatorSettings, api: Api) -> None:
    with wecom.faults.token_lifetime(0.0):
        assert (await api.gettoken())["expires_in"] == 7200
        assert (await api.call("department/list"))["errcode"] == 42001
    await api.gettoken()
    assert (await api.call("department/list"))["errcode"] == 0


async def test_refuse(wecom: WeComEmulator, alice: User, api: Api) -> None:
    fault = wecom.faults.refuse_send(-1, times=2)
    codes = [(await api.send("text", {"content": "x"}))["errcode"] for _ in range(3)]
    assert codes == [-1, -1, 0]
    assert (fault.hits, wecom.faults.active) == (2, False)
    with wecom.faults.refuse("*/department/*", 60011):
        assert (await api.call("department/list"))["errcode"] == 60011
    wecom.faults.over_rate("*/user/get")
    assert (await api.call("user/get", userid="alice"))["errcode"] == 45009


async def test_an_address_that_is_not_trusted(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    wecom.faults.distrust()
    answer = await api.send("text", {"content": "x"})
    assert answer["errcode"] == 60020
    assert answer["errmsg"].startswith("not allow to access from your ip, hint: [")
    assert "from ip: 127.0.0.1," in answer["errmsg"]
    app.trusted_ips = {"203.0.113.9"}
    assert (await api.send("text", {"content": "x"}))["errcode"] == 60020
    assert (await api.gettoken())["errcode"] == 0


async def test_http_failures_and_pages(wecom: WeComEmulator, alice: User, api: Api) -> None:
    await api.gettoken()
    url = f"{wecom.base_url}/cgi-bin/message/send"
    wecom.faults.http_fail("*/message/send", 502, headers={"Retry-After": "1"})
    async with api.session.post(url) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (502, "1")
    wecom.faults.html_page()
    async with api.session.post(url) as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
    assert (await api.send("text", {"content": "x"}))["errcode"] == 0


async def test_connections_that_are_cut(wecom: WeComEmulator, alice: User, api: Api) -> None:
    await api.gettoken()
    wecom.faults.cut_before()
    with pytest.raises(aiohttp.ClientError):
        await api.send("text", {"content": "lost"})
    assert wecom.messages == ()
    wecom.faults.cut_after_accept()
    with pytest.raises(aiohttp.ClientError):
        await api.send("text", {"content": "accepted"})
    await alice.receives("accepted")


async def test_slow_answers(wecom: WeComEmulator, alice: User, api: Api) -> None:
    await api.gettoken()
    wecom.faults.http_delay("*/message/send", 0.2)
    slow = asyncio.create_task(api.send("text", {"content": "late"}))
    assert (await api.call("department/list"))["errcode"] == 0
    assert wecom.stats.sends == 0
    assert (await slow)["errcode"] == 0
    wecom.faults.http_delay("*/message/send", 0.2, accepted=True)
    slow = asyncio.create_task(api.send("text", {"content": "accepted"}))
    await alice.receives("accepted")
    assert not slow.done()
    assert (await slow)["errcode"] == 0


async def test_faults_of_callbacks(wecom: WeComEmulator, app: App, alice: User) -> None:
    seen: list[Any] = []

    async with serving(app, lambda message: seen.append(message.content)) as server:
        await wecom.set_callback(app, server.url)
        wecom.faults.delay_callbacks(0.1, times=1)
        late, early = await alice.says("late"), await alice.says("early")
        await early.delivered()
        await late.delivered()
        assert seen == ["early", "late"]
        with wecom.faults.duplicate_callbacks(2):
            sent = await alice.says("thrice")
            await sent.delivered()
            deadline = time.monotonic() + 5
            while seen.count("thrice") < 3 and time.monotonic() < deadline:
                await asyncio.sleep(0.01)
        assert seen.count("thrice") == 3
        wecom.faults.lose_callback_answers()
        assert (await (await alice.says("again")).delivered()).requests == 2
        assert seen.count("again") == 2


async def test_the_wire_shows_calls_and_no_secret(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    told: list[tuple[str, str, dict[str, Any]]] = []
    stop = wecom.wire.watch(lambda *facts: told.append(facts))
    await api.send("text", {"content": "x"})
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        await (await alice.says("hi")).delivered()
    stop()
    await api.send("text", {"content": "unseen"})
    assert [(direction, kind) for direction, kind, _ in told] == [("in", "http"), ("in", "http"), ("out", "callback")]
    assert told[1][2]["request"]["text"] == {"content": "x"}
    assert "<MsgType><![CDATA[text]]></MsgType>" in told[2][2]["xml"]
    assert app.secret not in repr(told)
    assert api.token not in repr(told)
