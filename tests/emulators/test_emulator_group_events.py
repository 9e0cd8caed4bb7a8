"""Events of groups, private chats and of what people do beside talking."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from feishu_raw_client import Bot
from feishu_told import Told

from imbridge.emulators.feishu import App, Chat, FeishuEmulator, User
from imbridge.emulators.feishu import old_events as old


@pytest.fixture
async def told(feishu: FeishuEmulator, app: App, bot: Bot) -> Told:
    return await Told.connect(feishu, app, bot)


@pytest.fixture
def bob(feishu: FeishuEmulator) -> User:
    return feishu.add_user("Bob")


@pytest.fixture
def group(feishu: FeishuEmulator, app: App, alice: User, bob: User) -> Chat:
    return feishu.add_group("team", members=[alice, bob], apps=[app])


@pytest.fixture
async def nothing_broken(feishu: FeishuEmulator) -> AsyncIterator[None]:
    yield
    assert feishu.violations == []


def ids(feishu: FeishuEmulator, user: User, app: App) -> dict[str, str]:
    return feishu.world.directory.ids_of(user, app)


@pytest.mark.usefixtures("nothing_broken")
async def test_members_come_and_go(feishu: FeishuEmulator, app: App, alice: User, group: Chat, told: Told) -> None:
    carol = feishu.add_user("Carol")
    for act, event_type, present in (
        (feishu.groups.add_members, "im.chat.member.user.added_v1", True),
        (feishu.groups.remove_members, "im.chat.member.user.deleted_v1", False),
        (feishu.groups.add_members, "im.chat.member.user.added_v1", True),
        (feishu.groups.withdraw_members, "im.chat.member.user.withdrawn_v1", False),
    ):
        [event_id] = act(group, carol, by=alice)
        assert event_id
        assert (carol in group.members) is present
        event = await told.next(event_type)
        assert event == {
            "chat_id": group.chat_id,
            "operator_id": ids(feishu, alice, app),
            "external": False,
            "operator_tenant_key": feishu.settings.tenant_key,
            "name": "team",
            "i18n_names": {"zh_cn": "team", "en_us": "team", "ja_jp": "team"},
            "users": [{"name": "Carol", "tenant_key": feishu.settings.tenant_key, "user_id": ids(feishu, carol, app)}],
        }


async def test_group_is_renamed_and_handed_over(
    feishu: FeishuEmulator, app: App, alice: User, bob: User, group: Chat, told: Told
) -> None:
    feishu.groups.change(group, by=alice, name="crew", description="who we are")
    event = await told.next("im.chat.updated_v1")
    assert event["before_change"] == {"name": "team", "description": ""}
    assert event["after_change"] == {"name": "crew", "description": "who we are"}
    assert event["operator_id"] == ids(feishu, alice, app)

    feishu.groups.change(group, by=alice, owner=alice)
    await told.next("im.chat.updated_v1")
    feishu.groups.change(group, by=alice, owner=bob, topic=True)
    event = await told.next("im.chat.updated_v1")
    assert event["before_change"] == {"group_message_type": "chat", "owner_id": ids(feishu, alice, app)}
    assert event["after_change"] == {"group_message_type": "thread", "owner_id": ids(feishu, bob, app)}


async def test_disbanded_group_takes_no_message(
    feishu: FeishuEmulator, alice: User, group: Chat, bot: Bot, told: Told
) -> None:
    feishu.groups.disband(group, by=alice)
    event = await told.next("im.chat.disbanded_v1")
    assert (event["chat_id"], event["name"]) == (group.chat_id, "team")
    answer = await bot.send(group.chat_id, "anybody?")
    assert (answer.status, answer.code) == (400, 232009)


async def test_group_disbanded_with_its_history_kept_tells_nobody(
    feishu: FeishuEmulator, alice: User, group: Chat
) -> None:
    assert feishu.groups.disband(group, by=alice, keep_history=True) == []
    assert feishu.stats.events_pushed == 0


async def test_bot_comes_and_goes(feishu: FeishuEmulator, app: App, alice: User, told: Told) -> None:
    group = feishu.add_group("other", members=[alice])
    assert feishu.add_bot(group, app, by=alice)
    event = await told.next("im.chat.member.bot.added_v1")
    assert (event["chat_id"], event["i18n_names"]["zh_cn"]) == (group.chat_id, "other")
    assert feishu.remove_bot(group, app, by=alice)
    await told.next("im.chat.member.bot.deleted_v1")
    assert group.apps == []


async def test_entering_a_private_chat(feishu: FeishuEmulator, app: App, alice: User, told: Told) -> None:
    alice.enters_chat(app)
    event = await told.next("im.chat.access_event.bot_p2p_chat_entered_v1")
    chat = feishu.private_chat(alice, app)
    assert event == {"chat_id": chat.chat_id, "operator_id": ids(feishu, alice, app)}
    sent = await alice.says("hi")
    await told.next("im.message.receive_v1")
    alice.enters_chat(app)
    event = await told.next("im.chat.access_event.bot_p2p_chat_entered_v1")
    last = (event["last_message_id"], event["last_message_create_time"])
    assert last == (sent.message_id, str(sent.create_time))


async def test_menu_comment_and_meeting(feishu: FeishuEmulator, app: App, alice: User, told: Told) -> None:
    alice.clicks_menu(app, "menu_help")
    event = await told.next("application.bot.menu_v6")
    assert event["operator"] == {"operator_name": "Alice", "operator_id": ids(feishu, alice, app)}
    assert event["event_key"] == "menu_help"
    assert 1_600_000_000 < event["timestamp"] < 5_000_000_000  # seconds

    alice.comments(app, "doxcn1", file_type="docx")
    event = await told.next("drive.notice.comment_add_v1")
    meta = event["notice_meta"]
    assert (meta["file_token"], meta["file_type"], meta["notice_type"]) == ("doxcn1", "docx", "add_comment")
    assert meta["from_user_id"] == ids(feishu, alice, app)
    assert meta["to_user_id"]["open_id"] == app.bot_open_id
    assert event["is_mentioned"] is True
    assert "reply_id" not in event
    alice.comments(app, "doxcn1", comment_id=event["comment_id"], mentioned=False)
    reply = await told.next("drive.notice.comment_add_v1")
    assert (reply["comment_id"], reply["is_mentioned"]) == (event["comment_id"], False)
    assert reply["reply_id"]
    assert reply["notice_meta"]["notice_type"] == "add_reply"

    alice.invites_to_meeting(app, "weekly", meeting_no="987654321")
    event = await told.next("vc.bot.meeting_invited_v1")
    assert (event["meeting"]["topic"], event["meeting"]["meeting_no"]) == ("weekly", "987654321")
    assert event["inviter"]["id"]["open_id"] == alice.open_id_for(app)
    assert event["bot"]["id"]["open_id"] == app.bot_open_id


async def test_link_preview_is_answered(app: App, alice: User, told: Told) -> None:
    sent = await alice.says("see https://example.com/a")
    await told.next("im.message.receive_v1")
    preview = asyncio.create_task(alice.previews_link(app, "https://example.com/a", message=sent))
    frame, payload = await told.link.event()
    assert payload["header"]["event_type"] == "url.preview.get"
    event = payload["event"]
    assert set(event["operator"]) == {"tenant_key", "user_id", "open_id"}
    assert event["host"] == "im_message"
    context = event["context"]
    assert (context["url"], context["open_message_id"]) == ("https://example.com/a", sent.message_id)
    assert context["preview_token"]
    answer = base64.b64encode(b'{"inline": {"title": "A"}}').decode()
    await told.link.ack(frame, payload=json.dumps({"code": 200, "data": answer}).encode())
    assert await preview == {"inline": {"title": "A"}}


OLD_TYPES = (
    old.MESSAGE,
    old.MESSAGE_READ,
    old.BOT_ADDED,
    old.BOT_REMOVED,
    old.PRIVATE_CHAT_CREATED,
    old.USERS_ADDED,
    old.USERS_REMOVED,
    old.USERS_WITHDRAWN,
    old.CHAT_DISBANDED,
    old.GROUP_CHANGED,
)


async def test_old_events_come_to_apps_that_name_them(feishu: FeishuEmulator, session: aiohttp.ClientSession) -> None:
    app = feishu.add_app("cli_old", "s", name="Old Bot", subscriptions=OLD_TYPES)
    alice, bob = feishu.add_user("Alice"), feishu.add_user("Bob")
    group = feishu.add_group("team", members=[alice])
    bot = Bot(session, feishu.base_url, app.app_id, app.app_secret)
    told = await Told.connect(feishu, app, bot)
    try:
        person = {"open_id": alice.open_id_for(app), "user_id": alice.user_id}
        other = {"name": "Bob", "open_id": bob.open_id_for(app), "user_id": bob.user_id}

        alice.enters_chat(app)
        event = await told.next_old("p2p_chat_create")
        assert (event["operator"], event["user"]) == (person, {"name": "Alice", **person})
        alice.enters_chat(app)  # only the first time
        feishu.add_bot(group, app, by=alice)
        event = await told.next_old("add_bot")
        assert (event["open_chat_id"], event["operator_name"]) == (group.chat_id, "Alice")
        await alice.says("@Old Bot  hello", chat=group, mentions=[app])
        event = await told.next_old("message")
        assert (event["text"], event["text_without_at_bot"]) == ("@Old Bot  hello", "hello")
        assert (event["is_mention"], event["chat_type"], event["open_id"]) == (True, "group", person["open_id"])

        for act, name in (
            (feishu.groups.add_members, "add_user_to_chat"),
            (feishu.groups.withdraw_members, "revoke_add_user_from_chat"),
            (feishu.groups.remove_members, "remove_user_from_chat"),
        ):
            act(group, bob, by=alice)
            event = await told.next_old(name)
            assert event == {"chat_id": group.chat_id, "operator": person, "users": [other]}
        feishu.groups.change(group, by=alice, owner=bob)
        event = await told.next_old("group_setting_update")
        assert (event["before_change"], event["after_change"]["owner_open_id"]) == ({}, other["open_id"])
        await bot.send(group.chat_id, "read me")
        message = await alice.receives("read me")
        alice.reads(message)
        event = await told.next_old("message_read")
        assert (event["open_message_ids"], event["open_id"]) == ([message.message_id], person["open_id"])
        feishu.groups.disband(group, by=alice)
        assert await told.next_old("chat_disband") == {"chat_id": group.chat_id, "operator": person}
        feishu.remove_bot(group, app, by=alice)
        await told.next_old("remove_bot")
    finally:
        await bot.close()
    assert feishu.violations == []


async def test_any_old_event_can_be_pushed(feishu: FeishuEmulator, app: App, told: Told) -> None:
    uuid = feishu.push_old_event(app, "leave_approval", {"instance_code": "I", "leave_reason": "rest"})
    frame, payload = await told.link.event()
    await told.link.ack(frame)
    assert (payload["uuid"], payload["event"]["type"], payload["event"]["leave_reason"]) == (
        uuid,
        "leave_approval",
        "rest",
    )
