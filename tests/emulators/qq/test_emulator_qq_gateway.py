"""The gateway: Hello, Identify, heartbeats, Resume, shards and every way in which it ends."""

import json

import aiohttp
import pytest
from qq_raw_api import DEFAULT_INTENTS, PRIVATE_INTENTS, Api, RawGateway, access_token

from imbridge.emulators.qq import Bot, EmulatorSettings, Guild, QQEmulator, User

GROUPS = 1 << 25


def kinds(qq: QQEmulator) -> list[str]:
    return [violation.kind for violation in qq.violations]


@pytest.fixture
def raw(session: aiohttp.ClientSession, qq: QQEmulator, bot: Bot) -> RawGateway:
    return RawGateway(session, qq, bot)


async def test_where_it_is(api: Api, qq: QQEmulator, link: RawGateway) -> None:
    status, found = await api.call("GET", "/gateway/bot")
    assert (status, found["shards"]) == (200, 1)
    assert found["url"] == qq.base_url.replace("http", "ws") + "/websocket/"
    limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    assert found["session_start_limit"] == limit


async def test_ready_and_heartbeats(raw: RawGateway, qq: QQEmulator, bot: Bot, alice: User) -> None:
    ready = await raw.identify()
    assert raw.heartbeat_interval == 45_000
    assert ready["user"] == {"id": bot.bot_id, "username": "Demo Bot", "bot": True, "status": 1}
    assert (ready["version"], ready["shard"], raw.seq) == (1, [0, 1], 1)
    sent = await alice.says("hi")
    assert sent.pushed is not None
    assert (await raw.frame())["s"] == sent.pushed.seq == 2
    assert not sent.pushed.confirmed
    await raw.send(1, raw.seq)
    assert await raw.frame() == {"op": 11}
    assert sent.pushed.confirmed
    assert kinds(qq) == []
    await raw.send(1, 77)
    assert await raw.frame() == {"op": 11}
    assert kinds(qq) == ["heartbeat_seq"]
    with qq.faults.silent_heartbeats(1):
        await raw.send(1, raw.seq)
        await raw.send(1, raw.seq)
        assert await raw.frame() == {"op": 11}
    assert qq.stats.heartbeats == 4
    assert qq.connections(bot) == 1
    await raw.close()


async def test_missing_heartbeats_end_the_connection(raw: RawGateway, qq: QQEmulator) -> None:
    qq.settings.heartbeat_timeout = 0.05
    await raw.identify()
    assert await raw.code() == 4009
    assert kinds(qq) == ["heartbeat_missing"]


@pytest.mark.parametrize(
    ("intents", "shard", "code"),
    [
        (0, [0, 1], 4013),
        (1 << 5, [0, 1], 4013),
        ("all", [0, 1], 4013),
        (PRIVATE_INTENTS, [0, 1], 4014),
        (GROUPS, [1, 1], 4010),
        (GROUPS, "0/1", 4010),
        (GROUPS, [0, 0], 4010),
    ],
)
async def test_identify_is_refused(raw: RawGateway, intents: int, shard: object, code: int) -> None:
    await raw.connect()
    await raw.send_identify(intents, shard)
    assert await raw.code() == code


async def test_identify_is_refused_for_the_bot(raw: RawGateway, bot: Bot, qq: QQEmulator) -> None:
    await raw.connect()
    await raw.send_identify(GROUPS, [0, 1], "no token")
    assert await raw.code() == 4004
    token = await access_token(raw.session, qq, bot)
    bot.delisted = True
    await raw.connect()
    await raw.send_identify(GROUPS, [0, 1])
    assert await raw.code() == 4914
    await raw.connect()
    bot.delisted, bot.banned = False, True
    await raw.send_identify(GROUPS, [0, 1], token)
    assert await raw.code() == 4915
    bot.banned, bot.intents = False, 1 << 30
    await raw.connect()
    await raw.send_identify(GROUPS, [0, 1])
    assert await raw.code() == 4014
    bot.intents = GROUPS
    qq.faults.refuse_identify(4900)
    await raw.connect()
    await raw.send_identify(GROUPS, [0, 1])
    assert await raw.code() == 4900
    await raw.identify(GROUPS)
    await raw.close()


@pytest.mark.parametrize(
    ("text", "code"),
    [("{", 4002), ("[]", 4002), ('{"op": 5}', 4001), ('{"op": 2, "d": 1}', 4002), ('{"op": 1, "d": "x"}', 4002)],
)
async def test_payloads_that_are_none(raw: RawGateway, text: str, code: int) -> None:
    await raw.connect()
    assert raw.socket is not None
    await raw.socket.send_str(text)
    assert await raw.code() == code


async def test_only_what_was_asked_for_comes(
    raw: RawGateway, qq: QQEmulator, bot: Bot, alice: User, guild: Guild
) -> None:
    await raw.identify(1 << 30)
    sent = await alice.says("hi")
    assert (sent.lost, qq.stats.events_lost) == (True, 1)
    channel = guild.add_channel("talk")
    await alice.says("hi", chat=channel, mentions=[bot])
    await raw.event("AT_MESSAGE_CREATE")
    bot.intents = 0
    assert (await alice.says("hi", chat=channel, mentions=[bot])).lost, "the permission was taken away"
    await raw.close()


# --- sessions and shards ----------------------------------------------------------------------------------------------


async def test_shards(session: aiohttp.ClientSession, qq: QQEmulator, bot: Bot, alice: User) -> None:
    links = [RawGateway(session, qq, bot) for _ in range(2)]
    for index, link in enumerate(links):
        assert (await link.identify(shard=(index, 2)))["shard"] == [index, 2]
    guilds = [qq.add_guild("G", members=[alice]) for _ in range(8)]
    for guild in guilds:
        await alice.says("hi", chat=guild.add_channel("talk"), mentions=[bot])
        link = links[(int(guild.id) >> 22) % 2]
        assert (await link.event("AT_MESSAGE_CREATE"))["d"]["guild_id"] == guild.id
    assert len({(int(guild.id) >> 22) % 2 for guild in guilds}) == 2
    for link in links:
        await link.close()


async def test_one_session_for_a_shard(session: aiohttp.ClientSession, qq: QQEmulator, bot: Bot) -> None:
    first, second = RawGateway(session, qq, bot), RawGateway(session, qq, bot)
    await first.identify()
    await second.identify()
    assert await first.code() == 4902
    third = RawGateway(session, qq, bot)
    await third.resume(1, second.session_id)
    assert (await third.event("RESUMED"))["s"] == 2
    assert await second.code() == 4902
    assert [one.session_id for one in qq.sessions(bot)] == [second.session_id]
    await third.close()


async def test_sessions_are_not_started_too_fast(session: aiohttp.ClientSession) -> None:
    async with QQEmulator(settings=EmulatorSettings(session_starts=2)) as qq:
        bot = qq.add_bot()
        raw = RawGateway(session, qq, bot)
        await raw.identify()
        await raw.connect()
        await raw.send_identify(DEFAULT_INTENTS, [0, 1])
        assert await raw.code() == 4008, "max_concurrency is 1 in 5 s"
        qq.settings.concurrency_period = 0.0
        await raw.identify()
        _, found = await Api(session, qq, bot).call("GET", "/gateway/bot")
        assert found["session_start_limit"]["remaining"] == 0
        await raw.connect()
        await raw.send_identify(DEFAULT_INTENTS, [0, 1])
        assert await raw.code() == 4008


# --- faults -----------------------------------------------------------------------------------------------------------


async def test_faults_of_the_gateway(raw: RawGateway, qq: QQEmulator, bot: Bot, alice: User) -> None:
    await raw.identify()
    qq.faults.duplicate_events(event_type="C2C_*")
    await alice.says("twice")
    first, second = [await raw.event("C2C_MESSAGE_CREATE") for _ in range(2)]
    assert first == second
    assert qq.faults.send_raw(bot, "{ nonsense") == 1
    with pytest.raises(json.JSONDecodeError):
        await raw.frame()
    with qq.faults.half_open(bot) as fault:
        assert fault.hits == 1
        await raw.send(1, raw.seq)
        sent = await alice.says("later")
        assert sent.pushed is not None
        assert not sent.pushed.outcome.done()
    received = [await raw.frame() for _ in range(2)]
    assert sorted(one["op"] for one in received) == [0, 11]
    await raw.close()
    qq.faults.refuse_handshake(502)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await raw.connect()


async def test_any_event_can_be_pushed(raw: RawGateway, qq: QQEmulator, bot: Bot) -> None:
    await raw.identify(GROUPS)
    pushed = qq.push_event(bot, "SOMETHING_NEW", {"a": 1}, event_id="SOMETHING_NEW:1")
    assert await raw.frame() == {"id": "SOMETHING_NEW:1", "op": 0, "s": 2, "t": "SOMETHING_NEW", "d": {"a": 1}}
    assert await pushed.taken()
    assert qq.push_event(bot, "FORUM_THREAD_CREATE", {}).lost, "only private bots get it"
    await raw.close()


async def test_the_wire_shows_no_secrets(
    raw: RawGateway, qq: QQEmulator, bot: Bot, session: aiohttp.ClientSession
) -> None:
    seen: list[str] = []
    qq.wire.watch(lambda *facts: seen.append(json.dumps(facts)))
    await raw.identify()
    token = await access_token(session, qq, bot)
    assert any("READY" in line for line in seen)
    assert not any(token in line or bot.secret in line for line in seen)
    await raw.close()
