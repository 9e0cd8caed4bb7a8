"""What the platform accepts as a card in a message, and what people read in it."""

import json
from typing import Any

import aiohttp
import pytest
from feishu_cards import CardBot, button, card, markdown
from feishu_raw_client import Bot

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, User
from imbridge.emulators.feishu.markdown_tables import count_tables

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
COLUMNS = [{"name": "who", "display_name": "Who", "data_type": "text"}, {"name": "age", "data_type": "number"}]


def table(*rows: Any) -> dict[str, Any]:
    return {"tag": "table", "columns": COLUMNS, "rows": list(rows)}


@pytest.mark.parametrize(
    ("content", "sub_code", "says"),
    [
        (card({"tag": "note", "elements": []}), 200861, "ErrPath: ROOT -> body -> elements -> [0](tag: note)"),
        (card({"tag": "never"}), 200861, "unsupported tag never"),
        ({"schema": "2.0", "elements": []}, 200621, "unknown property: elements, path: []"),
        ({"schema": "3.0"}, 200621, "schema"),
        ({"elements": [{"tag": "never"}]}, 200621, "unknown tag never"),
        ({"elements": [{"content": "no tag"}]}, 200621, "no tag"),
        ({"elements": {}}, 200621, "not a list"),
        (card({"tag": "img", "img_key": "img_v3_never"}), 200570, "image key img_v3_never"),
        (card(markdown("![x](img_v3_never)")), 200570, "image key img_v3_never"),
        (card(markdown("<at id=ou_never></at>")), 100290, "ErrorValue: ou_never"),
        (card({"tag": "person", "user_id": "ou_never"}), 100290, "ErrorValue: ou_never"),
        (card(*[table()] * 6), 11310, "card table number over limit; ErrorValue: table"),
        (card(markdown("|a|\n|-|\n\n" * 4, "a"), markdown("|a|\n|-|\n\n" * 2, "b")), 11310, "over limit"),
        (card({"tag": "column_set", "columns": [{"tag": "column", "elements": [table()]}]}), 11310, "nested"),
        (card(table({"who": 1})), 200914, "row 0, column 0"),
        (card(table({"who": "x", "age": "y"})), 200914, "row 0, column 1"),
        (card({**table(), "rows": "x"}), 200914, "table rows is invalid"),
        (card(markdown("x", "a"), markdown("y", "a")), 300301, "Duplicate element_id"),
        (card(markdown("x", "a" * 21)), 200621, "element_id"),
        (card(*[{"tag": "hr"}] * 201), 300305, "200"),
    ],
)
async def test_refused_cards(app: App, chat: Chat, bot: Bot, content: Any, sub_code: int, says: str) -> None:
    answer = await bot.send(chat.chat_id, content, msg_type="interactive")
    assert (answer.status, answer.code) == (400, 230099)
    assert answer.body["msg"].startswith(f"Failed to create card content, ext=ErrCode: {sub_code}; ")
    assert says in answer.body["msg"]


async def test_a_card_that_is_not_json(chat: Chat, bot: Bot) -> None:
    body = {"receive_id": chat.chat_id, "msg_type": "interactive", "content": "{"}
    answer = await bot.call("POST", "im/v1/messages?receive_id_type=chat_id", body)
    assert (answer.code, "ErrCode: 200621" in answer.body["msg"]) == (230099, True)


async def test_limits_of_a_card(settings: EmulatorSettings, chat: Chat, bot: Bot) -> None:
    settings.rate_limits = False

    async def code(content: Any) -> int:
        return (await bot.send(chat.chat_id, content, msg_type="interactive")).code

    assert await code(card(*[table({"who": "x", "age": 1.5})] * 5)) == 0
    assert await code(card(*[{"tag": "hr"}] * 200)) == 0
    assert await code(card(markdown("x" * 31_000))) == 230025
    assert await code({}) == 0  # a blank card
    settings.card_tables = 1
    assert await code(card(table(), table())) == 230099


async def test_what_people_read(feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot) -> None:
    form = aiohttp.FormData()
    form.add_field("image_type", "message")
    form.add_field("image", PNG, filename="a.png")
    image = (await bot.call("POST", "im/v1/images", data=form)).data["image_key"]
    content = card(
        markdown(f"**hello** <at id={alice.open_id}></at> <at id=all></at>"),
        {"tag": "img", "img_key": image},
        {"tag": "hr"},
        {
            "tag": "column_set",
            "columns": [
                {"tag": "column", "elements": [{"tag": "div", "text": {"tag": "plain_text", "content": "left"}}]},
                {"tag": "column", "elements": [button("right", {"secret": "value"})]},
            ],
        },
        {**table({"who": "Bob", "age": 7}), "columns": COLUMNS},
        {
            "tag": "form",
            "name": "f",
            "elements": [
                {
                    "tag": "input",
                    "name": "i",
                    "label": {"tag": "plain_text", "content": "Why"},
                    "placeholder": {"tag": "plain_text", "content": "say"},
                },
                {
                    "tag": "select_static",
                    "name": "s",
                    "options": [{"text": {"tag": "plain_text", "content": "one"}, "value": "1"}],
                },
            ],
        },
        title="Title",
    )
    assert (await bot.send(chat.chat_id, content, msg_type="interactive")).code == 0
    message = await alice.receives()
    assert message.text.splitlines() == [
        "Title",
        "**hello** @Alice @all",
        "[image]",
        "---",
        "left",
        "right",
        "Who | age",
        "Bob | 7",
        "Why",
        "say",
        "- one",
    ]
    assert [who.name for who in message.mentions] == ["Alice"]
    assert message.card == content


async def test_old_cards_in_a_locale(alice: User, chat: Chat, bot: Bot) -> None:
    elements = [{"tag": "div", "text": {"tag": "lark_md", "content": "hi"}}]
    content = {"header": {"title": {"tag": "plain_text", "content": "T"}}, "i18n_elements": {"en_us": elements}}
    await bot.send(chat.chat_id, content, msg_type="interactive")
    await alice.receives("T\nhi")


async def test_replacing_a_card(
    feishu: FeishuEmulator, settings: EmulatorSettings, alice: User, chat: Chat, bot: Bot
) -> None:
    sent = (await bot.send(chat.chat_id, card(markdown("one")), msg_type="interactive")).data["message_id"]
    message = await alice.receives()

    async def patch(content: Any) -> int:
        return (await bot.call("PATCH", f"im/v1/messages/{sent}", {"content": json.dumps(content)})).code

    assert await patch(card(markdown("two"))) == 0
    assert list(message.history) == ["one", "two"]
    assert await patch(card({"tag": "never"})) == 230099
    assert await patch({"type": "card", "data": {"card_id": "7355372766134157313"}}) == 230099
    assert feishu.violations == []
    assert await patch({"elements": [{"tag": "hr"}]}) == 0
    assert [one.kind for one in feishu.violations] == ["card_not_shared"]
    settings.card_lifetime = -1.0
    assert await patch(card(markdown("three"))) == 230031


async def test_replacing_the_card_of_an_entity(alice: User, chat: Chat, bot: Bot) -> None:
    cards = CardBot(bot)
    await cards.create(card(markdown("one"), streaming=True))
    sent = (await cards.send(chat.chat_id)).data["message_id"]
    message = await alice.receives()
    body = {"content": json.dumps(card(markdown("two")))}
    assert (await bot.call("PATCH", f"im/v1/messages/{sent}", body)).code == 0
    assert message.text == "two"
    assert (await cards.text("three")).code == 300309


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("| a | b |\n|---|---|\n| 1 | 2 |", 1),
        ("a | b\n-|-\n1 | 2\n\nx\n\n|c|\n|:-:|", 2),
        ("```\n| a |\n|---|\n```", 0),
        ("~~~~\n```\n| a |\n|---|\n~~~~\n| a |\n|---|", 1),
        ("a | b\nno table", 0),
        ("| a |\n---", 0),
    ],
)
def test_tables_in_markdown(text: str, count: int) -> None:
    assert count_tables(text) == count
