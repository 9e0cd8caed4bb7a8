"""Every kind of message people send, as bots receive and read it."""

import json
from typing import Any

import pytest
from feishu_raw_client import Bot
from feishu_told import Told

from imbridge.emulators.feishu import App, Chat, FeishuEmulator, Message, User

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


@pytest.fixture
async def told(feishu: FeishuEmulator, app: App, bot: Bot) -> Told:
    return await Told.connect(feishu, app, bot)


async def received(told: Told) -> tuple[str, Any, dict[str, Any]]:
    message = (await told.next("im.message.receive_v1"))["message"]
    return message["message_type"], json.loads(message["content"]), message


async def test_post(app: App, alice: User, told: Told, bot: Bot) -> None:
    link = {"tag": "a", "text": "docs", "href": "https://example.com", "style": ["bold"]}
    code = {"tag": "code_block", "language": "GO", "text": "x := 1"}
    smile = {"tag": "emotion", "emoji_type": "SMILE"}
    hello: list[str | User | App] = ["hello ", app, alice, app]
    sent = await alice.sends_post([hello, [link, smile], [PNG], [{"tag": "hr"}], [code]], title="News")
    kind, content, message = await received(told)
    assert (kind, content["title"]) == ("post", "News")
    first, second, [image], [hr], [block] = content["content"]
    assert first[0] == {"tag": "text", "text": "hello ", "style": []}
    assert [tag.get("user_id") for tag in first[1:]] == ["@_user_1", "@_user_2", "@_user_1"]
    assert [one["name"] for one in message["mentions"]] == ["Demo Bot", "Alice"]
    assert second == [link, smile]
    assert (hr, block) == ({"tag": "hr"}, code)
    status, data, _ = await bot.download(f"im/v1/messages/{sent.message_id}/resources/{image['image_key']}?type=image")
    assert (status, data) == (200, PNG)


async def test_files(alice: User, told: Told, bot: Bot) -> None:
    sent = await alice.sends_audio(b"opus", duration=1500)
    kind, content, _ = await received(told)
    assert (kind, content["duration"], set(content)) == ("audio", 1500, {"file_key", "duration"})
    path = f"im/v1/messages/{sent.message_id}/resources/{content['file_key']}?type=file"
    assert (await bot.download(path))[:2] == (200, b"opus")

    sent = await alice.sends_video(b"mp4", name="a.mp4", cover=PNG, duration=3000)
    kind, content, _ = await received(told)
    assert (kind, content["file_name"], content["duration"]) == ("media", "a.mp4", 3000)
    path = f"im/v1/messages/{sent.message_id}/resources/{content['image_key']}?type=image"
    assert (await bot.download(path))[:2] == (200, PNG)

    sent = await alice.sends_sticker()
    kind, content, _ = await received(told)
    assert (kind, set(content)) == ("sticker", {"file_key"})
    answer = await bot.call("GET", f"im/v1/messages/{sent.message_id}/resources/{content['file_key']}?type=image")
    assert answer.code == 234003  # stickers can not be downloaded

    await alice.sends_folder("plans")
    kind, content, _ = await received(told)
    assert (kind, content["file_name"], set(content)) == ("folder", "plans", {"file_key", "file_name"})


async def test_other_kinds(feishu: FeishuEmulator, app: App, alice: User, told: Told) -> None:
    group = feishu.add_group("team", members=[alice])
    when = {"summary": "lunch", "start_time": "1608265395000", "end_time": "1608267015000"}
    span = {"start_time": 1608265395000, "end_time": 1608267015000}
    names = {"from_user": ["Alice"], "to_chatters": ["Bob"]}
    todo = {"title": "", "content": [[{"tag": "text", "text": "eat"}]]}
    place = {"name": "Park", "longitude": "120.1", "latitude": "30.2"}
    for sending, kind, content in (
        (alice.shares_chat(group), "share_chat", {"chat_id": group.chat_id}),
        (alice.shares_user(alice, app), "share_user", {"user_id": alice.open_id_for(app)}),
        (alice.sends_location("Park", longitude="120.1", latitude="30.2"), "location", place),
        (alice.sends_vote("food", ["rice", "noodles"]), "vote", {"topic": "food", "options": ["rice", "noodles"]}),
        (alice.sends_calendar("lunch", **span), "share_calendar_event", when),
        (alice.sends_calendar("lunch", **span, kind="calendar"), "calendar", when),
        (alice.sends_calendar("lunch", **span, kind="general_calendar"), "general_calendar", when),
        (alice.sends_video_chat("call", start_time=16), "video_chat", {"topic": "call", "start_time": "16"}),
        (alice.sends_hongbao(), "hongbao", {"text": "[红包]"}),
        (alice.sends_system("{from_user} invited {to_chatters}", values=names), "system", names),
        (alice.sends_todo("eat", due_time=1623124318000), "todo", {"summary": todo, "due_time": "1623124318000"}),
    ):
        sent = await sending
        got, body, message = await received(told)
        assert (got, message["message_id"]) == (kind, sent.message_id)
        assert body | content == body  # all of it, and what the message has besides
    assert feishu.violations == []


async def test_merged_messages_are_read_with_all_that_is_below(
    feishu: FeishuEmulator, alice: User, told: Told, bot: Bot
) -> None:
    bob = feishu.add_user("Bob")
    group = feishu.add_group("team", members=[alice, bob])
    one, two = await alice.says("one", chat=group), await bob.says("two", chat=group)
    inner = await alice.sends_merged(one, two, chat=group)
    outer = await alice.sends_merged(inner, await alice.sends_vote("food", ["rice"], chat=group))
    message = (await told.next("im.message.receive_v1"))["message"]
    assert (message["message_type"], message["content"]) == ("merge_forward", "Merged and Forwarded Message")

    items = (await bot.call("GET", f"im/v1/messages/{outer.message_id}")).data["items"]
    top, *rest = items
    assert (top["message_id"], top["body"]["content"]) == (outer.message_id, "Merged and Forwarded Message")
    assert "upper_message_id" not in top
    merged, first, second, vote = rest
    assert [item["msg_type"] for item in rest] == ["merge_forward", "text", "text", "vote"]
    assert (merged["upper_message_id"], vote["upper_message_id"]) == (outer.message_id, outer.message_id)
    assert {first["upper_message_id"], second["upper_message_id"]} == {merged["message_id"]}
    assert [json.loads(item["body"]["content"])["text"] for item in (first, second)] == ["one", "two"]
    assert (second["sender"]["id"], second["chat_id"]) == (bob.open_id, group.chat_id)
    assert len({item["message_id"] for item in items} | {one.message_id, inner.message_id}) == 7


async def test_quotes_and_replies_in_a_topic_group(
    feishu: FeishuEmulator, app: App, alice: User, told: Told, bot: Bot
) -> None:
    group: Chat = feishu.add_group("topics", members=[alice], apps=[app], topic=True)

    def place(message: Message) -> tuple[str, str, str]:
        return message.root_id, message.parent_id, message.thread_id

    root = await alice.says("topic", chat=group)
    first = (await received(told))[2]
    assert first["thread_id"] == root.thread_id
    assert not {"root_id", "parent_id"} & set(first)
    one = await alice.replies(root, "one")
    two = await alice.sends_vote("food", ["rice"], reply_to=one)
    for message in (one, two):  # in a topic, everything replies to the root
        assert place(message) == (root.message_id, root.message_id, root.thread_id)
        got = (await received(told))[2]
        assert (got["root_id"], got["parent_id"], got["thread_id"]) == place(message)
    answer = (await bot.reply(two.message_id, "three")).data
    assert (answer["root_id"], answer["parent_id"]) == (root.message_id, root.message_id)

    # Outside a thread a reply has the message it quotes as its parent.
    plain = await alice.says("plain")
    quote = await alice.sends_image(PNG, reply_to=plain)
    again = await alice.replies(quote, "why?")
    assert place(quote) == (plain.message_id, plain.message_id, "")
    assert place(again) == (plain.message_id, quote.message_id, "")
    opened = await alice.replies(again, "in a thread", thread=True)
    assert place(opened) == (again.message_id, again.message_id, again.thread_id)
    assert opened.thread_id.startswith("omt_")
    assert place(await alice.replies(opened, "further")) == place(opened)


async def test_edited_message(feishu: FeishuEmulator, app: App, alice: User, told: Told, bot: Bot) -> None:
    sent = await alice.says("helo")
    await told.next("im.message.receive_v1")
    assert alice.edits(sent, "hello") == {}  # the platform documents no event
    [item] = (await bot.call("GET", f"im/v1/messages/{sent.message_id}")).data["items"]
    assert (json.loads(item["body"]["content"])["text"], item["updated"]) == ("hello", True)
    assert int(item["update_time"]) > int(item["create_time"])
    pushed = alice.edits(sent, "hello!", pushed=True)
    kind, content, message = await received(told)
    assert (kind, content, message["message_id"]) == ("text", {"text": "hello!"}, sent.message_id)
    assert int(message["update_time"]) > int(message["create_time"])
    assert list(pushed) == [app.app_id]
