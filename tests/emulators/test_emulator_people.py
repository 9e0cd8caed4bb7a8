"""What people do, what the bot is told of it, and what people see."""

import asyncio
import json
import re
from typing import Any

import aiohttp
import pytest
from feishu_raw_client import Bot, Link, until

from imbridge.emulators.feishu import App, Chat, FeishuEmulator, User


async def message_of(link: Link) -> dict[str, Any]:
    payload = await link.acked_event()
    assert payload["header"]["event_type"] == "im.message.receive_v1"
    message: dict[str, Any] = payload["event"]["message"]
    return message


async def test_mentions_are_placeholders(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    bob = feishu.add_user("Bob")
    group = feishu.add_group("team", members=[alice, bob], apps=[app])
    link = await bot.connect()
    sent = await alice.says("@bot greet @Bob", chat=group, mentions=[app, bob])
    message = await message_of(link)
    assert message["chat_type"] == "group"
    assert json.loads(message["content"]) == {"text": "@_user_1 greet @_user_2"}
    assert [(one["key"], one["name"], one["id"]["open_id"]) for one in message["mentions"]] == [
        ("@_user_1", "Demo Bot", app.bot_open_id),
        ("@_user_2", "Bob", bob.open_id),
    ]
    assert sent.text == "@Demo Bot greet @Bob"
    await alice.says("weather", chat=group, mentions=[app])
    assert json.loads((await message_of(link))["content"]) == {"text": "@_user_1 weather"}


async def test_mention_of_all_has_no_mentions(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    group = feishu.add_group("team", members=[alice], apps=[app])
    link = await bot.connect()
    sent = await alice.says("@all lunch", chat=group, mention_all=True)
    message = await message_of(link)
    assert json.loads(message["content"]) == {"text": "@_all lunch"}
    assert not message.get("mentions")
    assert sent.text == "@all lunch"


async def test_group_scope_at_hears_mentions_only(feishu: FeishuEmulator, session: aiohttp.ClientSession) -> None:
    app = feishu.add_app(group_scope="at")
    alice = feishu.add_user("Alice")
    group = feishu.add_group("team", members=[alice], apps=[app])
    bot = Bot(session, feishu.base_url, app.app_id, app.app_secret)
    link = await bot.connect()
    assert (await alice.says("no", chat=group)).event_id == ""
    await alice.says("one", chat=group, mentions=[app])
    await alice.says("two", chat=group, mention_all=True)
    texts = [json.loads((await message_of(link))["content"])["text"] for _ in range(2)]
    assert texts == ["@_user_1 one", "@_all two"]
    await bot.close()


async def test_bots_hear_bots_only_when_mentioned_and_allowed(
    feishu: FeishuEmulator, app: App, alice: User, bot: Bot, session: aiohttp.ClientSession
) -> None:
    listener = feishu.add_app(name="Listener", hears_bots=True)
    deaf = feishu.add_app(name="Deaf")
    group = feishu.add_group("team", members=[alice], apps=[app, listener, deaf])
    ids = [feishu.world.directory.ids_of(one, app)["open_id"] for one in (listener, deaf)]
    await bot.send(group.chat_id, "".join(f'<at user_id="{one}">x</at>' for one in ids))
    await bot.send(group.chat_id, "not for you")
    assert feishu.waiting_events(deaf) == feishu.waiting_events(app) == 0
    assert feishu.waiting_events(listener) == 1
    other = Bot(session, feishu.base_url, listener.app_id, listener.app_secret)
    payload = await (await other.connect()).acked_event()
    assert payload["event"]["sender"]["sender_type"] == "app"
    await other.close()


@pytest.mark.parametrize(
    ("msg_type", "content"),
    [
        ("audio", {"file_key": "f", "duration": 1000}),
        ("media", {"file_key": "f", "image_key": "i", "file_name": "v.mp4", "duration": 1000}),
        ("sticker", {"file_key": "f"}),
        ("post", {"title": "", "content": [[{"tag": "text", "text": "x"}]]}),
        ("location", {"name": "here", "longitude": "1", "latitude": "2"}),
        ("something_new", {"a": 1}),
    ],
)
async def test_any_type_can_be_sent(alice: User, bot: Bot, msg_type: str, content: dict[str, Any]) -> None:
    link = await bot.connect()
    sent = await alice.sends(msg_type, content)
    message = await message_of(link)
    assert (message["message_type"], json.loads(message["content"])) == (msg_type, content)
    assert sent.text


async def test_threads(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    topics = feishu.add_group("topics", members=[alice], apps=[app], topic=True)
    link = await bot.connect()
    first = await alice.says("new topic", chat=topics)
    message = await message_of(link)
    assert message["thread_id"] == first.thread_id != ""
    assert "root_id" not in message
    await alice.replies(first, "more")
    message = await message_of(link)
    assert (message["root_id"], message["parent_id"]) == (first.message_id, first.message_id)
    assert message["thread_id"] == first.thread_id
    plain = await alice.says("hi")
    assert "thread_id" not in await message_of(link)
    await alice.replies(plain, "in a thread", thread=True)
    assert (await message_of(link))["thread_id"] == plain.thread_id != ""


async def test_events_of_a_message(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    link = await bot.connect()
    sent = await alice.says("hi")
    await link.acked_event()
    alice.reacts(sent.message_id, "THUMBSUP")
    created = await link.acked_event()
    alice.unreacts(sent, "THUMBSUP")
    deleted = await link.acked_event()
    alice.edits(sent, "hello")
    alice.recalls(sent)
    recalled = await link.acked_event()
    await bot.send(sent.chat_id, "answer")
    alice.reads(await alice.receives("answer"))
    read = await link.acked_event()
    types = [one["header"]["event_type"] for one in (created, deleted, recalled, read)]
    assert types == [
        "im.message.reaction.created_v1",
        "im.message.reaction.deleted_v1",
        "im.message.recalled_v1",
        "im.message.message_read_v1",
    ]
    assert created["event"]["operator_type"] == "user"
    assert created["event"]["user_id"]["open_id"] == alice.open_id
    assert created["event"]["reaction_type"] == {"emoji_type": "THUMBSUP"}
    assert recalled["event"]["message_id"] == sent.message_id
    assert read["event"]["message_id_list"] == [feishu.messages[0].message_id]
    assert (sent.text, len(sent.edits)) == ("hello", 1)
    assert feishu.violations == []


async def test_own_reactions_come_back_to_the_app(app: App, alice: User, bot: Bot) -> None:
    link = await bot.connect()
    sent = await alice.says("hi")
    await link.acked_event()
    await bot.call("POST", f"im/v1/messages/{sent.message_id}/reactions", {"reaction_type": {"emoji_type": "Typing"}})
    event = (await link.acked_event())["event"]
    assert (event["operator_type"], event["app_id"]) == ("app", app.app_id)
    assert "user_id" not in event


async def test_bot_added_and_removed(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    group = feishu.add_group("team", members=[alice])
    link = await bot.connect()
    feishu.add_bot(group, app, by=alice)
    added = await link.acked_event()
    feishu.remove_bot(group, app, by=alice)
    removed = await link.acked_event()
    assert added["header"]["event_type"] == "im.chat.member.bot.added_v1"
    assert removed["header"]["event_type"] == "im.chat.member.bot.deleted_v1"
    assert (added["event"]["chat_id"], added["event"]["name"]) == (group.chat_id, "team")


async def test_any_event_and_its_subscription(
    feishu: FeishuEmulator, app: App, bot: Bot, session: aiohttp.ClientSession
) -> None:
    link = await bot.connect()
    event_id = feishu.push_event(app, "approval.instance.status_changed_v4", {"a": 1}, event_id="e1")
    payload = await link.acked_event()
    assert (event_id, payload["header"]["event_id"], payload["event"]) == ("e1", "e1", {"a": 1})
    other = feishu.add_app(subscriptions={"im.message.receive_v1"})
    assert feishu.push_event(other, "application.bot.menu_v6", {}) == ""
    assert feishu.waiting_events(other) == 0


async def test_click_returns_the_bots_answer(feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot) -> None:
    link = await bot.connect()
    card = {"elements": [{"tag": "markdown", "content": "press"}]}
    await bot.send(chat.chat_id, card, msg_type="interactive")
    message = await alice.receives()

    async def answer() -> None:
        frame, payload = await link.event()
        assert payload["event"]["action"]["value"] == {"k": "v"}
        assert payload["event"]["operator"]["open_id"] == alice.open_id
        data = "eyJ0b2FzdCI6IHsiY29udGVudCI6ICJkb25lIn19"  # {"toast": {"content": "done"}}
        await link.ack(frame, payload=json.dumps({"code": 200, "data": data}).encode())

    task = asyncio.create_task(answer())
    assert await feishu.clicks(alice, message, {"k": "v"}) == {"toast": {"content": "done"}}
    await task


async def test_receives_selects_and_keeps_the_rest(alice: User, chat: Chat, bot: Bot) -> None:
    for text in ("one", "two", "three", "four"):
        await bot.send(chat.chat_id, text)
    assert (await alice.receives("two")).text == "two"
    assert (await alice.receives(re.compile("^f"))).text == "four"
    assert (await alice.receives(lambda message: len(message.text) == 5)).text == "three"
    assert (await alice.receives(chat=chat)).text == "one"
    await alice.receives_nothing(within=0.01)


async def test_receives_explains_itself(alice: User, chat: Chat, bot: Bot) -> None:
    with pytest.raises(AssertionError, match=r"Alice expected any message within 0\.01 s\. Received nothing\."):
        await alice.receives(timeout=0.01)
    await bot.send(chat.chat_id, "echo: hi")
    with pytest.raises(AssertionError, match=r"(?s)expected a message like 'echo: ho'.*text in oc_.*'echo: hi'"):
        await alice.receives("echo: ho", timeout=0.01)
    with pytest.raises(AssertionError, match=r"(?s)should have received nothing.*'echo: hi'"):
        await alice.receives_nothing(within=0.01)


async def test_only_members_see_and_speak(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    bob = feishu.add_user("Bob")
    group = feishu.add_group("team", members=[alice], apps=[app])
    await bot.send(group.chat_id, "hi")
    await alice.receives("hi", chat=group)
    await bob.receives_nothing(within=0.01)
    with pytest.raises(ValueError, match="Bob is not in"):
        await bob.says("x", chat=group)
    with pytest.raises(ValueError, match="their own messages only"):
        bob.recalls(feishu.messages[0])


async def test_people_need_an_app_for_an_open_id() -> None:
    async with FeishuEmulator() as feishu:
        alice = feishu.add_user("Alice")
        with pytest.raises(RuntimeError, match="Call add_app"):
            _ = alice.open_id
        with pytest.raises(ValueError, match="there are 0 apps"):
            await alice.says("hi")


async def test_wire_shows_all_and_no_secret(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot
) -> None:
    seen: list[tuple[str, str, dict[str, Any]]] = []
    stop = feishu.wire.watch(lambda *what: seen.append(what))
    link = await bot.connect()
    await alice.says("hi")
    await link.acked_event()
    await link.ping()
    await link.frame()
    await bot.send(chat.chat_id, "x" * 1000)
    await until(lambda: len(seen) == 7)
    assert [(direction, kind) for direction, kind, _ in seen] == [
        ("in", "http"),
        ("in", "ws"),
        ("out", "ws"),
        ("in", "ws"),
        ("in", "ws"),
        ("in", "http"),
        ("in", "http"),
    ]
    shown = repr(seen) + repr(app)
    for secret in (app.app_secret, bot.token, "access_key=", "ticket="):
        assert secret not in shown
    assert "x" * 600 not in shown
    stop()
    await bot.send(chat.chat_id, "y")
    assert len(seen) == 7


async def test_addresses_need_a_running_emulator() -> None:
    feishu = FeishuEmulator()
    with pytest.raises(RuntimeError, match="not started"):
        _ = feishu.base_url
    await feishu.start()
    with pytest.raises(RuntimeError, match="already started"):
        await feishu.start()
    await feishu.stop()
    await feishu.stop()
