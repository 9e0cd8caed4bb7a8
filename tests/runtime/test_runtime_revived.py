"""A bridge that runs notices that somebody has revived a chat elsewhere: on the command line, in another process."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from databases import Place, place
from outbox_world import app_of, hurried
from runtime_world import counts, texts
from storage_commands import command_line, name_in_settings

from imbridge.adapters.notes import MemoryNotes
from imbridge.protocol import Channel, ChannelKind, TargetGoneError
from imbridge.runtime.outbox import dead_targets
from imbridge.runtime.outbox.dead_targets import DeadTargets
from imbridge.storage import SqlStorage, StorageError

CHAT = Channel(platform="feishu", account="app", kind=ChannelKind.GROUP, id="oc_1")
GONE = TargetGoneError("the bot is not in the group (code 230002)", code=230002)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mongodb"])
async def kept_in(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(request.param, tmp_path) as made:
        name_in_settings(made, tmp_path)
        yield made


@pytest.fixture
def looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_targets, "_LOOKED_AT", 0.0)


@pytest.mark.usefixtures("looks_each_time")
async def test_by_the_command_line(
    feishu, kept_in: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    imbridge = command_line(tmp_path, monkeypatch)
    app, alice = app_of(feishu)
    bob = f"feishu:app/user/{feishu.add_user('Bob').open_id}"
    bridge, _ = hurried(app, storage=kept_in.storage())
    async with bridge:
        with feishu.faults.refuse_send(230002, times=None) as refused:
            for _ in range(2):
                for address in (alice, bob):
                    assert not await bridge.send(address, "lost")
            assert refused.hits == 2
        assert sorted(row[0] for row in (await imbridge("targets", "list")).table) == sorted((alice, bob))
        assert (await imbridge("targets", "revive", alice)).out == "1 revived\n"
        with caplog.at_level(logging.INFO):
            assert await bridge.send(alice, "back")
        assert f"{alice}: somebody has revived it; sending goes on" in caplog.text
        assert not await bridge.send(bob, "lost")
        assert [dead.address for dead in bridge.dead_targets()] == [bob]
        assert counts(bridge)["dead_targets"] == 1
    assert texts(feishu) == ["back"]
    bridge, _ = hurried(app, storage=kept_in.storage())
    async with bridge:
        assert [dead.address for dead in bridge.dead_targets()] == [bob]


@pytest.mark.usefixtures("looks_each_time")
async def test_one_that_is_gone_again_is_left_alone_again(
    feishu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imbridge = command_line(tmp_path, monkeypatch)
    monkeypatch.setenv("IMBRIDGE_STORAGE", "bot.db")
    app, alice = app_of(feishu)
    bridge, _ = hurried(app, storage=SqlStorage(tmp_path / "bot.db"))
    async with bridge:
        with feishu.faults.refuse_send(230002, times=None) as refused:
            assert not await bridge.send(alice, "lost")
            await bridge._notebook.of("feishu:app").flush()  # it is written in a moment
            assert (await imbridge("targets", "revive", alice)).out == "1 revived\n"
            for _ in range(2):
                assert not await bridge.send(alice, "lost")
            assert refused.hits == 2
        assert [row[0] for row in (await imbridge("targets", "list")).table] == [alice]


class Counting(MemoryNotes):
    """Counts how often it is looked at again, and may be away."""

    looks = 0
    away = False

    async def reread(self, kind: str) -> dict[str, Any]:
        self.looks += 1
        if self.away:
            raise StorageError("the server is away", passing=True)
        return await super().reread(kind)


class TestHowOftenItLooks:
    async def test_once_in_a_while_however_much_is_said(self) -> None:
        notes, now = Counting(), [0.0]
        dead = DeadTargets(600.0, lambda account: notes, clock=lambda: now[0])
        await dead.check(CHAT)
        assert notes.looks == 0  # nothing is gone: nobody looks
        dead.note(CHAT, GONE)
        await dead.check(CHAT.model_copy(update={"id": "oc_2"}))
        assert notes.looks == 0
        for now[0] in (0.0, 0.1, 0.9, 1.0, 1.1):
            await asyncio.gather(*(is_left_alone(dead) for _ in range(5)))
        assert notes.looks == 2  # at first, and after a second

    async def test_while_the_storage_is_away_it_stays_left_alone(self, caplog: pytest.LogCaptureFixture) -> None:
        notes = Counting()
        dead = DeadTargets(600.0, lambda account: notes, clock=lambda: 0.0)
        dead.note(CHAT, GONE)
        notes.away = True
        notes.drop("dead_target", CHAT.address)
        await is_left_alone(dead)
        assert "nobody knows whether chats that are gone are back (the server is away)" in caplog.text


async def is_left_alone(dead: DeadTargets) -> None:
    with pytest.raises(TargetGoneError, match="left alone"):
        await dead.check(CHAT)
