"""What was under way when its process ended is handled alone: what ends processes is found, the others live."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bridge_process import bridge_process
from runtime_world import emulated, texts, until

from imbridge import Channel, ChannelKind, Message, Sender
from imbridge.runtime.intake import suspects
from imbridge.runtime.intake.suspects import Suspects
from imbridge.storage import Box, EntryState, InboxEntry, SqlStorage

KILLER = """
import os
class Killer(BaseSkill):
    async def handle_message(self, msg):
        if msg.text == "poison":
            await asyncio.sleep(0.2)  # until the others are at work, too
            os._exit(9)
        await asyncio.sleep(0.05 if os.environ["LIFE"] != "1" else 30)
        return f"echo: {msg.text}"
sys.exit(bridge(Killer()).run())
"""


class Stage:
    """Work that is told when it may end."""

    def __init__(self) -> None:
        self.suspects = Suspects()
        self.under_way: list[str] = []
        self.told: list[InboxEntry] = []
        self.most = 0
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def begin(self, *names: str, suspect: bool = False) -> None:
        for name in names:
            self.ends[name] = asyncio.Event()
            self.tasks.append(
                asyncio.create_task(self.suspects.apart(self._work, self.told.append)(entry(name, suspect=suspect)))
            )
        await asyncio.sleep(0.01)

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
        await asyncio.sleep(0.01)

    async def _work(self, item: InboxEntry) -> None:
        self.under_way.append(item.lane)
        await self.ends[item.lane].wait()
        self.under_way.remove(item.lane)


def entry(name: str, *, suspect: bool) -> InboxEntry:
    channel = Channel(platform="feishu", account="work", kind=ChannelKind.PRIVATE, id=name)
    message = Message(id=name, channel=channel, sender=Sender(id="ou_1"), timestamp=datetime.now(UTC))
    return InboxEntry("feishu:work", (name,), name, message, suspect=suspect)


@pytest.fixture
async def stage():
    made = Stage()
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.wait(made.tasks)


async def test_without_suspects_all_work_at_once(stage) -> None:
    await stage.begin("a", "b")
    assert stage.under_way == ["a", "b"]
    assert stage.told == []


async def test_who_waits_for_suspects_is_told_of(stage) -> None:
    await stage.begin("s1", "s2", suspect=True)
    await stage.begin("a", "b")
    assert [one.lane for one in stage.told] == ["a", "b"]


async def test_suspects_are_alone_one_after_another(stage) -> None:
    await stage.begin("s1", "s2", suspect=True)
    await stage.begin("a", "b")
    assert stage.under_way == ["s1"]
    await stage.end("s1")
    assert stage.under_way == ["s2"]
    await stage.end("s2")
    assert stage.under_way == ["a", "b"]


async def test_a_suspect_waits_for_what_is_under_way_but_not_for_ever(stage, monkeypatch) -> None:
    await stage.begin("a", "b")
    await stage.begin("s1", suspect=True)
    assert stage.under_way == ["a", "b"]
    await stage.end("a", "b")
    assert stage.under_way == ["s1"]
    await stage.end("s1")
    monkeypatch.setattr(suspects, "PATIENCE", 0.05)
    await stage.begin("c")
    await stage.begin("s2", suspect=True)
    await until(lambda: stage.under_way == ["c", "s2"])


async def test_a_suspect_that_takes_long_holds_up_nobody_for_ever(stage, leap) -> None:
    await stage.begin("s1", "s2", suspect=True)
    await stage.begin("a")
    leap(suspects.ALONE)
    await until(lambda: stage.under_way == ["s1", "s2", "a"])
    await stage.end("s1", "s2")
    await stage.begin("s3", suspect=True)  # nothing of the time of the others is counted against it
    await stage.begin("b")
    await stage.end("a")
    assert stage.under_way == ["s3"]


async def test_many_suspects_hold_up_the_others_for_a_time_only(stage, monkeypatch) -> None:
    monkeypatch.setattr(suspects, "TOGETHER", 0.05)
    await stage.begin("s1", "s2", suspect=True)
    await stage.begin("a")
    await until(lambda: stage.under_way == ["s1", "a"])
    await stage.end("s1")
    assert stage.under_way == ["a", "s2"]


async def test_suspects_that_are_cancelled_make_room(stage) -> None:
    await stage.begin("s1", "s2", "s3", suspect=True)
    await stage.begin("a")
    for number in (1, 0):  # one that waits, and the one at work
        stage.tasks[number].cancel()
    stage.under_way.clear()
    await asyncio.sleep(0.01)
    assert stage.under_way == ["s3"]
    await stage.end("s3")
    assert stage.under_way == ["a"]


@pytest.mark.timeout(240)  # a busy machine takes long to start a process
@pytest.mark.skipif(sys.platform == "win32", reason="an exit status that POSIX gives")
async def test_one_of_many_that_ends_the_process_is_found_and_the_others_live(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    async with emulated() as feishu:
        app = feishu.add_app()
        users = [feishu.add_user(f"U{number}") for number in range(8)]
        for life in ("1", "2"):
            async with bridge_process(feishu, app, KILLER, IMBRIDGE_STORAGE=str(path), LIFE=life) as process:
                if life == "1":
                    await process.logs("feishu:default: up")
                    for number, user in enumerate(users):
                        await user.says("poison" if number == 3 else f"{number}")
                assert await process.ended() == 9
        async with bridge_process(feishu, app, KILLER, IMBRIDGE_STORAGE=str(path), LIFE="3") as process:
            await until(lambda: len(feishu.messages) == 7, timeout=60)
            process.process.terminate()
            assert await process.ended() == 0
        assert sorted(texts(feishu)) == [f"echo: {number}" for number in range(8) if number != 3]
    kept = SqlStorage(path)
    await kept.open()
    (dead,) = await kept.kept(Box.INBOX, EntryState.DEAD)
    assert (dead.text, [event["what"] for event in dead.history]) == ("poison", ["interrupted", "dead"])
    assert "beside 7 others" in dead.history[0]["why"]
    assert "beside" not in dead.history[1]["why"]
    assert await kept.kept(Box.INBOX, EntryState.PENDING) == []
    await kept.close()
