"""Where nobody says anything, messages are kept: in the user's data directory, without any set-up."""

import logging
import signal
import sys
from pathlib import Path

import pytest
from bridge_process import bridge_process
from runtime_world import account, echo, skill, texts, until

from imbridge import Bridge, BridgeOptions, ConfigError
from imbridge.storage import MemoryStorage, SqlStorage, making

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names the data directory as Linux does")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data directory, which is not there yet; a bridge is as it is outside of tests."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("IMBRIDGE_STORAGE")
    monkeypatch.setattr("imbridge.runtime.bridge.default_storage", making.default_storage)
    return tmp_path / "data"


async def test_a_bridge_in_code_keeps_what_it_takes_in(feishu, data, caplog) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    with caplog.at_level(logging.INFO):
        for number in range(2):
            async with Bridge([account(feishu, app)], skills=[skill(echo)]) as bridge:
                assert isinstance(bridge.storage, SqlStorage)
                await alice.says(f"{number}")
                await alice.receives(f"echo: {number}")
    path = data / "imbridge" / "imbridge.db"
    assert f"messages are kept in {path}" in caplog.text
    assert path.stat().st_mode & 0o777 == 0o600
    kept = SqlStorage(path)
    await kept.open()
    assert [line.text for line in await kept.log.search()] == ["echo: 1", "1", "echo: 0", "0"]
    await kept.close()


async def test_in_memory_no_file_is_made(feishu, data, caplog) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    options = BridgeOptions(durability="memory")
    with caplog.at_level(logging.INFO):
        async with Bridge([account(feishu, app)], skills=[skill(echo)], options=options) as bridge:
            assert isinstance(bridge.storage, MemoryStorage)
            await alice.says("hi")
            await alice.receives("echo: hi")
    assert not data.exists()
    assert "messages are kept in memory" in caplog.text


async def test_asking_who_one_is_makes_no_file(feishu, data) -> None:
    (probe,) = (await Bridge([account(feishu, feishu.add_app())]).probe()).values()
    assert probe.ok
    assert not data.exists()


async def test_a_data_directory_that_cannot_be_used_is_told_with_what_to_do(feishu, data) -> None:
    data.write_text("no folder")
    with pytest.raises(ConfigError) as raised:
        await Bridge([account(feishu, feishu.add_app())]).start()
    for said in (str(data), "IMBRIDGE_STORAGE", "IMBRIDGE_DURABILITY=memory"):
        assert said in str(raised.value)


async def test_two_bots_share_the_file_but_not_a_name(feishu, data) -> None:
    first, second, alice = feishu.add_app(), feishu.add_app(), feishu.add_user("Alice")
    async with Bridge([account(feishu, first)], skills=[skill(echo)]):
        with pytest.raises(ConfigError) as raised:
            await Bridge([account(feishu, second)]).start()
        for said in ("feishu:work", first.app_id, second.app_id, "imbridge.db", "IMBRIDGE_STORAGE"):
            assert said in str(raised.value)
        async with Bridge([account(feishu, second, "play")], skills=[skill(echo)]):
            for app in (first, second):
                chat = feishu.private_chat(alice, app)
                await alice.says("hi", chat=chat)
                await alice.receives("echo: hi", chat=chat)
    async with Bridge([account(feishu, second, "play"), account(feishu, first)], skills=[skill(echo)]):
        pass


async def test_a_bot_that_is_started_twice_is_told(feishu, data, caplog) -> None:
    app = feishu.add_app()
    warning = "feishu:work: another process on this machine works as this account"

    async def begin(**options) -> Bridge:
        bridge = Bridge([account(feishu, app)], skills=[skill(echo)], **options)
        await bridge.start()
        return bridge

    first = await begin()
    assert warning not in caplog.text
    second = await begin()
    assert caplog.text.count(warning) == 1
    await second.stop()
    await first.stop()
    await (await begin()).stop()
    sharing = [await begin(storage=SqlStorage(data / "shared.db", shared=True)) for _ in range(2)]
    for bridge in sharing:
        await bridge.stop()
    assert caplog.text.count(warning) == 1


@pytest.mark.timeout(240)  # a busy machine takes long to start a process
async def test_a_process_that_is_told_nothing_loses_nothing(feishu, data) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with bridge_process(feishu, app, "sys.exit(bridge().run())", IMBRIDGE_STORAGE="") as process:
        await process.logs("feishu:default: up")
        for number in range(20):
            await alice.says(f"{number}")
        await until(lambda: len(feishu.messages) >= 3 and feishu.stats.acks_ok == 20, timeout=30)
        process.process.kill()
        assert await process.ended() == -signal.SIGKILL
    assert len(feishu.messages) < 20
    async with bridge_process(feishu, app, "sys.exit(bridge().run())", IMBRIDGE_STORAGE="") as process:
        await until(lambda: len(feishu.messages) == 20, timeout=60)
        process.process.terminate()
        assert await process.ended() == 0
    assert texts(feishu) == [f"echo: {number}" for number in range(20)]
