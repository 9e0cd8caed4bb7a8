"""The long connection of WeCom's smart bots: subscribing, pings, one connection per bot, faults."""

import asyncio

import aiohttp
import pytest
from wecom_bot_raw import RawClient, markdown, stream

from imbridge.emulators.wecom.bot import Bot, BotEmulatorSettings, BotUser, WeComBotEmulator
from leap import Leap


def kinds(platform: WeComBotEmulator) -> list[str]:
    return [violation.kind for violation in platform.violations]


async def test_the_subscription_comes_first(
    platform: WeComBotEmulator, smart: Bot, session: aiohttp.ClientSession
) -> None:
    raw = await RawClient.open(session, platform.ws_url)
    ack = await raw.ask("aibot_send_msg", {"chatid": "alice", **markdown("hi")})
    assert (ack["errcode"], ack["errmsg"]) == (846609, "aibot websocket not subscribed")
    assert kinds(platform) == ["not_subscribed"]
    assert await raw.code("aibot_subscribe", {"bot_id": smart.bot_id, "secret": "x"}) == 853000
    assert await raw.code("aibot_subscribe", {"bot_id": "x", "secret": smart.secret}) == 853000
    assert not platform.subscribed(smart)
    ack = await raw.ask("aibot_subscribe", {"bot_id": smart.bot_id, "secret": smart.secret}, "r-1")
    assert ack == {"headers": {"req_id": "r-1"}, "errcode": 0, "errmsg": "ok"}
    assert platform.subscribed(smart)
    assert (platform.stats.subscribes, platform.stats.subscribes_refused) == (1, 2)


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(subscribe_seconds=0.05)])
async def test_who_never_subscribes_is_cut(platform: WeComBotEmulator, session: aiohttp.ClientSession) -> None:
    raw = await RawClient.open(session, platform.ws_url)
    assert await raw.closed()
    assert kinds(platform) == ["never_subscribed"]


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(close_refused=True)])
async def test_a_refused_subscription_can_be_cut(
    platform: WeComBotEmulator, smart: Bot, session: aiohttp.ClientSession
) -> None:
    raw = await RawClient.open(session, platform.ws_url)
    assert (await raw.subscribe(smart.bot_id, "wrong"))["errcode"] == 853000
    assert await raw.closed()


async def test_pings_are_answered(platform: WeComBotEmulator, raw: RawClient) -> None:
    assert await raw.ask("ping", req_id="ping-1") == {"headers": {"req_id": "ping-1"}, "errcode": 0, "errmsg": "ok"}
    assert platform.stats.pings == 1
    with platform.faults.mute_pings(1) as fault:
        await raw.send("ping", req_id="ping-2")
        assert (await raw.ask("ping", req_id="ping-3"))["headers"]["req_id"] == "ping-3"
        assert fault.hits == 1


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(silence_seconds=0.05)])
async def test_who_does_not_ping_is_cut(platform: WeComBotEmulator, raw: RawClient) -> None:
    assert await raw.closed()
    assert kinds(platform) == ["no_ping"]


async def test_a_text_goes_in_and_a_stream_comes_out(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    sent = await alice.says("hi", bot=smart)
    frame = await raw.callback()
    assert frame == {
        "cmd": "aibot_msg_callback",
        "headers": {"req_id": sent.req_id},
        "body": {
            "msgid": sent.msgid,
            "aibotid": smart.bot_id,
            "chattype": "single",
            "from": {"userid": "alice"},
            "response_url": sent.response_url,
            "msgtype": "text",
            "text": {"content": "hi"},
        },
    }
    assert await raw.code("aibot_respond_msg", stream("one"), sent.req_id) == 0
    message = await alice.receives("one", bot=smart)
    assert await raw.code("aibot_respond_msg", stream("one two", finish=True), sent.req_id) == 0
    assert (message.states, message.finished, message.kind, message.how) == (
        ["one", "one two"],
        True,
        "stream",
        "respond",
    )
    assert platform.violations == []


async def test_in_groups_only_mentioned_bots_hear_texts(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    bob = platform.add_user("Bob")
    team = platform.add_group("Team", members=[alice, bob], bots=[smart])
    assert (await alice.says("among us", chat=team)).msgid == ""
    assert (await alice.sends_image(b"data", chat=team)).msgid == ""
    sent = await alice.says("hi", chat=team, mentions=[smart])
    body = (await raw.callback())["body"]
    assert (body["chattype"], body["chatid"], body["text"]["content"]) == ("group", team.chatid, "@Bot hi")
    assert await raw.code("aibot_respond_msg", stream("hello", finish=True), sent.req_id) == 0
    assert await alice.receives("hello", chat=team) is await bob.receives("hello", chat=team)
    await alice.receives_nothing(bot=smart, within=0.01)
    with pytest.raises(ValueError, match="is not in"):
        await platform.add_user("Eve").says("hi", chat=team)


async def test_a_newer_connection_takes_the_place_of_the_older(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient, session: aiohttp.ClientSession
) -> None:
    second = await RawClient.open(session, platform.ws_url, smart)
    body = (await raw.callback())["body"]
    assert body["event"] == {"eventtype": "disconnected_event"}
    assert set(body) == {"msgid", "create_time", "aibotid", "msgtype", "event"}
    assert await raw.closed()
    await alice.says("hi", bot=smart)
    assert (await second.callback())["body"]["text"] == {"content": "hi"}
    assert platform.stats.kicks == 1


async def test_a_replaced_connection_may_stay_half_alive(
    platform: WeComBotEmulator, smart: Bot, raw: RawClient, session: aiohttp.ClientSession
) -> None:
    platform.faults.never_close_kicked()
    second = await RawClient.open(session, platform.ws_url, smart)
    assert (await raw.callback())["body"]["event"] == {"eventtype": "disconnected_event"}
    assert await raw.code("ping") == 0
    assert await raw.code("aibot_send_msg", {"chatid": "alice", **markdown("hi")}) == 846609
    assert platform.connections(smart) == 2
    assert await second.code("ping") == 0


async def test_who_has_gone_is_told_nothing(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    await raw.socket.close()
    async with asyncio.timeout(5):
        while platform.subscribed(smart):
            await asyncio.sleep(0.005)
    await alice.says("anybody?", bot=smart)
    assert (platform.connections(smart), platform.stats.callbacks_lost) == (0, 1)


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(response_url=False)])
async def test_the_long_connection_may_have_no_response_url(smart: Bot, alice: BotUser, raw: RawClient) -> None:
    sent = await alice.says("hi", bot=smart)
    assert "response_url" not in (await raw.callback())["body"]
    assert sent.response_url == ""


async def test_faults_of_connections(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient, session: aiohttp.ClientSession
) -> None:
    assert platform.faults.forget_subscription(smart) == 1
    assert await raw.code("aibot_send_msg", {"chatid": "alice", **markdown("hi")}) == 846609
    assert kinds(platform) == []
    lost = platform.stats.callbacks_lost
    await alice.says("into the void", bot=smart)
    assert platform.stats.callbacks_lost == lost + 1
    assert (await raw.subscribe(smart.bot_id, smart.secret))["errcode"] == 0
    assert platform.faults.send_raw(smart, "no JSON") == 1
    assert await raw.socket.receive_str() == "no JSON"
    assert platform.faults.send_raw(smart, b"\x00") == 1
    assert await raw.socket.receive_bytes() == b"\x00"
    assert platform.faults.kick(smart, close=False) == 1
    assert (await raw.callback())["body"]["event"] == {"eventtype": "disconnected_event"}
    assert platform.faults.drop_connections(smart) == 1
    assert await raw.closed()
    platform.faults.refuse_handshakes(503)
    with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
        await RawClient.open(session, platform.ws_url)
    third = await RawClient.open(session, platform.ws_url, smart)
    with platform.faults.half_open(smart):
        await third.send("ping")
        with pytest.raises(TimeoutError):
            await third.socket.receive(timeout=0.05)
    assert (await third.socket.receive_json())["errcode"] == 0


async def test_faults_of_acknowledgements(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    sent = await alice.says("hi", bot=smart)
    with platform.faults.refuse("aibot_respond_*", 846608):
        assert await raw.code("aibot_respond_msg", stream("no"), sent.req_id) == 846608
    await alice.receives_nothing(within=0.01)
    platform.faults.lose_acks("aibot_respond_msg")
    await raw.send("aibot_respond_msg", stream("unheard"), sent.req_id)
    await alice.receives("unheard")
    with platform.faults.delay_acks(0.05, "aibot_respond_msg"):
        assert await raw.code("aibot_respond_msg", stream("late", finish=True), sent.req_id) == 0
    platform.faults.cut_after_accept("aibot_send_msg")
    await raw.send("aibot_send_msg", {"chatid": "alice", **markdown("last words")})
    await alice.receives("last words")
    assert await raw.closed()
    assert platform.stats.acks_lost == 1


async def test_callbacks_can_come_twice_or_not_at_all(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    platform.faults.duplicate_callbacks()
    sent = await alice.says("twice", bot=smart)
    first, second = await raw.callback(), await raw.callback()
    assert first == second
    assert first["body"]["msgid"] == sent.msgid
    platform.faults.lose_callbacks()
    await alice.says("lost", bot=smart)
    await alice.says("kept", bot=smart)
    assert (await raw.callback())["body"]["text"] == {"content": "kept"}
    assert (platform.stats.callbacks, platform.stats.callbacks_lost) == (3, 1)


async def test_anything_can_be_pushed(platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient) -> None:
    team = platform.add_group("Team", members=[alice], bots=[smart])
    await alice.sends("location", {"x": 1}, chat=team, mentions=[smart])
    body = (await raw.callback())["body"]
    assert (body["msgtype"], body["location"]) == ("location", {"x": 1})
    sent = platform.push_event(smart, alice, "party_event", {"cake": True}, team)
    frame = await raw.callback()
    assert frame["headers"] == {"req_id": sent.req_id}
    assert frame["body"]["event"] == {"eventtype": "party_event", "party_event": {"cake": True}}
    assert await raw.code("aibot_respond_msg", stream("x"), sent.req_id) == 846605


async def test_bad_frames_are_held_against_the_client(platform: WeComBotEmulator, smart: Bot, raw: RawClient) -> None:
    await raw.socket.send_str("{")
    await raw.socket.send_str('{"cmd": "ping"}')
    await raw.socket.send_str('{"cmd": "ping", "headers": {"req_id": 1}}')
    await raw.socket.send_bytes(b"{}")
    assert await raw.code("aibot_dance") == 40058
    assert (await raw.subscribe(smart.bot_id, smart.secret))["errcode"] == 0
    expected = ["bad_frame", "bad_frame", "bad_frame", "binary_frame", "unknown_cmd", "subscribed_twice"]
    assert kinds(platform) == expected


async def test_frames_of_one_req_id_wait_for_the_acknowledgement(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient, leap: Leap
) -> None:
    sent = await alice.says("hi", bot=smart)
    platform.settings.ack_seconds = 10
    await raw.send("aibot_respond_msg", stream("one"), sent.req_id)
    second = asyncio.create_task(raw.code("aibot_respond_msg", stream("two", stream_id="s2"), sent.req_id))
    while not kinds(platform):
        await asyncio.sleep(0.005)
    leap(10)
    assert await second == 0
    assert kinds(platform) == ["ack_not_awaited"]


async def test_the_wire_shows_no_secret(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, session: aiohttp.ClientSession
) -> None:
    seen: list[str] = []
    stop = platform.wire.watch(lambda direction, kind, facts: seen.append(f"{direction} {kind} {facts}"))
    raw = await RawClient.open(session, platform.ws_url, smart)
    sent = await alice.sends_image(b"data", bot=smart)
    await raw.callback()
    assert [line.split(" ")[0] for line in seen] == ["in", "out", "out"]
    assert smart.secret not in "".join(seen)
    assert sent.response_url not in "".join(seen)
    stop()
    await raw.ask("ping")
    assert len(seen) == 3


async def test_stopping_cuts_and_a_stopped_emulator_has_no_address(session: aiohttp.ClientSession) -> None:
    platform = WeComBotEmulator()
    with pytest.raises(RuntimeError, match="not started"):
        _ = platform.ws_url
    await platform.start()
    with pytest.raises(RuntimeError, match="already started"):
        await platform.start()
    raw = await RawClient.open(session, platform.ws_url, platform.add_bot("Bot"))
    await asyncio.gather(platform.stop(), raw.closed())
    await platform.stop()
