"""Card entities: made, sent, changed, streamed into, called over plain HTTP."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from feishu_cards import CardBot, button, card, markdown, reference
from feishu_raw_client import Bot

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, User
from leap import Leap


@pytest.fixture
def cards(bot: Bot) -> CardBot:
    return CardBot(bot)


async def test_a_streamed_answer(feishu: FeishuEmulator, alice: User, chat: Chat, cards: CardBot) -> None:
    await cards.create(card(markdown("..."), streaming=True))
    assert (await cards.send(chat.chat_id)).code == 0
    message = await alice.receives("...")
    for text in ("Hello", "Hello, wor", "Hello, world"):
        assert (await cards.text(text)).code == 0
    assert (await cards.settings(streaming_mode=False)).code == 0
    assert message.text == "Hello, world"
    assert list(message.history) == ["...", "Hello", "Hello, wor", "Hello, world"]
    assert message.card["config"]["streaming_mode"] is False
    assert (await cards.text("more")).code == 300309
    assert (feishu.stats.card_texts, feishu.stats.card_updates) == (3, 4)
    assert feishu.violations == []


async def test_people_can_wait_for_the_text_of_a_card(alice: User, chat: Chat, cards: CardBot) -> None:
    await cards.create(card(markdown("..."), streaming=True))
    await cards.send(chat.chat_id)
    waiting = asyncio.create_task(alice.receives("done"))
    await cards.text("done")
    assert (await waiting).text == "done"


async def test_sequence_rises_across_all_operations(cards: CardBot) -> None:
    await cards.create(card(markdown("a"), streaming=True))
    assert (await cards.text("b", sequence=0)).code == 300317
    assert (await cards.text("b", sequence=5)).code == 0
    assert (await cards.text("c", sequence=5)).code == 300317
    more = json.dumps([markdown("x", "x")])
    assert (await cards.change("POST", "/elements", type="append", elements=more, sequence=4)).code == 300317
    assert (await cards.text("c", sequence=6)).code == 0
    for wrong in (None, "7", 2**31, True):
        assert (await cards.text("d", sequence=wrong)).code == 10002


async def test_uuid_is_idempotent(feishu: FeishuEmulator, chat: Chat, alice: User, cards: CardBot) -> None:
    await cards.create(card(markdown("a"), streaming=True))
    await cards.send(chat.chat_id)
    message = await alice.receives()
    first = {"sequence": 1, "uuid": "u1"}
    assert [(await cards.text("b", **first)).code for _ in range(2)] == [0, 0]
    assert (await cards.text("c", sequence=2, uuid="u1")).code == 200770
    assert (await cards.text("c", sequence=2, uuid="u" * 65)).code == 10002
    assert (await cards.text("c", sequence=2, uuid="u2")).code == 0
    assert list(message.history) == ["a", "b", "c"]
    assert feishu.stats.duplicates_absorbed == 1


async def test_whole_card_replaced_ends_streaming(chat: Chat, alice: User, cards: CardBot) -> None:
    await cards.create(card(markdown("a"), streaming=True))
    await cards.send(chat.chat_id)
    message = await alice.receives()
    assert (await cards.replace(card(markdown("b"), title="Answer"))).code == 0
    assert message.text == "Answer\nb"
    assert (await cards.text("c")).code == 300309
    assert (await cards.settings(streaming_mode=True)).code == 0
    assert (await cards.text("c")).code == 0


async def test_streaming_ends_by_itself(settings: EmulatorSettings, cards: CardBot, leap: Leap) -> None:
    settings.streaming_timeout = 60
    await cards.create(card(markdown("a"), streaming=True))
    assert (await cards.text("b")).code == 0
    leap(61)
    assert [(await cards.text("c")).code for _ in range(2)] == [200850, 300309]
    assert (await cards.settings(streaming_mode=True)).code == 0
    assert (await cards.text("c")).code == 0


async def test_old_cards(settings: EmulatorSettings, chat: Chat, cards: CardBot) -> None:
    settings.card_lifetime = 0.05
    await cards.create(card(markdown("a"), streaming=True))
    await asyncio.sleep(0.06)
    assert (await cards.text("b")).code == 200750
    assert "200750" in (await cards.send(chat.chat_id)).body["msg"]


async def test_elements(settings: EmulatorSettings, chat: Chat, alice: User, cards: CardBot) -> None:
    settings.rate_limits = False
    await cards.create(card(markdown("one", "one"), {"tag": "column_set", "element_id": "set", "columns": []}))
    await cards.send(chat.chat_id)
    message = await alice.receives()

    async def elements(**fields: Any) -> int:
        fields["elements"] = json.dumps(fields["elements"])
        return (await cards.change("POST", "/elements", **fields)).code

    column = {"tag": "column", "element_id": "col", "elements": [markdown("inner", "inner")]}
    assert await elements(type="append", elements=[markdown("last", "last")]) == 0
    assert await elements(type="append", target_element_id="set", elements=[column]) == 0
    assert await elements(type="insert_before", target_element_id="one", elements=[markdown("zero", "zero")]) == 0
    assert await elements(type="insert_after", target_element_id="inner", elements=[button("ok")]) == 0
    assert message.text == "zero\none\ninner\nok\nlast"
    assert await elements(type="append", target_element_id="one", elements=[button("x")]) == 300315
    assert await elements(type="insert_after", target_element_id="never", elements=[button("x")]) == 300315
    assert await elements(type="append", elements=[markdown("twice", "one")]) == 300301
    assert await elements(type="between", elements=[button("x")]) == 10002

    async def partial(element_id: str, **fields: Any) -> int:
        path = f"/elements/{element_id}"
        return (await cards.change("PATCH", path, partial_element=json.dumps(fields))).code

    assert await partial("zero", content="0") == 0
    assert await partial("zero", tag="div") == 300312
    assert await partial("never", content="0") == 300313
    one = json.dumps({"tag": "hr", "element_id": "line"})
    assert (await cards.change("PUT", "/elements/one", element=one)).code == 0
    assert (await cards.change("PUT", "/elements/one", element=one)).code == 300121
    assert (await cards.change("DELETE", "/elements/set")).code == 0
    assert (await cards.change("DELETE", "/elements/inner")).code == 300314
    assert message.text == "0\n---\nlast"


async def test_batch_update_does_all_or_nothing(chat: Chat, alice: User, cards: CardBot) -> None:
    await cards.create(card(markdown("a", "a"), markdown("b", "b")))
    await cards.send(chat.chat_id)
    message = await alice.receives()
    actions: list[dict[str, Any]] = [
        {"action": "partial_update_setting", "params": {"settings": {"config": {"streaming_mode": True}}}},
        {
            "action": "add_elements",
            "params": {"type": "insert_before", "target_element_id": "a", "elements": [markdown("new", "new")]},
        },
        {"action": "delete_elements", "params": {"element_ids": ["b"]}},
        {"action": "partial_update_element", "params": {"element_id": "a", "partial_element": {"content": "A"}}},
        {"action": "update_element", "params": {"element_id": "new", "element": markdown("NEW", "n2")}},
    ]
    broken = [*actions, {"action": "delete_elements", "params": {"element_ids": ["b"]}}]
    assert (await cards.change("POST", "/batch_update", actions=json.dumps(broken))).code == 300314
    assert message.text == "a\nb"
    assert (await cards.text("A?", "a")).code == 300309
    assert (await cards.change("POST", "/batch_update", actions=json.dumps(actions))).code == 0
    assert message.text == "NEW\nA"
    assert (await cards.text("A!", "a")).code == 0
    wrong = json.dumps([{"action": "explode", "params": {}}])
    assert (await cards.change("POST", "/batch_update", actions=wrong)).code == 10002


async def test_text_goes_into_text_elements_only(cards: CardBot) -> None:
    div = {"tag": "div", "element_id": "div", "text": {"tag": "plain_text", "content": "x", "element_id": "txt"}}
    await cards.create(card(div, streaming=True))
    codes = [(await cards.text("y", element_id)).code for element_id in ("txt", "div", "never")]
    assert codes == [0, 300310, 300313]
    assert (await cards.text("")).code == 10002


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"elements": [markdown("x")]}, 300303),
        ({}, 300307),
        (card(markdown("x"), update_multi=False), 300302),
        (card(markdown("x"), markdown("y")), 300301),
        (card(markdown("x" * 31_000)), 200860),
        (card(*({"tag": "hr"} for _ in range(201))), 300305),
        (card({"tag": "action", "actions": []}), 230099),
        (card(markdown("x", "1st")), 230099),
    ],
)
async def test_wrong_cards(app: App, bot: Bot, content: dict[str, Any], code: int) -> None:
    body = {"type": "card_json", "data": json.dumps(content)}
    answer = await bot.call("POST", "cardkit/v1/cards", body)
    assert (answer.status, answer.code) == (400, code)


async def test_wrong_create_requests(app: App, bot: Bot) -> None:
    for body, code in (
        ({"type": "card_json", "data": "{"}, 200220),
        ({"type": "json", "data": "{}"}, 10002),
        ({"type": "card_json"}, 10002),
        ({"type": "card_json", "data": {}}, 10002),
    ):
        assert (await bot.call("POST", "cardkit/v1/cards", body)).code == code


async def test_a_card_grown_too_large(cards: CardBot) -> None:
    await cards.create(card(markdown("x"), streaming=True))
    assert (await cards.text("好" * 9_000)).code == 0
    assert (await cards.text("好" * 11_000)).code == 200860
    assert (await cards.text("好" * 9_001)).code == 0


async def test_too_many_tables_in_a_streamed_text(cards: CardBot) -> None:
    await cards.create(card(markdown("x"), streaming=True))
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    assert (await cards.text(table * 5)).code == 0
    answer = await cards.text(table * 6)
    assert answer.code == 230099
    assert "ErrCode: 11310; ErrMsg: card table number over limit; ErrorValue: table" in answer.body["msg"]
    assert (await cards.text(table * 5 + "```\n" + table + "```")).code == 0


async def test_a_card_is_sent_once_and_by_its_app(
    feishu: FeishuEmulator, alice: User, chat: Chat, cards: CardBot, session: aiohttp.ClientSession
) -> None:
    await cards.create(card(markdown("a"), streaming=True))
    other_app = feishu.add_app(name="Other")
    other = CardBot(Bot(session, feishu.base_url, other_app.app_id, other_app.app_secret))
    other.card_id = cards.card_id
    assert (await other.text("b")).code == 300311
    assert "300311" in (await other.send(feishu.private_chat(alice, other_app).chat_id)).body["msg"]
    assert (await cards.send(chat.chat_id)).code == 0
    again = await cards.send(chat.chat_id)
    assert (again.code, "cardid is invalid" in again.body["msg"]) == (230099, True)
    cards.card_id = "7355372766134157313"
    unknown = await cards.send(chat.chat_id)
    assert (unknown.code, "ErrCode: 11310; ErrMsg: cardid is invalid" in unknown.body["msg"]) == (230099, True)
    assert (await cards.text("b")).code == 200740


async def test_id_convert(alice: User, chat: Chat, bot: Bot, cards: CardBot) -> None:
    sent = await bot.send(chat.chat_id, card(markdown("a")), msg_type="interactive")
    message = await alice.receives()
    body = {"message_id": sent.data["message_id"]}
    cards.card_id = (await bot.call("POST", "cardkit/v1/cards/id_convert", body)).data["card_id"]
    assert (await bot.call("POST", "cardkit/v1/cards/id_convert", body)).data["card_id"] == cards.card_id
    partial = json.dumps({"content": "b"})
    assert (await cards.change("PATCH", "/elements/md", partial_element=partial)).code == 0
    assert message.text == "b"
    old = await bot.send(chat.chat_id, {"elements": [markdown("old")]}, msg_type="interactive")
    body = {"message_id": old.data["message_id"]}
    assert (await bot.call("POST", "cardkit/v1/cards/id_convert", body)).code == 300303
    text = await bot.send(chat.chat_id, "text")
    body = {"message_id": text.data["message_id"]}
    assert (await bot.call("POST", "cardkit/v1/cards/id_convert", body)).code == 10002


@pytest.mark.usefixtures("halted")
async def test_ten_changes_a_second(feishu: FeishuEmulator, cards: CardBot) -> None:
    await cards.create(card(markdown("a"), streaming=True))
    codes = [(await cards.text(str(number))).code for number in range(12)]
    assert codes == [0] * 10 + [230020] * 2
    assert {one.kind for one in feishu.violations} == {"rate_exceeded"}


async def test_template(alice: User, chat: Chat, bot: Bot, cards: CardBot) -> None:
    data = {"template_id": "AAq1", "template_variable": {"name": "Alice"}}
    answer = await bot.call("POST", "cardkit/v1/cards", {"type": "template", "data": json.dumps(data)})
    cards.card_id = answer.data["card_id"]
    assert (await cards.send(chat.chat_id)).code == 0
    await alice.receives("[template AAq1]")
    direct = await bot.send(chat.chat_id, {"type": "template", "data": data}, msg_type="interactive")
    assert direct.code == 0


async def test_card_entities_are_bounded(session: aiohttp.ClientSession) -> None:
    settings = EmulatorSettings(history=5, card_history=3, rate_limits=False)
    async with FeishuEmulator(settings=settings) as feishu:
        app = feishu.add_app()
        alice = feishu.add_user("Alice")
        bot = Bot(session, feishu.base_url, app.app_id, app.app_secret)
        cards = CardBot(bot)
        ids = [await cards.create(card(markdown("a"), streaming=True)) for _ in range(8)]
        assert [feishu.world.cards.get(one) is not None for one in ids] == [False] * 3 + [True] * 5
        await cards.send(feishu.private_chat(alice, app).chat_id)
        for number in range(10):
            await cards.text(str(number))
        assert list((await alice.receives()).history) == ["7", "8", "9"]


async def test_reference_needs_data(chat: Chat, bot: Bot) -> None:
    assert (await bot.send(chat.chat_id, {"type": "card"}, msg_type="interactive")).code == 230099
    assert (await bot.send(chat.chat_id, reference(""), msg_type="interactive")).code == 230099
