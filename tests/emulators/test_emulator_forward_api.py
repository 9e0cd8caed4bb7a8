"""Forwarding one message, several, a thread; called over plain HTTP."""

import json
from typing import Any

import pytest
from feishu_cards import CardBot, card, markdown
from feishu_raw_client import Answer, Bot

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, Message, User


@pytest.fixture(autouse=True)
def no_rates(settings: EmulatorSettings) -> None:
    settings.rate_limits = False


@pytest.fixture
def bob(feishu: FeishuEmulator, app: App) -> User:
    return feishu.add_user("Bob")


@pytest.fixture
def group(feishu: FeishuEmulator, app: App, alice: User, bob: User) -> Chat:
    return feishu.add_group("team", members=[alice, bob], apps=[app])


async def forward(bot: Bot, message_id: str, receive_id: str, id_type: str = "open_id", uuid: str = "") -> Answer:
    path = f"im/v1/messages/{message_id}/forward?receive_id_type={id_type}&uuid={uuid}"
    return await bot.call("POST", path, {"receive_id": receive_id})


async def merge(bot: Bot, receive_id: str, *messages: Message | str, uuid: str = "") -> Answer:
    ids = [one.message_id if isinstance(one, Message) else one for one in messages]
    path = f"im/v1/messages/merge_forward?receive_id_type=open_id&uuid={uuid}"
    return await bot.call("POST", path, {"receive_id": receive_id, "message_id_list": ids})


async def test_forward_keeps_what_was_said(
    feishu: FeishuEmulator, app: App, alice: User, bob: User, group: Chat, bot: Bot
) -> None:
    said = await alice.says("@Bob look at @bot", chat=group, mentions=[bob, app])
    answer = await forward(bot, said.message_id, bob.open_id)
    assert answer.code == 0
    assert (answer.data["msg_type"], answer.data["sender"]["sender_type"]) == ("text", "app")
    assert answer.data["message_id"] != said.message_id
    assert [one["name"] for one in answer.data["mentions"]] == ["Bob", "Demo Bot"]
    received = await bob.receives("@Bob look at @Demo Bot")
    assert received.chat is feishu.private_chat(bob, app)
    assert feishu.stats.forwards == 1


async def test_forward_to_every_kind_of_receiver(alice: User, bob: User, group: Chat, bot: Bot) -> None:
    sent = (await bot.send(group.chat_id, "hi")).data["message_id"]
    await bob.receives(chat=group)
    for id_type, receive_id in (
        ("open_id", bob.open_id),
        ("user_id", bob.user_id),
        ("union_id", bob.union_id),
        ("email", bob.email),
        ("chat_id", group.chat_id),
    ):
        assert (await forward(bot, sent, receive_id, id_type)).code == 0
        await bob.receives("hi")
    thread = (await bot.reply(sent, "in a thread", reply_in_thread=True)).data["thread_id"]
    moved = (await forward(bot, sent, thread, "thread_id")).data
    assert (moved["thread_id"], moved["root_id"]) == (thread, sent)
    assert (await forward(bot, sent, "omt_never", "thread_id")).code == 230019
    assert (await forward(bot, sent, "ou_never")).code == 230001
    assert (await forward(bot, sent, bob.open_id, "name")).code == 230001
    assert (await bot.send(thread, "no", id_type="thread_id")).code == 230001


async def test_forward_once_with_a_uuid(feishu: FeishuEmulator, bob: User, group: Chat, bot: Bot) -> None:
    sent = (await bot.send(group.chat_id, "hi")).data["message_id"]
    answers = [await forward(bot, sent, bob.open_id, uuid="u1") for _ in range(2)]
    assert answers[0].data["message_id"] == answers[1].data["message_id"]
    assert (await forward(bot, sent, bob.open_id, uuid="u" * 51)).code == 230001
    assert (feishu.stats.forwards, feishu.stats.duplicates_absorbed) == (1, 1)


async def test_what_can_not_be_forwarded(
    feishu: FeishuEmulator, alice: User, bob: User, group: Chat, chat: Chat, bot: Bot
) -> None:
    for sent in (await alice.sends_hongbao(), await alice.sends_vote("?", ["a"]), await alice.sends_audio(b"OggS")):
        assert (await forward(bot, sent.message_id, bob.open_id)).code == 230061
    assert (await forward(bot, "om_never", bob.open_id)).code == 230064
    said = await alice.says("x")
    alice.recalls(said)
    assert (await forward(bot, said.message_id, bob.open_id)).code == 230065
    foreign = await alice.says("x", chat=feishu.add_group("other", members=[alice]))
    assert (await forward(bot, foreign.message_id, bob.open_id)).code == 230002
    fixed = card(markdown("fixed"), enable_forward=False)
    sent_card = await bot.send(chat.chat_id, fixed, msg_type="interactive")
    assert (await forward(bot, sent_card.data["message_id"], bob.open_id)).code == 230061


async def test_a_forwarded_card_stays_as_it_was(bob: User, chat: Chat, bot: Bot) -> None:
    cards = CardBot(bot)
    await cards.create(card(markdown("one"), streaming=True))
    sent = (await cards.send(chat.chat_id)).data["message_id"]
    assert (await forward(bot, sent, bob.open_id)).code == 230061  # while it streams
    await cards.text("two")
    await cards.settings(streaming_mode=False)
    assert (await forward(bot, sent, bob.open_id)).code == 0
    copy = await bob.receives("two")
    await cards.replace(card(markdown("three")))
    assert (copy.text, copy.entity) == ("two", None)


async def test_merged_messages(feishu: FeishuEmulator, alice: User, bob: User, group: Chat, bot: Bot) -> None:
    first = await alice.says("one", chat=group)
    second = (await bot.send(group.chat_id, f'<at user_id="{bob.open_id}">Bob</at> two')).data["message_id"]
    recalled = await alice.says("gone", chat=group)
    alice.recalls(recalled)
    answer = await merge(bot, bob.open_id, second, first, recalled, "om_never")
    assert answer.data["invalid_message_id_list"] == [recalled.message_id, "om_never"]
    made = answer.data["message"]
    assert (made["msg_type"], made["body"]["content"]) == ("merge_forward", "Merged and Forwarded Message")
    items = (await bot.call("GET", f"im/v1/messages/{made['message_id']}")).data["items"]
    assert [one["msg_type"] for one in items] == ["merge_forward", "text", "text"]
    assert "upper_message_id" not in items[0]
    assert {one["upper_message_id"] for one in items[1:]} == {made["message_id"]}
    assert [json.loads(one["body"]["content"])["text"] for one in items[1:]] == ["one", "@_user_1 two"]
    assert not {one["message_id"] for one in items[1:]} & {first.message_id, second}
    assert (await bob.receives(chat=None)).text.startswith("@Bob two")
    assert (await bob.receives()).text == "[merge_forward]\nAlice: one\nDemo Bot: @Bob two"
    child = items[1]["message_id"]
    assert (await forward(bot, child, bob.open_id)).code == 230064
    assert (await bot.call("GET", f"im/v1/messages/{child}/resources/x?type=file")).code == 234043
    assert feishu.stats.forwards == 1


async def test_merged_within_merged(alice: User, bob: User, chat: Chat, bot: Bot) -> None:
    inner = await alice.sends_merged(await alice.says("deep"))
    outer = (await merge(bot, bob.open_id, inner)).data["message"]["message_id"]
    items = (await bot.call("GET", f"im/v1/messages/{outer}")).data["items"]
    assert [one["msg_type"] for one in items] == ["merge_forward", "merge_forward", "text"]
    assert items[2]["upper_message_id"] == items[1]["message_id"]
    assert items[1]["upper_message_id"] == outer


async def test_what_can_not_be_merged(feishu: FeishuEmulator, alice: User, bob: User, group: Chat, bot: Bot) -> None:
    here, there = await alice.says("here", chat=group), await alice.says("there")
    assert (await merge(bot, bob.open_id, here, there)).code == 230069
    assert (await merge(bot, bob.open_id, "om_never")).code == 230064
    alice.recalls(there)
    assert (await merge(bot, bob.open_id, there)).code == 230065
    reply = await alice.replies(here, "in the thread", thread=True)
    other = await alice.replies(await alice.says("second", chat=group), "in another", thread=True)
    assert (await merge(bot, bob.open_id, reply, other)).code == 230067
    assert (await merge(bot, bob.open_id, reply, await alice.says("plain", chat=group))).code == 230067
    for wrong in ([], [1], ["om_x"] * 101, "om_x"):
        body: dict[str, Any] = {"receive_id": bob.open_id, "message_id_list": wrong}
        answer = await bot.call("POST", "im/v1/messages/merge_forward?receive_id_type=open_id", body)
        assert answer.code == 230001


async def test_a_thread(feishu: FeishuEmulator, alice: User, bob: User, group: Chat, bot: Bot) -> None:
    root = await alice.says("question", chat=group)
    await bot.reply(root.message_id, "answer", reply_in_thread=True)
    await alice.says("beside it", chat=group)
    path = f"im/v1/threads/{root.thread_id}/forward?receive_id_type=open_id"
    made = (await bot.call("POST", path, {"receive_id": bob.open_id})).data
    assert made["msg_type"] == "merge_forward"
    items = (await bot.call("GET", f"im/v1/messages/{made['message_id']}")).data["items"]
    assert [json.loads(one["body"]["content"])["text"] for one in items[1:]] == ["question", "answer"]
    path = "im/v1/threads/omt_never/forward?receive_id_type=open_id"
    assert (await bot.call("POST", path, {"receive_id": bob.open_id})).code == 230064
