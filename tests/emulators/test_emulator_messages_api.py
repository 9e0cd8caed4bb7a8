"""im/v1/messages and reactions, called over plain HTTP."""

import asyncio
import json
from typing import Any

import pytest
from feishu_raw_client import Bot, until

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, User


async def test_created_message_reaches_the_person(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot
) -> None:
    answer = await bot.send(chat.chat_id, "hello")
    assert (answer.status, answer.code, answer.body["msg"]) == (200, 0, "success")
    assert answer.headers["X-Tt-Logid"]
    message = await alice.receives("hello")
    assert (message.message_id, message.chat_id, message.app_id) == (
        answer.data["message_id"],
        chat.chat_id,
        app.app_id,
    )
    assert answer.data["sender"]["id"] == app.app_id
    assert answer.data["body"] == {"content": '{"text": "hello"}'}
    assert list(feishu.messages) == [message]
    assert feishu.violations == []


@pytest.mark.parametrize("id_type", ["open_id", "user_id", "union_id", "email", "chat_id"])
async def test_every_receive_id_type(alice: User, chat: Chat, bot: Bot, id_type: str) -> None:
    receive_id = chat.chat_id if id_type == "chat_id" else getattr(alice, id_type)
    assert (await bot.send(receive_id, id_type, id_type=id_type)).data["chat_id"] == chat.chat_id
    await alice.receives(id_type)


async def test_reply_hangs_on_the_message(alice: User, bot: Bot) -> None:
    sent = await alice.says("hi")
    first = (await bot.reply(sent.message_id, "one")).data
    assert (first["root_id"], first["parent_id"]) == (sent.message_id, sent.message_id)
    second = (await bot.reply(first["message_id"], "two")).data
    assert (second["root_id"], second["parent_id"]) == (sent.message_id, first["message_id"])
    assert "thread_id" not in second


async def test_reply_in_thread_opens_one_and_replies_stay_in_it(alice: User, bot: Bot) -> None:
    sent = await alice.says("hi")
    first = (await bot.reply(sent.message_id, "one", reply_in_thread=True)).data
    assert first["thread_id"].startswith("omt_")
    again = await alice.replies(await alice.receives("one"), "and?")
    assert again.thread_id == first["thread_id"] == sent.thread_id


@pytest.mark.parametrize(
    ("msg_type", "content", "code"),
    [
        ("text", {}, 230001),
        ("text", {"text": ""}, 230001),
        ("nonsense", {"text": "x"}, 230001),
        ("text", {"text": "x" * 153_700}, 230025),
        ("post", {"zh_cn": {"content": [[{"tag": "text", "text": "x" * 31_000}]]}}, 230025),
        ("interactive", {"elements": ["x" * 31_000]}, 230025),
        ("post", {"post": {"zh_cn": {"content": []}}}, 230001),
        ("post", {"zh_cn": {"content": [[{"tag": "blink", "text": "x"}]]}}, 230001),
        ("post", {"zh_cn": {"content": [{"tag": "text", "text": "x"}]}}, 230001),
        ("post", {"zh_cn": {"content": [[{"tag": "a", "text": "x"}]]}}, 230001),
        ("image", {"image_key": "img_never"}, 230001),
        ("image", {}, 230001),
        ("file", {"file_key": "file_never"}, 230001),
        ("interactive", {"type": "template", "data": {}}, 230099),
    ],
)
async def test_wrong_contents(
    feishu: FeishuEmulator, chat: Chat, bot: Bot, msg_type: str, content: Any, code: int
) -> None:
    answer = await bot.send(chat.chat_id, content, msg_type=msg_type)
    assert (answer.status, answer.code) == (400, code)
    assert answer.body["error"]["log_id"] == answer.headers["X-Tt-Logid"]
    assert feishu.stats.sends == 0
    assert feishu.stats.refused == 1


@pytest.mark.parametrize(
    ("msg_type", "content", "text"),
    [
        (
            "post",
            {
                "zh_cn": {
                    "title": "Weather",
                    "content": [
                        [{"tag": "text", "text": "sunny "}, {"tag": "a", "text": "more", "href": "https://x"}],
                        [{"tag": "at", "user_id": "all"}, {"tag": "emotion", "emoji_type": "SMILE"}],
                        [{"tag": "hr"}],
                        [{"tag": "md", "text": "**bold**"}],
                        [{"tag": "code_block", "language": "PYTHON", "text": "1 + 1"}],
                    ],
                }
            },
            "Weather\nsunny more\n@all[SMILE]\n---\n**bold**\n1 + 1",
        ),
        (
            "interactive",
            {
                "header": {"title": {"tag": "plain_text", "content": "Title"}},
                "elements": [{"tag": "markdown", "content": "body"}],
            },
            "Title\nbody",
        ),
        ("text", {"text": "好" * 40_000}, "好" * 40_000),
    ],
)
async def test_right_contents_and_their_text(
    alice: User, chat: Chat, bot: Bot, msg_type: str, content: Any, text: str
) -> None:
    assert (await bot.send(chat.chat_id, content, msg_type=msg_type)).code == 0
    assert (await alice.receives()).text == text


async def test_mentions_of_a_bot_read_as_names(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    bob = feishu.add_user("Bob")
    group = feishu.add_group("team", members=[alice, bob], apps=[app])
    text = f'<at user_id="{bob.open_id}">whoever</at> and <at user_id="all"></at>'
    sent = await bot.send(group.chat_id, text)
    assert json.loads(sent.data["body"]["content"])["text"] == "@_user_1 and @_all"
    assert [(one["key"], one["id"], one["name"]) for one in sent.data["mentions"]] == [("@_user_1", bob.open_id, "Bob")]
    assert (await bob.receives()).text == "@Bob and @all"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("im/v1/messages?receive_id_type=name", {"receive_id": "x"}, 230001),
        ("im/v1/messages", {"receive_id": "x"}, 230001),
        ("im/v1/messages?receive_id_type=chat_id", {}, 230001),
        ("im/v1/messages?receive_id_type=chat_id", {"receive_id": "oc_never"}, 230001),
        ("im/v1/messages?receive_id_type=open_id", {"receive_id": "ou_never"}, 230001),
        ("im/v1/messages/om_never/reply", {}, 230001),
        ("im/v1/messages?receive_id_type=chat_id", ["no object"], 9499),
    ],
)
async def test_wrong_requests(bot: Bot, path: str, body: Any, code: int) -> None:
    if isinstance(body, dict):
        body = {"msg_type": "text", "content": '{"text": "x"}', **body}
    answer = await bot.call("POST", path, body)
    assert (answer.status, answer.code) == (400, code)


async def test_open_id_of_another_app(feishu: FeishuEmulator, alice: User, bot: Bot) -> None:
    other = feishu.add_app(name="Other")
    assert (await bot.send(alice.open_id_for(other), "x", id_type="open_id")).code == 99992361


async def test_bot_outside_the_chat(feishu: FeishuEmulator, alice: User, bot: Bot) -> None:
    group = feishu.add_group("without bot", members=[alice])
    assert (await bot.send(group.chat_id, "x")).code == 230002
    sent = await alice.says("x", chat=group)
    assert (await bot.reply(sent.message_id, "x")).code == 230002
    assert (await bot.call("GET", f"im/v1/messages/{sent.message_id}")).code == 230002


async def test_reply_to_a_recalled_message(alice: User, bot: Bot) -> None:
    sent = await alice.says("oops")
    alice.recalls(sent)
    assert (await bot.reply(sent.message_id, "x")).code == 230011
    assert (await bot.call("POST", f"im/v1/messages/{sent.message_id}/reactions", {})).code == 231003


async def test_same_uuid_sends_once(feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot) -> None:
    first = await bot.send(chat.chat_id, "once", uuid="k")
    again = await bot.send(chat.chat_id, "once", uuid="k")
    assert again.data["message_id"] == first.data["message_id"]
    assert len(feishu.messages) == 1
    assert (feishu.stats.sends, feishu.stats.duplicates_absorbed) == (1, 1)
    assert (await bot.send(chat.chat_id, "x", uuid="k" * 51)).code == 230001


async def test_uuid_is_free_again_after_its_window(
    feishu: FeishuEmulator, settings: EmulatorSettings, chat: Chat, bot: Bot
) -> None:
    settings.uuid_window = 0.0
    await bot.send(chat.chat_id, "x", uuid="k")
    await bot.send(chat.chat_id, "x", uuid="k")
    assert feishu.stats.sends == 2


async def test_same_uuid_at_the_same_time(feishu: FeishuEmulator, chat: Chat, bot: Bot) -> None:
    await bot.fresh_token()
    feishu.faults.http_delay("*/im/v1/messages", 1.0, accepted=True)
    slow = asyncio.create_task(bot.send(chat.chat_id, "x", uuid="k"))
    await until(lambda: feishu.stats.sends == 1)
    assert (await bot.send(chat.chat_id, "x", uuid="k")).code == 230049
    first = await slow
    again = await bot.send(chat.chat_id, "x", uuid="k")
    assert again.data["message_id"] == first.data["message_id"]
    assert feishu.stats.sends == 1


async def test_edit(feishu: FeishuEmulator, settings: EmulatorSettings, alice: User, chat: Chat, bot: Bot) -> None:
    settings.edit_limit = 2
    sent = (await bot.send(chat.chat_id, "v0")).data["message_id"]
    path = f"im/v1/messages/{sent}"
    for version in ("v1", "v2"):
        answer = await bot.call("PUT", path, {"msg_type": "text", "content": json.dumps({"text": version})})
        assert answer.data["updated"] is True
    full = await bot.call("PUT", path, {"msg_type": "text", "content": '{"text": "v3"}'})
    assert full.code == 230072
    message = await alice.receives("v2")
    assert [json.loads(edit.content)["text"] for edit in message.edits] == ["v0", "v1"]
    assert (await bot.call("PATCH", path, {"content": '{"elements": []}'})).code == 230001
    theirs = await alice.says("mine")
    foreign = await bot.call("PUT", f"im/v1/messages/{theirs.message_id}", {"msg_type": "text", "content": "{}"})
    assert foreign.code == 230071
    assert feishu.stats.edits == 2


async def test_waiting_for_an_edit(alice: User, chat: Chat, bot: Bot) -> None:
    waiting = asyncio.create_task(alice.receives("done"))
    sent = (await bot.send(chat.chat_id, "working")).data["message_id"]
    await bot.call("PUT", f"im/v1/messages/{sent}", {"msg_type": "text", "content": '{"text": "done"}'})
    assert (await waiting).message_id == sent


async def test_card_update(feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot) -> None:
    card = {"elements": [{"tag": "markdown", "content": "one"}]}
    sent = (await bot.send(chat.chat_id, card, msg_type="interactive")).data["message_id"]
    card["elements"][0]["content"] = "two"
    assert (await bot.call("PATCH", f"im/v1/messages/{sent}", {"content": json.dumps(card)})).code == 0
    message = await alice.receives("two")
    assert (message.card_updates, feishu.stats.card_updates) == (1, 1)
    put = await bot.call("PUT", f"im/v1/messages/{sent}", {"msg_type": "text", "content": '{"text": "x"}'})
    assert put.code == 230054


async def test_recall_and_get(alice: User, chat: Chat, bot: Bot) -> None:
    sent = (await bot.send(chat.chat_id, "x")).data["message_id"]
    path = f"im/v1/messages/{sent}"
    [item] = (await bot.call("GET", path)).data["items"]
    assert (item["deleted"], item["body"]["content"]) == (False, '{"text": "x"}')
    assert (await bot.call("DELETE", path)).code == 0
    [item] = (await bot.call("GET", path)).data["items"]
    assert (item["deleted"], item["body"]["content"]) == (True, "This message was recalled")
    assert (await alice.receives()).recalled is True
    assert (await bot.call("DELETE", path)).code == 230011
    theirs = await alice.says("mine")
    assert (await bot.call("DELETE", f"im/v1/messages/{theirs.message_id}")).code == 230026
    assert (await bot.call("GET", "im/v1/messages/om_never")).code == 230001


async def test_reactions(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    sent = await alice.says("hi")
    path = f"im/v1/messages/{sent.message_id}/reactions"
    made = (await bot.call("POST", path, {"reaction_type": {"emoji_type": "Typing"}})).data
    assert made["operator"] == {"operator_id": app.app_id, "operator_type": "app"}
    again = (await bot.call("POST", path, {"reaction_type": {"emoji_type": "Typing"}})).data
    assert again["reaction_id"] == made["reaction_id"]
    alice.reacts(sent, "THUMBSUP")
    items = (await bot.call("GET", path)).data["items"]
    assert [item["reaction_type"]["emoji_type"] for item in items] == ["Typing", "THUMBSUP"]
    only = (await bot.call("GET", f"{path}?reaction_type=THUMBSUP")).data["items"]
    assert [item["operator"]["operator_id"] for item in only] == [alice.open_id]
    assert (await bot.call("DELETE", f"{path}/{only[0]['reaction_id']}")).code == 231007
    assert (await bot.call("DELETE", f"{path}/{made['reaction_id']}")).code == 0
    assert (await bot.call("DELETE", f"{path}/{made['reaction_id']}")).code == 231010
    assert (await bot.call("POST", path, {"reaction_type": {}})).code == 231001
    assert [one.emoji_type for one in sent.reactions] == ["THUMBSUP"]
    assert feishu.stats.reactions == 1


async def test_unknown_api_says_so(bot: Bot) -> None:
    answer = await bot.call("GET", "calendar/v4/calendars")
    assert (answer.status, answer.code) == (404, 404)
    assert "is not emulated" in answer.body["msg"]
