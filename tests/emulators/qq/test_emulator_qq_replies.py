"""Reply windows, five answers, no number twice, and who may speak first."""

from typing import Any

import pytest
from qq_raw_api import Api, RawGateway

from imbridge.emulators.qq import Bot, Channel, Group, Guild, QQEmulator, User


def to(user: User, bot: Bot) -> str:
    return f"/v2/users/{user.openid_for(bot)}/messages"


def text(msg_id: str = "", seq: int = 1, **more: Any) -> dict[str, Any]:
    return {"content": "x", "msg_type": 0, "msg_seq": seq, **({"msg_id": msg_id} if msg_id else {}), **more}


async def test_four_answers_in_an_hour(qq: QQEmulator, api: Api, alice: User, bot: Bot) -> None:
    where, sent = to(alice, bot), await alice.says("hi")
    await api.reply(where, sent, "1", seq=1)
    assert await api.refused(where, text(sent.id, 1)) == (400, 40054005)
    assert qq.stats.duplicates_refused == 1
    without_number = {"content": "x", "msg_type": 0, "msg_id": sent.id}
    assert (await api.refused(where, without_number))[1] == 40054005, "msg_seq is 1 when it is left out"
    for seq in (7, 3, 4):
        await api.reply(where, sent, str(seq), seq=seq)
    assert await api.refused(where, text(sent.id, 5)) == (400, 40034128)
    later = await alice.says("again")
    qq.pass_time(3599)
    await api.reply(where, later, "in time")
    qq.pass_time(2)
    assert await api.refused(where, text(later.id, 2)) == (400, 40034005)
    assert await api.refused(where, text("unknown")) == (400, 40034024)


async def test_a_group_has_five_answers_in_five_minutes(
    qq: QQEmulator, api: Api, alice: User, bot: Bot, group: Group
) -> None:
    where = f"/v2/groups/{qq.group_openid(group)}/messages"
    sent = await alice.says("hi", chat=group, mentions=[bot])
    own = await alice.says("alone")
    assert (await api.refused(where, text(own.id)))[1] == 40034024, "a message of a single chat"
    assert (await api.refused(to(alice, bot), text(sent.id)))[1] == 40034024
    qq.pass_time(299)
    for seq in range(1, 6):
        await api.reply(where, sent, "in time", seq=seq)
    assert (await api.refused(where, text(sent.id, 6)))[1] == 40034128
    qq.pass_time(2)
    assert (await api.refused(where, text(sent.id, 7)))[1] == 40034005


async def test_somebody_elses_message_is_no_handle(api: Api, alice: User, bob: User, bot: Bot) -> None:
    sent = await bob.says("hi")
    assert (await api.refused(to(alice, bot), text(sent.id)))[1] == 40034024


async def test_events_can_be_answered(
    qq: QQEmulator, link: RawGateway, api: Api, alice: User, bot: Bot, group: Group
) -> None:
    where, groups = to(alice, bot), f"/v2/groups/{qq.group_openid(group)}/messages"
    event = qq.happenings.friend_added(alice, bot)
    status, _ = await api.post(where, text(event_id=event.event_id))
    assert status == 200
    shown = await alice.receives("x")
    assert (shown.reply_to, shown.active) == (event.event_id, False)
    assert (await api.refused(where, text(event_id=event.event_id)))[1] == 40054005
    removed = qq.happenings.messages_refused(alice, bot)
    assert (await api.refused(where, text(event_id=removed.event_id)))[1] == 40034027
    assert (await api.refused(where, text(event_id="FRIEND_ADD:unknown")))[1] == 40034025
    added = qq.happenings.bot_added(group, bot, alice)
    assert (await api.refused(where, text(event_id=added.event_id)))[1] == 40034025
    assert (await api.post(groups, text(event_id=added.event_id)))[0] == 200
    qq.pass_time(301)
    assert (await api.refused(groups, text(event_id=added.event_id, seq=2)))[1] == 40034026


async def test_who_may_speak_first(qq: QQEmulator, api: Api, alice: User, bot: Bot, group: Group) -> None:
    where, groups = to(alice, bot), f"/v2/groups/{qq.group_openid(group)}/messages"
    for place in (where, groups):
        assert await api.refused(place, text()) == (400, 40034102)
    bot.active = True
    assert (await api.post(where, text()))[0] == 200
    assert (await alice.receives("x")).active
    assert (await api.post(groups, text()))[0] == 200
    qq.happenings.messages_refused(alice, bot)
    qq.happenings.group_messages_refused(group, bot, alice)
    for place in (where, groups):
        assert await api.refused(place, text()) == (400, 40034105)
    qq.happenings.messages_allowed(alice, bot)
    assert (await api.post(where, text()))[0] == 200
    qq.happenings.friend_removed(alice, bot)
    assert (await api.refused(where, text()))[1] == 40054004
    qq.happenings.bot_removed(group, bot, alice)
    assert (await api.refused(groups, text()))[1] == 40054003


async def test_active_messages_have_a_rate(qq: QQEmulator, api: Api, alice: User, bob: User, bot: Bot) -> None:
    bot.active, qq.settings.rate_limits = True, True
    answers = [await api.post(to(alice, bot), text()) for _ in range(21)]
    assert [status for status, _ in answers[:20]] == [200] * 20
    assert answers[20][1]["code"] == 40034100
    assert (await api.post(to(bob, bot), text()))[0] == 200


async def test_wake_ups(qq: QQEmulator, api: Api, alice: User, bot: Bot) -> None:
    where, wakeup = to(alice, bot), {"content": "come back", "msg_type": 0, "is_wakeup": True}
    assert (await api.refused(where, wakeup))[1] == 40034123, "they never wrote"
    sent = await alice.says("hi")
    assert (await api.refused(where, {**wakeup, "msg_id": sent.id}))[1] == 40034001
    day = qq.settings.day
    for pause in (0.0, day * 1.5, day * 3, day * 10):
        qq.pass_time(pause)
        assert (await api.post(where, wakeup))[0] == 200
        shown = await alice.receives("come back")
        assert (shown.wakeup, shown.active) == (True, True)
        assert (await api.refused(where, wakeup))[1] == 40034122
    qq.pass_time(day * 30)
    assert (await api.refused(where, wakeup))[1] == 40034123
    await alice.says("I am back")
    assert (await api.post(where, wakeup))[0] == 200
    qq.happenings.messages_refused(alice, bot)
    assert (await api.refused(where, wakeup))[1] == 40034105


async def test_typing(api: Api, alice: User, bot: Bot) -> None:
    where, sent = to(alice, bot), await alice.says("hi")
    notice = {"msg_type": 6, "msg_id": sent.id, "input_notify": {"input_type": 1, "input_second": 60}}
    assert (await api.post(where, notice))[0] == 200
    assert alice.typing == [(bot, 60)]
    await alice.receives_nothing(within=0.01)
    for broken in ({"input_second": 61, "input_type": 1}, {"input_second": 5, "input_type": 7}, None):
        assert (await api.refused(where, {**notice, "input_notify": broken}))[1] == 50059
    for seq in (2, 3, 4):
        assert (await api.post(where, {**notice, "msg_seq": seq}))[0] == 200
    assert (await api.refused(where, text(sent.id, 5)))[1] == 40034128, "each notice is one of the answers"
    del notice["msg_id"]
    assert (await api.refused(where, notice))[1] == 40034102


async def test_channels(
    qq: QQEmulator, link: RawGateway, api: Api, alice: User, bot: Bot, guild: Guild, channel: Channel
) -> None:
    where, sent = f"/channels/{channel.id}/messages", await alice.says("hi", chat=channel, mentions=[bot])
    for _ in range(6):
        assert (await api.post(where, text(sent.id)))[0] == 200, "channels know no msg_seq and no number of answers"
    qq.pass_time(301)
    assert (await api.refused(where, text(sent.id)))[1] == 304027
    assert (await api.refused(where, text("08unknown")))[1] == 304026
    assert (await api.refused(where, text()))[1] == 304046
    bot.active = True
    qq.settings.channel_active = 2
    for _ in range(2):
        assert (await api.post(where, text()))[0] == 200
    assert (await api.refused(where, text()))[1] == 304045
    others = [guild.add_channel(name) for name in ("second", "third")]
    assert (await api.post(f"/channels/{others[0].id}/messages", text()))[0] == 200
    assert (await api.refused(f"/channels/{others[1].id}/messages", text()))[1] == 304047
    qq.pass_time(qq.settings.day)
    assert (await api.post(where, text()))[0] == 200
    await link.close()
    qq.settings.replay_window = 0.0
    qq.faults.drop_connections()
    assert (await api.refused(where, text(sent.id)))[1] == 304018


@pytest.mark.parametrize("active", [True, False])
async def test_private_messages_of_a_guild(
    qq: QQEmulator, link: RawGateway, api: Api, alice: User, bot: Bot, guild: Guild, active: bool
) -> None:
    bot.active = active
    direct = guild.direct(alice, bot)
    where = f"/dms/{direct.id}/messages"
    sent = await alice.says("<hi>", chat=direct)
    data = (await link.event("DIRECT_MESSAGE_CREATE"))["d"]
    assert (data["guild_id"], data["src_guild_id"], data["content"]) == (direct.id, guild.id, "&lt;hi&gt;")
    assert data["direct_message"] is True
    await api.reply(where, sent, "psst")
    assert (await alice.receives("psst", chat=direct)).way == "dms"
    for _ in range(2 if active else 0):
        assert (await api.post(where, text()))[0] == 200
    assert (await api.refused(where, text()))[1] == 304049
    assert (await api.refused("/dms/1/messages", text()))[1] == 304032
