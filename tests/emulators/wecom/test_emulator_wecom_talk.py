"""A member writes, wechatpy's app answers: passively, by the API, or not at all."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from wecom_app_side import Client, in_thread, serving

from imbridge.emulators.wecom import (
    App,
    CallbackRefusedError,
    EmulatorSettings,
    UndeliveredError,
    User,
    WeComEmulator,
)
from leap import Leap


async def test_the_echostr_is_answered(wecom: WeComEmulator, app: App) -> None:
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        server.echo = lambda plain: f'"{plain}"'
        with pytest.raises(CallbackRefusedError, match="echostr"):
            await wecom.set_callback(app, server.url)


async def test_the_echostr_is_due_in_a_second(wecom: WeComEmulator, settings: EmulatorSettings, app: App) -> None:
    assert EmulatorSettings().verify_timeout == 1.0
    settings.verify_timeout = 0.1
    async with serving(app) as server:
        server.echo_delay = 0.5
        with pytest.raises(CallbackRefusedError, match="TimeoutError"):
            await wecom.set_callback(app, server.url)
        await wecom.set_callback(app, server.url, verify=False)


async def test_a_redirection_is_no_answer(
    wecom: WeComEmulator, settings: EmulatorSettings, app: App, alice: User
) -> None:
    async with serving(app, lambda message: web.Response(status=302, headers={"Location": server.url})) as server:
        await wecom.set_callback(app, server.url)
        settings.redelivery = ()
        with pytest.raises(UndeliveredError):
            await (await alice.says("hi")).delivered()
    assert len(server.messages) == 1


async def test_a_text_is_answered_passively(wecom: WeComEmulator, app: App, alice: User) -> None:
    async with serving(app, lambda message: f"you said {message.content}") as server:
        await wecom.set_callback(app, server.url)
        sent = await alice.says("hi <b>&amp;</b> 你好", app=app)
        message = await alice.receives("you said hi <b>&amp;</b> 你好", app=app)
        answer = await sent.delivered()
    assert message.passive
    assert message.kind == "text"
    assert answer.passive is message
    received = server.messages[0]
    assert (received.source, received.target, received.agent) == ("alice", app.corp_id, app.agent_id)
    assert str(received.id) == sent.msg_id
    assert wecom.violations == []
    assert wecom.stats.passive_replies == wecom.stats.callbacks_taken == 1


async def test_an_empty_answer_and_a_message_by_the_api(
    wecom: WeComEmulator, app: App, alice: User, client: Client
) -> None:
    async def answer(message: Any) -> None:
        await in_thread(client.message.send_text, app.agent_id, message.source, "by the API")

    async with serving(app, answer) as server:
        await wecom.set_callback(app, server.url)
        await alice.says("hi", app=app)
        message = await alice.receives(app=app)
    assert (message.text, message.passive) == ("by the API", False)
    assert message.body["touser"] == "alice"
    assert wecom.stats.callbacks_empty == 1
    assert wecom.violations == []


async def test_what_is_not_answered_comes_again_with_the_same_id(
    wecom: WeComEmulator, settings: EmulatorSettings, app: App, alice: User, leap: Leap
) -> None:
    seen: list[Any] = []
    asked, gate = asyncio.Event(), asyncio.Event()

    async def answer(message: Any) -> str | web.Response:
        seen.append(message.id)
        if len(seen) == 1:
            asked.set()
            await gate.wait()
        return "at last" if len(seen) > 2 else web.Response(status=500)

    async with serving(app, answer) as server:
        await wecom.set_callback(app, server.url)
        sent = await alice.says("hi")
        await asked.wait()
        leap(settings.callback_timeout)
        assert (await sent.delivered()).requests == 3
        gate.set()
    await alice.receives("at last")
    assert seen == [int(sent.msg_id)] * 3
    assert len({query["nonce"] for query in server.queries}) == 3
    stats = wecom.stats
    assert (stats.callbacks_timed_out, stats.callbacks_refused, stats.callbacks_repeated) == (1, 1, 2)


async def test_a_repetition_can_be_the_same_byte_by_byte(
    wecom: WeComEmulator, settings: EmulatorSettings, app: App, alice: User
) -> None:
    settings.resend_identical = True
    async with serving(app, lambda message: web.Response(status=403)) as server:
        await wecom.set_callback(app, server.url)
        sent = await alice.says("hi")
        with pytest.raises(UndeliveredError):
            await sent.delivered()
    assert len(server.bodies) == 4
    assert len(set(server.bodies)) == 1
    assert wecom.stats.callbacks_given_up == 1


async def test_without_an_address_nothing_is_delivered(wecom: WeComEmulator, app: App, alice: User) -> None:
    sent = await alice.says("hi")
    with pytest.raises(UndeliveredError):
        await sent.delivered()
    assert wecom.stats.callbacks_unheard == 1


@pytest.mark.parametrize(("cdata", "heard"), [("split", "a]]><MsgType>b"), ("raw", None)])
async def test_the_end_of_cdata_in_a_text(
    wecom: WeComEmulator, settings: EmulatorSettings, app: App, alice: User, cdata: Any, heard: str | None
) -> None:
    settings.cdata = cdata
    settings.redelivery = ()
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        sent = await alice.says("a]]><MsgType>b", app=app)
        if heard is None:
            with pytest.raises(UndeliveredError):  # wechatpy can not parse it
                await sent.delivered()
        else:
            await sent.delivered()
            assert server.messages[0].content == heard


async def test_what_xml_can_not_hold_is_left_out(wecom: WeComEmulator, app: App, alice: User) -> None:
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        await (await alice.says("a\x00\x08\ud800\ufffeb😀\tc")).delivered()
    assert server.messages[0].content == "ab😀\tc"


def reply_xml(app: App, user: User, inner: str) -> str:
    head = f"<ToUserName>{user.userid}</ToUserName><FromUserName>{app.corp_id}</FromUserName>"
    return f"<xml>{head}<CreateTime>1</CreateTime>{inner}</xml>"


@pytest.mark.parametrize(
    "inner",
    [
        "<MsgType>text</MsgType>",
        "<MsgType>text</MsgType><Content></Content>",
        "<MsgType>text</MsgType><Content>a</Content><Content>b</Content>",
        "<MsgType>text</MsgType><MsgType>image</MsgType><Content>a</Content>",
        "<MsgType>text</MsgType><Content>a</Content><Extra>b</Extra>",
        "<MsgType>text</MsgType><Content><b>a</b></Content>",
        "<MsgType>music</MsgType><Music>a</Music>",
        "<MsgType>image</MsgType><Image><MediaId>never</MediaId></Image>",
        "<MsgType>news</MsgType><ArticleCount>2</ArticleCount><Articles><item><Title>a</Title></item></Articles>",
        "<MsgType>update_button</MsgType><Button><ReplaceName>a</ReplaceName></Button>",
        "<MsgType>text</MsgType><Content>a</Content><ToUserName>bob</ToUserName>",
    ],
)
async def test_a_wrong_passive_reply_is_shown_to_nobody(
    wecom: WeComEmulator, app: App, alice: User, inner: str
) -> None:
    async with serving(app, lambda message: reply_xml(app, alice, inner)) as server:
        await wecom.set_callback(app, server.url)
        sent = await alice.says("hi")
        assert (await sent.delivered()).passive is None
    await alice.receives_nothing(within=0)
    assert [one.kind for one in wecom.violations] == ["passive_reply"]
    assert wecom.stats.callbacks_repeated == 0


@pytest.mark.parametrize("wrong", ["token", "aes_key", "corp_id"])
async def test_a_passive_reply_of_another_key_is_shown_to_nobody(
    wecom: WeComEmulator, app: App, alice: User, wrong: str
) -> None:
    other = {"token": "other", "aes_key": wecom.world.ids.aes_key(), "corp_id": "wwother"}
    async with serving(app, lambda message: "x") as server:
        await wecom.set_callback(app, server.url)
        server.answering = replace(app, **{wrong: other[wrong]})
        await (await alice.says("hi", app=app)).delivered()
    await alice.receives_nothing(within=0)
    assert [one.kind for one in wecom.violations] == ["passive_reply"]


async def test_a_long_passive_text_is_cut(wecom: WeComEmulator, app: App, alice: User) -> None:
    async with serving(app, lambda message: "字" * 700) as server:
        await wecom.set_callback(app, server.url)
        await alice.says("hi")
        message = await alice.receives()
    assert message.text == "字" * 682
    assert wecom.stats.texts_cut == 1
    assert [one.kind for one in wecom.violations] == ["text_cut"]


async def test_what_came_instead_is_said(wecom: WeComEmulator, app: App, alice: User, client: Client) -> None:
    await in_thread(client.message.send_text, app.agent_id, "alice", "one")
    with pytest.raises(AssertionError, match="message like 'two' of Demo") as caught:
        await alice.receives("two", app=app, timeout=0.05)
    assert "- text: 'one'" in str(caught.value)
    with pytest.raises(AssertionError, match="should have received nothing"):
        await alice.receives_nothing(within=0)
    await alice.receives_nothing(app=wecom.add_app(), within=0)
    assert (await alice.receives(re.compile("^o"))).text == "one"
    with pytest.raises(AssertionError, match="Received nothing"):
        await alice.receives(timeout=0.05)


async def test_stopping_ends_what_is_under_way(app: App, wecom: WeComEmulator, alice: User) -> None:
    async def answer(message: Any) -> None:
        await asyncio.sleep(30)

    async with serving(app, answer) as server:
        await wecom.set_callback(app, server.url)
        sent = await alice.says("hi")
        await asyncio.sleep(0.05)
        await wecom.stop()
        assert sent.outcome.cancelled()
    await wecom.stop()
    with pytest.raises(RuntimeError, match="not started"):
        assert wecom.base_url


async def test_it_starts_once_and_its_setup_is_checked(wecom: WeComEmulator, app: App) -> None:
    with pytest.raises(RuntimeError, match="already started"):
        await wecom.start()
    with pytest.raises(ValueError, match="an app 1000002"):
        wecom.add_app(agent_id=1000002)
    wecom.add_user("Dora", userid="Dora")
    with pytest.raises(ValueError, match="a member dora"):
        wecom.add_user("Other", userid="dora")
    assert wecom.add_user("Dora").userid == "dora2"
    with pytest.raises(ValueError, match="no department"):
        wecom.add_user("Eve", department=9)
    wecom.add_app()
    with pytest.raises(ValueError, match="say which"):
        await wecom.add_user("Eve").says("to whom?")
