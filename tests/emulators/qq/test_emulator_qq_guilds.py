"""Channels: messages, pictures, audits, reactions, recalls, and the guild's own API and events."""

from collections.abc import Iterable

import aiohttp
import pytest
from qq_raw_api import PRIVATE_INTENTS, Api, RawGateway

from imbridge.emulators.qq import Bot, Channel, Guild, Pushed, QQEmulator, User
from imbridge.emulators.qq.sending import PNG


def types(pushed: Iterable[Pushed]) -> list[str]:
    return [one.event_type for one in pushed]


async def test_what_is_said_in_a_channel(
    link: RawGateway, api: Api, qq: QQEmulator, alice: User, bob: User, bot: Bot, guild: Guild, channel: Channel
) -> None:
    assert (await bob.says("not for you", chat=channel)).lost
    sent = await alice.says("<hi>", chat=channel, mentions=[bot, bob])
    data = (await link.event("AT_MESSAGE_CREATE"))["d"]
    assert data["content"] == f"<@!{bot.bot_id}> <@!{bob.id}> &lt;hi&gt;"
    assert [(one["username"], one["bot"]) for one in data["mentions"]] == [("Demo Bot", True), ("Bob", False)]
    assert (data["member"]["roles"], data["seq"], data["seq_in_channel"]) == (["4"], 2, "2")
    answer = await api.reply(
        f"/channels/{channel.id}/messages", sent, "Echo", message_reference={"message_id": sent.id}
    )
    assert (answer["channel_id"], answer["guild_id"], answer["author"]["bot"]) == (channel.id, guild.id, True)
    shown = await bob.receives("Echo", chat=channel)
    assert (shown.quotes, shown.ref_idx) == (sent.id, "")
    await alice.says("more", chat=channel, quoting=shown)
    data = (await link.event("AT_MESSAGE_CREATE"))["d"]
    assert (data["content"], data["message_reference"]) == ("more", {"message_id": shown.id})
    await alice.sends_image(PNG, chat=channel, mentions=[bot])
    attachment = (await link.event("AT_MESSAGE_CREATE"))["d"]["attachments"][0]
    assert attachment["url"].startswith(qq.base_url.removeprefix("http://")), "there is no scheme"
    await alice.sends_face("4", chat=channel, mentions=[bot])
    assert (await link.event("AT_MESSAGE_CREATE"))["d"]["content"] == f"<@!{bot.bot_id}> <emoji:4>"
    for message_id in (sent.id, shown.id):
        status, found = await api.call("GET", f"/channels/{channel.id}/messages/{message_id}")
        assert (status, found["message"]["id"]) == (200, message_id)
    assert (await api.refused(f"/channels/{channel.id}/messages/1", None, "GET"))[1] == 50039


async def test_a_private_bot_hears_everything(
    session: aiohttp.ClientSession, qq: QQEmulator, bot: Bot, alice: User, channel: Channel
) -> None:
    bot.private = True
    link = RawGateway(session, qq, bot)
    await link.identify(PRIVATE_INTENTS)
    await alice.says("just so", chat=channel)
    assert (await link.event("MESSAGE_CREATE"))["d"]["content"] == "just so"
    sent = await alice.says("you", chat=channel, mentions=[bot])
    await link.event("MESSAGE_CREATE")
    qq.happenings.message_deleted(sent, alice)
    data = (await link.event("MESSAGE_DELETE"))["d"]
    assert (data["message"]["id"], data["op_user"]) == (sent.id, {"id": alice.id})
    await link.close()


async def test_kinds_of_messages(link: RawGateway, api: Api, alice: User, bot: Bot, channel: Channel) -> None:
    where = f"/channels/{channel.id}/messages"
    sent = await alice.says("hi", chat=channel, mentions=[bot])
    for body, kind in (
        ({"markdown": {"content": "**b**"}}, "markdown"),
        ({"ark": {"template_id": 23, "kv": [{"key": "#DESC#", "value": "x"}]}}, "ark"),
        ({"embed": {"title": "E"}}, "embed"),
        ({"content": "x"}, "text"),
    ):
        status, answer = await api.post(where, {**body, "msg_id": sent.id})
        assert status == 200, answer
        assert (await alice.receives(chat=channel)).kind == kind
    assert (await api.refused(where, {"msg_id": sent.id}))[1] == 50006
    assert (await api.refused(where, {"markdown": {"content": "x"}, "content": "y"}))[1] == 50037
    assert (await api.refused("/channels/1/messages", {"content": "x"}))[1] == 10003


async def test_pictures(link: RawGateway, api: Api, qq: QQEmulator, alice: User, bot: Bot, channel: Channel) -> None:
    where = f"/channels/{channel.id}/messages"
    sent = await alice.sends_image(PNG, chat=channel, mentions=[bot])
    url = "http://" + sent.data["attachments"][0]["url"]
    assert (await api.post(where, {"image": url, "content": "look", "msg_id": sent.id}))[0] == 200
    shown = await alice.receives("look")
    assert (shown.kind, shown.data) == ("image", PNG)
    assert (await api.refused(where, {"image": qq.base_url + "/nothing", "msg_id": sent.id}))[1] == 304010
    form = aiohttp.FormData({"msg_id": sent.id, "content": "form"})
    form.add_field("file_image", PNG, filename="a.png")
    status, answer = await api.call("POST", where, data=form)
    assert status == 200, answer
    assert (await alice.receives("form")).data == PNG
    broken = aiohttp.FormData({"ark": "{"})
    broken.add_field("file_image", PNG, filename="a.png")
    status, answer = await api.call("POST", where, data=broken)
    assert (status, answer["code"]) == (400, 50035)


@pytest.mark.parametrize("passed", [True, False])
async def test_audits(
    link: RawGateway, api: Api, qq: QQEmulator, alice: User, bot: Bot, channel: Channel, passed: bool
) -> None:
    where = f"/channels/{channel.id}/messages"
    sent = await alice.says("hi", chat=channel, mentions=[bot])
    await link.event("AT_MESSAGE_CREATE")
    qq.faults.audit_pending(201)
    status, answer = await api.post(where, {"content": "look first", "msg_id": sent.id})
    assert (status, answer["code"]) == (201, 304024)
    audit_id = answer["data"]["message_audit"]["audit_id"]
    await alice.receives_nothing(within=0.01)
    (message,) = qq.pending_audits
    assert (message.pending, message.audit_id) == (True, audit_id)
    decide = qq.happenings.audit_passed if passed else qq.happenings.audit_rejected
    decide(message)
    event = await link.event("MESSAGE_AUDIT_PASS" if passed else "MESSAGE_AUDIT_REJECT")
    assert (event["d"]["audit_id"], event["d"].get("message_id")) == (audit_id, message.id if passed else None)
    if passed:
        assert await alice.receives("look first") is message
    assert (message.pending, qq.pending_audits) == (False, ())
    with pytest.raises(ValueError, match="waits for no audit"):
        decide(message)
    bot.audit = bot.active = True
    status, answer = await api.post(where, {"content": "again"})
    assert (status, answer["code"]) == (202, 304023)


async def test_rates(link: RawGateway, api: Api, qq: QQEmulator, alice: User, bot: Bot, channel: Channel) -> None:
    sent = await alice.says("hi", chat=channel, mentions=[bot])
    qq.settings.rate_limits = True
    body = {"content": "x", "msg_id": sent.id}
    answers = [(await api.post(f"/channels/{channel.id}/messages", body))[0] for _ in range(12)]
    assert answers[:5] == [200] * 5
    assert 429 in answers
    assert qq.stats.rate_limited > 0


async def test_reactions(link: RawGateway, api: Api, qq: QQEmulator, alice: User, bot: Bot, channel: Channel) -> None:
    sent = await alice.says("hi", chat=channel, mentions=[bot])
    await link.event("AT_MESSAGE_CREATE")
    qq.happenings.reaction_added(alice, sent, "277")
    event = (await link.event("MESSAGE_REACTION_ADD"))["d"]
    assert (event["emoji"], event["target"]) == ({"id": "277", "type": 1}, {"id": sent.id, "type": 0})
    where = f"/channels/{channel.id}/messages/{sent.id}/reactions/1/277"
    assert await api.call("PUT", where) == (204, None)
    assert (await api.refused(where, None, "PUT"))[1] == 620003
    _, found = await api.call("GET", where)
    assert ([user["username"] for user in found["users"]], found["is_end"]) == (["Alice", "Demo Bot"], True)
    assert await api.call("DELETE", where) == (204, None)
    assert (await api.refused(where, None, "DELETE"))[1] == 620004
    assert (await api.refused(where.replace("/1/277", "/9/1"), None, "PUT"))[1] == 620001
    qq.happenings.reaction_removed(alice, sent, "277")
    await link.event("MESSAGE_REACTION_REMOVE")
    assert sent.reactions == {"1/277": []}
    with pytest.raises(ValueError, match="channels only"):
        qq.happenings.reaction_added(alice, await alice.says("alone"), "1")


async def test_recalls_in_channels(
    link: RawGateway, api: Api, qq: QQEmulator, alice: User, bob: User, bot: Bot, guild: Guild, channel: Channel
) -> None:
    where = f"/channels/{channel.id}/messages"
    sent = await alice.says("hi", chat=channel, mentions=[bot])
    answer = await api.reply(where, sent, "oops")
    path = f"{where}/{answer['id']}?hidetip=true"
    assert (await api.refused(path, None, "DELETE"))[1] == 11253
    bot.private = True
    assert (await api.call("DELETE", path))[0] == 200
    assert (await alice.receives("oops")).recalled
    assert (await api.refused(path, None, "DELETE"))[1] == 306002
    assert (await api.call("DELETE", f"{where}/{sent.id}"))[0] == 200
    assert sent.recalled
    direct = guild.direct(alice, bot)
    asked = await alice.says("hi", chat=direct)
    answer = await api.reply(f"/dms/{direct.id}/messages", asked, "psst")
    assert (await api.call("DELETE", f"/dms/{direct.id}/messages/{answer['id']}"))[0] == 200


async def test_events_of_a_guild(
    link: RawGateway, qq: QQEmulator, alice: User, bob: User, bot: Bot, guild: Guild, channel: Channel
) -> None:
    told = qq.happenings
    carol = qq.add_user("Carol")
    made, pushed = told.channel_created(guild, "new", alice)
    events = [told.guild_bot_added(guild, bot, alice), *told.guild_renamed(guild, "Other", alice), *pushed]
    events += [*told.channel_renamed(made, "newer", alice), *told.channel_deleted(made, alice)]
    events += [*told.guild_member_joined(guild, carol), *told.guild_member_changed(guild, carol, alice)]
    events += told.guild_member_left(guild, carol, alice)
    events += told.message_deleted(await alice.says("hi", chat=channel, mentions=[bot]), bob)
    events += told.message_deleted(await alice.says("hi", chat=guild.direct(alice, bot)), alice)
    events.append(told.guild_bot_removed(guild, bot, alice))
    assert types(events) == [
        "GUILD_CREATE",
        "GUILD_UPDATE",
        "CHANNEL_CREATE",
        "CHANNEL_UPDATE",
        "CHANNEL_DELETE",
        "GUILD_MEMBER_ADD",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_REMOVE",
        "PUBLIC_MESSAGE_DELETE",
        "DIRECT_MESSAGE_DELETE",
        "GUILD_DELETE",
    ]
    assert [await event.taken() for event in events] == [True] * len(events)
    assert events[6].data["op_user_id"] == alice.id
    assert events[5].data["user"]["username"] == "Carol"
    assert made.id not in guild.channels
