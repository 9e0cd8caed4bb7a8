"""People use cards: what the app is told, and what becomes of its answer."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from feishu_cards import CardBot, button, card, markdown
from feishu_raw_client import Bot, Link, answering, until

from imbridge.emulators.feishu import (
    App,
    BotMessage,
    CallbackError,
    Chat,
    EmulatorSettings,
    FeishuEmulator,
    NothingToDoError,
    User,
)

Answering = Callable[[dict[str, Any]], Any]


@pytest.fixture
async def link(bot: Bot) -> Link:
    return await bot.connect()


async def shown(bot: Bot, user: User, chat: Chat, content: dict[str, Any]) -> BotMessage:
    answer = await bot.send(chat.chat_id, content, msg_type="interactive")
    assert answer.code == 0, answer.body
    return await user.receives(lambda message: message.message_id == answer.data["message_id"])


async def test_a_button(feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link) -> None:
    message = await shown(bot, alice, chat, card(button("Yes", {"v": 1}, name="yes"), button("No", {"v": 0})))
    async with answering(link, {"toast": {"type": "success", "content": "ok"}}) as seen:
        assert await feishu.clicks(alice, message, button="Yes") == {"toast": {"type": "success", "content": "ok"}}
        await feishu.clicks(alice, message, button="No")
    header, event = seen[0]["header"], seen[0]["event"]
    assert (seen[0]["schema"], header["event_type"], header["token"]) == ("2.0", "card.action.trigger", "vt")
    assert len(header["create_time"]) == 16  # microseconds
    assert event.pop("token").startswith("c-")
    assert event == {
        "operator": {
            "tenant_key": feishu.settings.tenant_key,
            "open_id": alice.open_id,
            "union_id": alice.union_id,
            "user_id": alice.user_id,
        },
        "action": {"tag": "button", "value": {"v": 1}, "name": "yes", "timezone": "Asia/Shanghai"},
        "host": "im_message",
        "context": {"open_message_id": message.message_id, "open_chat_id": chat.chat_id},
    }
    assert seen[1]["event"]["action"]["value"] == {"v": 0}
    assert feishu.stats.clicks == 2
    assert feishu.violations == []


async def test_old_cards_have_the_value_in_the_button(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link
) -> None:
    actions = {"tag": "action", "actions": [{**button("Go"), "value": {"v": 1}}]}
    message = await shown(bot, alice, chat, {"elements": [actions]})
    async with answering(link) as seen:
        assert await feishu.clicks(alice, message) == {}
    assert seen[0]["event"]["action"]["value"] == {"v": 1}


OPTIONS = [{"text": {"tag": "plain_text", "content": f"Option {name}"}, "value": name} for name in "abc"]


@pytest.mark.parametrize(
    ("component", "given", "action"),
    [
        ({"tag": "select_static", "options": OPTIONS}, {"selected": "b"}, {"option": "b"}),
        ({"tag": "overflow", "options": OPTIONS}, {"selected": "Option c"}, {"option": "c"}),
        ({"tag": "multi_select_static", "options": OPTIONS}, {"selected": ["a", "c"]}, {"options": ["a", "c"]}),
        ({"tag": "select_person"}, {"selected": "ou_1"}, {"option": "ou_1"}),
        (
            {"tag": "date_picker"},
            {"date": "2026-11-01"},
            {"option": "2026-11-01 +0800", "timezone": "Asia/Shanghai"},
        ),
        (
            {"tag": "picker_datetime"},
            {"date": "2026-11-01 09:30", "timezone": "Asia/Tokyo"},
            {"option": "2026-11-01 09:30 +0800", "timezone": "Asia/Tokyo"},
        ),
        ({"tag": "input", "name": "who"}, {"text": "Zhang"}, {"input_value": "Zhang", "name": "who"}),
        ({"tag": "checker"}, {"checked": True}, {"checked": True}),
    ],
)
async def test_other_components(
    feishu: FeishuEmulator,
    app: App,
    alice: User,
    chat: Chat,
    bot: Bot,
    link: Link,
    component: dict[str, Any],
    given: dict[str, Any],
    action: dict[str, Any],
) -> None:
    component = {**component, "behaviors": [{"type": "callback", "value": {"k": 1}}]}
    message = await shown(bot, alice, chat, card(component))
    async with answering(link) as seen:
        await feishu.clicks(alice, message, **given)
    assert seen[0]["event"]["action"] == {"tag": component["tag"], "value": {"k": 1}, **action}


def form(**fields: Any) -> dict[str, Any]:
    return {
        "tag": "form",
        "name": "f",
        "elements": [
            {"tag": "input", "name": "reason", "required": True, **fields},
            {"tag": "multi_select_static", "name": "kinds", "options": OPTIONS},
            {"tag": "date_picker", "name": "day", "initial_date": "2026-11-01"},
            {
                "tag": "column_set",
                "columns": [
                    {
                        "tag": "column",
                        "elements": [
                            button("Send", {"v": 1}, name="send", form_action_type="submit"),
                            button("Clear", name="clear", form_action_type="reset"),
                        ],
                    }
                ],
            },
        ],
    }


async def test_a_form(feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link) -> None:
    message = await shown(bot, alice, chat, card(form()))
    async with answering(link) as seen:
        await feishu.clicks(alice, message, button="send", form={"reason": "ill", "kinds": ["a", "Option b"]})
    assert seen[0]["event"]["action"] == {
        "tag": "button",
        "name": "send",
        "value": {"v": 1},
        "timezone": "Asia/Shanghai",
        "form_value": {"reason": "ill", "kinds": ["a", "b"], "day": "2026-11-01 +0800"},
    }
    for arguments, why in (
        ({"button": "send"}, "required"),
        ({"button": "send", "form": {"never": 1}}, "no field"),
        ({"button": "send", "form": {"reason": "x", "kinds": ["z"]}}, "no option"),
        ({"button": "clear"}, "resets"),
        ({"button": "reason", "text": "x"}, "by itself"),
        ({"button": "never"}, "not exactly one component 'never'"),
        ({}, "not exactly one component"),
    ):
        with pytest.raises(NothingToDoError, match=why):
            await feishu.clicks(alice, message, **arguments)
    nameless = await shown(bot, alice, chat, card(form(name="")))
    with pytest.raises(NothingToDoError, match="200530"):
        await feishu.clicks(alice, nameless, button="send", form={})


async def test_what_sends_nothing(feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot) -> None:
    link_only = button("Open", behaviors=[{"type": "open_url", "default_url": "https://example.com"}])
    message = await shown(bot, alice, chat, card(link_only, button("Off", {}, disabled=True)))
    with pytest.raises(NothingToDoError, match="no callback"):
        await feishu.clicks(alice, message, button="Open")
    with pytest.raises(NothingToDoError, match="disabled"):
        await feishu.clicks(alice, message, button="Off")
    assert feishu.stats.clicks == 0


async def test_the_answers_card_is_shown(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link
) -> None:
    message = await shown(bot, alice, chat, card(button("Go", {})))
    async with answering(link, {"card": {"type": "raw", "data": card(markdown("done"))}}):
        await feishu.clicks(alice, message)
    assert (message.text, list(message.history), message.card_updates) == ("done", ["Go", "done"], 1)


async def test_a_template_answer(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link
) -> None:
    message = await shown(bot, alice, chat, card(button("Go", {})))
    async with answering(link, {"card": {"type": "template", "data": {"template_id": "AAq1"}}}):
        await feishu.clicks(alice, message)
    assert message.text == "[template AAq1]"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"toast": {"type": "danger", "content": "x"}}, 200672),
        ({"toast": {"content": 1}}, 200672),
        ({"toast": "x"}, 200672),
        ({"toasts": {}}, 200672),
        ([], 200672),
        ({"card": {"type": "card_json", "data": {}}}, 200673),
        ({"card": {"type": "raw", "data": "{}"}}, 200673),
        ({"card": {"type": "raw", "data": {"schema": "2.0", "elements": []}}}, 200673),
        ({"card": {"type": "raw", "data": {"elements": []}}}, 200830),
    ],
)
async def test_wrong_answers(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link, answer: Any, code: int
) -> None:
    message = await shown(bot, alice, chat, card(button("Go", {})))
    async with answering(link, answer):
        with pytest.raises(CallbackError) as caught:
            await feishu.clicks(alice, message)
    assert caught.value.code == code
    assert [one.kind for one in feishu.violations] == ["callback_answer"]
    assert message.text == "Go"


async def test_a_late_answer(feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link) -> None:
    message = await shown(bot, alice, chat, card(button("Go", {})))
    feishu.settings.ack_timeout = 0.15
    with pytest.raises(CallbackError) as caught:
        await feishu.clicks(alice, message)
    assert caught.value.code == 200341
    frame, _ = await link.event()
    await link.ack(frame)
    await until(lambda: feishu.stats.acks_late == 1)
    assert [one.kind for one in feishu.violations] == ["callback_late", "ack_late"]
    assert (feishu.stats.events_redelivered, feishu.unacknowledged_events(app)) == (0, 0)


async def test_a_failed_answer_is_not_pushed_again(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link
) -> None:
    message = await shown(bot, alice, chat, card(button("Go", {})))
    async with answering(link, code=500) as seen:
        with pytest.raises(CallbackError) as caught:
            await feishu.clicks(alice, message)
        assert caught.value.code == 200671
        await alice.says("after it")
        await until(lambda: len(seen) == 2)
    assert seen[1]["header"]["event_type"] == "im.message.receive_v1"


async def test_nobody_is_there(feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot) -> None:
    message = await shown(bot, alice, chat, card(button("Go", {})))
    with pytest.raises(CallbackError) as caught:
        await feishu.clicks(alice, message, timeout=0.05)
    assert caught.value.code == 200340
    link = await bot.connect()  # what nobody waits for any more is not delivered
    await alice.says("hi")
    assert (await link.acked_event())["header"]["event_type"] == "im.message.receive_v1"


async def test_http_callback(feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot) -> None:
    said: list[Any] = [{"toast": {"content": "hi"}}]

    async def handle(request: web.BaseRequest) -> web.Response:
        body = await request.json()
        if "challenge" in body:
            return web.json_response({"challenge": body["challenge"]})
        answer = said[0]
        return web.Response(status=302) if answer is None else web.json_response(answer)

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        await feishu.set_callback(app, f"http://127.0.0.1:{runner.addresses[0][1]}/")
        message = await shown(bot, alice, chat, card(button("Go", {})))
        assert await feishu.clicks(alice, message) == {"toast": {"content": "hi"}}
        for answer, code in ((None, 200671), ("text", 200672)):
            said[0] = answer
            with pytest.raises(CallbackError) as caught:
                await feishu.clicks(alice, message)
            assert caught.value.code == code
    finally:
        await runner.cleanup()


async def test_card_entity_while_it_is_clicked(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link
) -> None:
    cards = CardBot(bot)
    await cards.create(card(markdown("..."), button("Stop", {}), streaming=True))
    await cards.send(chat.chat_id)
    message = await alice.receives()
    clicking = asyncio.create_task(feishu.clicks(alice, message))
    frame, _ = await link.event()
    assert (await cards.text("more")).code == 200810
    raw = {"card": {"type": "raw", "data": card(markdown("stopped"))}}
    data = base64.b64encode(json.dumps(raw).encode()).decode()
    await link.ack(frame, payload=json.dumps({"code": 200, "data": data}).encode())
    await clicking
    assert message.text == "...\nStop"  # a streaming card is not replaced by an answer
    assert [one.kind for one in feishu.violations] == ["card_answer_while_streaming"]
    assert (await cards.text("more")).code == 0


async def test_update_with_the_clicks_token(
    feishu: FeishuEmulator, settings: EmulatorSettings, app: App, alice: User, chat: Chat, bot: Bot, link: Link
) -> None:
    message = await shown(bot, alice, chat, card(button("Go", {})))

    async def update(token: str, content: Any) -> int:
        return (await bot.call("POST", "interactive/v1/card/update", {"token": token, "card": content})).code

    async with answering(link, {}) as seen:
        await feishu.clicks(alice, message)
        token = seen[0]["event"]["token"]
        assert await update(token, {"schema": "2.0", "elements": []}) == 11311
        assert await update(token, {"elements": [], "config": {"update_multi": True}}) == 11311
        assert await update(token, {"elements": []}) == 300090
        assert await update(token, card(markdown("x" * 40_000))) == 11311
        assert [await update(token, card(markdown(text))) for text in "abc"] == [0, 0, 300040]
        assert message.text == "b"
        assert await update("c-never", card()) == 300030
        assert await update("never", card()) == 300020
        settings.card_token_lifetime = 0.0
        message = await shown(bot, alice, chat, card(button("Go", {})))
        await feishu.clicks(alice, message)
        assert await update(seen[1]["event"]["token"], card()) == 300030
    assert feishu.violations == []


async def test_update_before_the_answer(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link
) -> None:
    message = await shown(bot, alice, chat, card(button("Go", {})))
    clicking = asyncio.create_task(feishu.clicks(alice, message))
    frame, payload = await link.event()
    body = {"token": payload["event"]["token"], "card": card(markdown("early"))}
    assert (await bot.call("POST", "interactive/v1/card/update", body)).code == 0
    await link.ack(frame)
    await clicking
    assert message.text == "Go"
    assert [one.kind for one in feishu.violations] == ["card_update_before_answer"]
