"""The official Python client talks to the emulator: that is what proves it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from official_client import STARTUP, OfficialClient
from qq_raw_api import until
from qq_raw_official import official_client

from imbridge.emulators.qq import Bot, Channel, EmulatorSettings, Group, Guild, QQEmulator, User
from imbridge.emulators.qq.sending import PNG


@pytest.fixture
def settings() -> EmulatorSettings:
    """It waits 5 s / max_concurrency before it connects again."""
    return EmulatorSettings(max_concurrency=100, click_timeout=STARTUP)


@pytest.fixture
async def client(qq: QQEmulator, bot: Bot, tmp_path: Path) -> AsyncIterator[OfficialClient]:
    async with official_client(qq, bot, tmp_path, "public") as running:
        yield running


async def test_single_chats(client: OfficialClient, qq: QQEmulator, bot: Bot, alice: User) -> None:
    await until(lambda: qq.stats.heartbeats == 1)
    sent = await alice.says("hi")
    note = await client.notes("c2c")
    assert (note["text"], note["openid"]) == ("hi", alice.openid_for(bot))
    assert sent.pushed is not None
    assert note["event"] == sent.pushed.event_id
    assert (await alice.receives("Echo: hi", timeout=STARTUP)).reply_to == sent.id
    note = await client.notes("refused")
    assert note["text"] == "消息被去重，请检查请求msgseq"
    await alice.sends_image(text="picture")
    shown = await alice.receives(timeout=STARTUP)
    assert (shown.kind, shown.file_type, shown.data) == ("media", 1, PNG)
    assert qq.violations == []


async def test_groups_and_events(client: OfficialClient, qq: QQEmulator, bot: Bot, alice: User, group: Group) -> None:
    await alice.says("hi", chat=group, mentions=[bot])
    note = await client.notes("group")
    assert (note["text"], note["group"]) == (" hi", qq.group_openid(group))
    assert note["member"] == alice.member_openid_for(bot, group)
    assert (await alice.receives("Echo: hi", chat=group, timeout=STARTUP)).way == "group"
    qq.happenings.friend_added(alice, bot)
    assert (await client.notes("friend"))["openid"] == alice.openid_for(bot)
    assert (await alice.receives("Welcome", timeout=STARTUP)).reply_to.startswith("FRIEND_ADD:")
    qq.happenings.bot_added(group, bot, alice)
    assert (await client.notes("added"))["by"] == note["member"]
    assert qq.violations == []


async def test_guilds(
    client: OfficialClient, qq: QQEmulator, bot: Bot, alice: User, bob: User, guild: Guild, channel: Channel
) -> None:
    sent = await alice.says("hi", chat=channel, mentions=[bot])
    note = await client.notes("channel")
    assert note["text"] == f"<@!{bot.bot_id}> hi"
    assert (note["author"], note["mentions"]) == ("Alice", ["Demo Bot"])
    await bob.receives(chat=channel, timeout=STARTUP)
    note = await client.notes("guild")
    assert note == {"what": "guild", "name": "Guild", "channels": ["talk"], "roles": ["1", "2", "4"]}
    assert sent.reactions == {"1/4": [bot.bot_id]}
    direct = guild.direct(alice, bot)
    await alice.says("psst", chat=direct)
    assert (await client.notes("direct"))["source"] == guild.id
    await alice.receives("Echo: psst", chat=direct, timeout=STARTUP)
    qq.happenings.guild_member_joined(guild, qq.add_user("Carol"))
    assert (await client.notes("member"))["name"] == "Carol"
    qq.happenings.reaction_added(alice, sent, "277")
    assert (await client.notes("reaction"))["emoji"] == "277"
    assert qq.violations == []


async def test_audits_and_buttons(
    client: OfficialClient, qq: QQEmulator, bot: Bot, alice: User, channel: Channel
) -> None:
    bot.audit = True
    await alice.says("hi", chat=channel, mentions=[bot])
    await client.notes("channel")
    await until(lambda: len(qq.pending_audits) == 1)
    message = qq.pending_audits[0]
    qq.happenings.audit_passed(message)
    note = await client.notes("audit")
    assert (note["id"], note["message"]) == (message.audit_id, message.id)
    assert await alice.receives(chat=channel) is message
    button = {"id": "1", "render_data": {"label": "Yes"}, "action": {"type": 1, "permission": {"type": 2}, "data": "y"}}
    message.keyboard.append([button])
    assert await alice.clicks(message, "Yes") == 0
    assert (await client.notes("interaction"))["data"] == "y"


async def test_it_resumes_after_a_drop(client: OfficialClient, qq: QQEmulator, bot: Bot, alice: User) -> None:
    await alice.says("before")
    await alice.receives("Echo: before", timeout=STARTUP)
    await until(lambda: qq.connections(bot) == 1)
    qq.close(bot, 4009)
    await alice.says("in between")
    await client.notes("resumed")
    await alice.receives("Echo: in between", timeout=STARTUP)
    assert (qq.stats.identifies, qq.stats.resumes, qq.stats.replayed) == (1, 1, 1)
    qq.settings.replay_limit = 0
    qq.close(bot, 4009)
    await alice.says("gone")
    await client.notes("ready")
    assert (qq.stats.identifies, qq.stats.resumes_refused) == (2, 1), "it identifies anew when it can not resume"


async def test_a_private_bot(
    qq: QQEmulator, bot: Bot, alice: User, bob: User, channel: Channel, tmp_path: Path
) -> None:
    bot.private = True
    async with official_client(qq, bot, tmp_path, "private") as client:
        sent = await alice.says("to nobody", chat=channel)
        assert (await client.notes("all"))["text"] == "to nobody"
        assert set((await client.notes("members"))["names"]) == {"Alice", "Bob"}
        await bob.receives("Echo: to nobody", chat=channel, timeout=STARTUP)
        assert sent.recalled
    assert qq.violations == []
