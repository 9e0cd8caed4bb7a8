"""Resume: what was missed comes again, or the client must identify anew."""

import aiohttp
import pytest
from qq_raw_api import DEFAULT_INTENTS, RawGateway, until

from imbridge.emulators.qq import Bot, QQEmulator, User


@pytest.fixture
def raw(session: aiohttp.ClientSession, qq: QQEmulator, bot: Bot) -> RawGateway:
    return RawGateway(session, qq, bot)


async def test_what_was_missed_is_written_again(raw: RawGateway, qq: QQEmulator, alice: User) -> None:
    await raw.identify()
    await alice.says("one")
    await raw.event("C2C_MESSAGE_CREATE")
    seq = raw.seq
    assert qq.faults.drop_connections() == 1
    sent = [await alice.says(text) for text in ("two", "three")]
    assert not sent[0].lost
    await until(lambda: qq.stats.disconnects == 1)
    await raw.resume(seq)
    for text in ("two", "three"):
        assert (await raw.event("C2C_MESSAGE_CREATE"))["d"]["content"] == text
    resumed = await raw.event("RESUMED")
    assert resumed["d"] == ""
    assert await sent[1].taken()
    await alice.says("four")
    assert (await raw.event("C2C_MESSAGE_CREATE"))["s"] > resumed["s"]
    assert (qq.stats.resumes, qq.stats.replayed, qq.stats.identifies) == (1, 2, 1)
    await raw.close()
    await raw.resume(seq - 1)
    contents = [(await raw.event("C2C_MESSAGE_CREATE"))["d"]["content"] for _ in range(4)]
    assert contents == ["one", "two", "three", "four"], "an older number gets them all again"
    await raw.event("RESUMED")
    await raw.close()


async def test_a_resume_that_can_not_be(raw: RawGateway, qq: QQEmulator, alice: User) -> None:
    await raw.identify()
    await raw.close()
    await raw.resume(session_id="unknown")
    assert await raw.frame() == {"op": 9, "d": False}
    assert await raw.code() == 4006
    await raw.resume(99)
    assert await raw.frame() == {"op": 9, "d": False}
    assert await raw.code() == 4007
    qq.settings.invalid_session = "close"
    await raw.resume(99)
    assert await raw.code() == 4007
    qq.settings.invalid_session = "op9"
    await raw.resume(99)
    assert await raw.frame() == {"op": 9, "d": False}
    await raw.send_identify(DEFAULT_INTENTS, [0, 1])
    assert (await raw.frame())["t"] == "READY", "the connection stayed"
    await raw.close()
    qq.faults.refuse_resume(4902)
    await raw.resume()
    assert await raw.code() == 4902
    assert qq.stats.resumes_refused == 5


async def test_a_session_does_not_wait_for_ever(raw: RawGateway, qq: QQEmulator, alice: User) -> None:
    qq.settings.replay_limit = 2
    await raw.identify()
    await raw.close()
    await until(lambda: qq.stats.disconnects == 1)
    sent = [await alice.says(str(number)) for number in range(3)]
    assert [one.lost for one in sent] == [True, False, False]
    await raw.resume(1)
    assert await raw.frame() == {"op": 9, "d": False}
    assert await raw.code() == 4007
    qq.settings.replay_window = 0.0
    assert (await alice.says("gone")).lost
    await raw.resume(2)
    assert await raw.frame() == {"op": 9, "d": False}
    assert await raw.code() == 4006


async def test_the_platform_wants_the_client_elsewhere(raw: RawGateway, qq: QQEmulator, bot: Bot, alice: User) -> None:
    await raw.identify()
    assert qq.reconnect(bot) == 1
    assert await raw.frame() == {"op": 7}
    assert qq.invalidate(bot, resumable=True) == 1
    assert await raw.frame() == {"op": 9, "d": True}
    assert len(qq.sessions(bot)) == 1
    qq.invalidate(bot)
    assert await raw.frame() == {"op": 9, "d": False}
    assert qq.sessions(bot) == []
    assert (await alice.says("hi")).lost
    assert qq.connections(bot) == 0
    await raw.send_identify(DEFAULT_INTENTS, [0, 1])
    assert (await raw.frame())["t"] == "READY", "the connection is as good as before"
    assert qq.violations == []
    assert qq.close(bot, 4905) == 1
    assert await raw.code() == 4905
