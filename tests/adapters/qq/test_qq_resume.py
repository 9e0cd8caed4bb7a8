"""A session outlives the process: after a stop and after a kill, nothing of what the gateway replays is lost."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from contract import RecordingIntake, until
from qq_rig import FAST, SECRET, Rig, rigged

from imbridge import Bridge, BridgeOptions
from imbridge.adapters.base import Health
from imbridge.adapters.notes import MemoryNotes
from imbridge.adapters.qq.sessions import GatewaySession
from imbridge.protocol import Message

PROGRAM = """
import os
from pathlib import Path
from imbridge import Bridge, BridgeOptions
from imbridge.adapters.qq import QQConfig

env = os.environ
config = QQConfig(name="work", app_id=env["ID"], secret=env["SECRET"], api_base_url=env["URL"], token_url=env["TOKEN"])
bridge = Bridge([config], options=BridgeOptions(state=Path(env["STATE"])))

@bridge.on_message
async def answer(msg):
    return f"echo: {msg.text}"

bridge.run()
"""


@asynccontextmanager
async def process_of(rig: Rig, state: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bridge as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM,
        env={**os.environ, "ID": rig.bot.app_id, "SECRET": SECRET, "URL": rig.qq.base_url, "TOKEN": rig.qq.token_url,
             "STATE": str(state), "PYTHONASYNCIODEBUG": "0"},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def noted(state: Path) -> str:
    with suppress(sqlite3.Error), closing(sqlite3.connect(state)) as connection:
        rows = connection.execute("SELECT value FROM notes WHERE kind = 'gateway_session'").fetchall()
        return " ".join(str(value) for (value,) in rows)
    return ""


def answers(rig: Rig) -> Counter[str]:
    return Counter(message.text for message in rig.sent())


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_the_next_process_goes_on_where_the_last_one_ended(rig: Rig, tmp_path: Path, end: signal.Signals) -> None:
    state = tmp_path / "state.db"
    said = [f"m{number}" for number in range(12)]
    async with process_of(rig, state) as process:
        await until(lambda: rig.qq.connections(rig.bot) == 1, "a connection", timeout=30)
        for text in said[:4]:
            await rig.alice.says(text, bot=rig.bot)
        await until(lambda: len(rig.sent()) == 4, "four answers", timeout=15)
        (session,) = rig.qq.sessions(rig.bot)
        await until(lambda: f'"seq":{session.seq},' in noted(state), "a note of the last number", timeout=15)
        process.send_signal(end)
        await process.wait()
    await until(lambda: rig.qq.connections(rig.bot) == 0, "no connection")
    for text in said[4:8]:
        await rig.alice.says(text, bot=rig.bot)
    async with process_of(rig, state):
        await until(lambda: len(rig.sent()) == 8, "what was said in between", timeout=30)
        for text in said[8:]:
            await rig.alice.says(text, bot=rig.bot)
        await until(lambda: len(rig.sent()) == 12, "all answers", timeout=15)
    assert answers(rig) == dict.fromkeys([f"echo: {text}" for text in said], 1)
    assert (rig.qq.stats.identifies, rig.qq.stats.resumes, rig.qq.stats.replayed) == (1, 1, 4)
    assert rig.qq.stats.events_lost == 0


async def test_what_the_inbox_had_not_is_replayed_to_the_next_one(rig: Rig) -> None:
    """Also in an orderly stop: what was not taken in by then."""
    first = RecordingIntake()
    adapter = await rig.start(intake=first)
    await rig.alice.says("one", bot=rig.bot)
    await first.has("one")
    first.hold = True
    await rig.alice.says("two", bot=rig.bot)
    await until(lambda: first.pending, "an offer")
    stopping = asyncio.create_task(adapter.close())
    await asyncio.sleep(0)
    first.pending[0].set_exception(RuntimeError("killed"))
    await stopping
    await rig.start()
    await rig.intake.has("two")
    assert rig.intake.texts == ["two"]


async def test_what_comes_during_the_stop_is_left_to_the_next_one(rig: Rig) -> None:
    adapter = await rig.start()
    (driver,) = adapter._hearing.drivers  # type: ignore[attr-defined]  # of a gateway
    driver.reading = False  # the first step of a stop
    await rig.alice.says("late", bot=rig.bot)
    await until(lambda: adapter.counters().get("after_stop") == 1, "what is left")
    assert rig.intake.offered == []
    await adapter.close()
    await rig.start()
    await rig.intake.has("late")


async def test_a_replay_brings_no_second_answer(rig: Rig, tmp_path: Path) -> None:
    """The number that is told to the gateway lies behind: it sends again what was answered."""
    bridge = Bridge([rig.config()], options=BridgeOptions(state=tmp_path / "state.db"))

    @bridge.on_message
    async def answer(msg: Message) -> str:
        return f"echo: {msg.text}"

    said = [f"m{number}" for number in range(5)]
    async with bridge:
        for text in said:
            await rig.alice.says(text, bot=rig.bot)
        await until(lambda: len(rig.sent()) == 5, "answers")
        session = bridge.adapter("qq:work")._hearing.drivers[0].session  # type: ignore[attr-defined]  # to go back
        session.seq = 1
        rig.qq.faults.drop_connections(rig.bot)
        await until(lambda: rig.qq.stats.replayed >= 5, "a replay")
        await rig.alice.says("more", bot=rig.bot)
        await until(lambda: len(rig.sent()) >= 6, "one more")
        await until(lambda: bridge.counters()["bridge"]["duplicate"] >= 5, "five that are known")
    assert answers(rig) == dict.fromkeys([f"echo: {text}" for text in (*said, "more")], 1)


class TestWhatIsResumed:
    @pytest.mark.parametrize(
        "changed", [{"intents": ("group_and_c2c",)}, {"shards": 2}], ids=["other events", "other shards"]
    )
    async def test_not_a_session_that_was_made_for_something_else(self, rig: Rig, changed: dict[str, Any]) -> None:
        await (await rig.start()).close()
        await rig.start(**changed)
        assert rig.qq.stats.resumes == rig.qq.stats.resumes_refused == 0

    async def test_not_another_bots(self, rig: Rig) -> None:
        await (await rig.start()).close()
        other = rig.qq.add_bot("Other", secret=SECRET)
        adapter = await rig.start(app_id=other.app_id)
        assert rig.qq.stats.resumes_refused == 0
        assert adapter.me.bot_id == other.bot_id

    async def test_a_session_that_is_too_old_is_no_end(self) -> None:
        async with rigged(replace(FAST, replay_window=0.0)) as rig:
            await (await rig.start()).close()
            adapter = await rig.start()
            assert adapter.health is Health.UP
            assert (rig.qq.stats.identifies, rig.qq.stats.resumes) == (2, 0)

    async def test_who_we_are_is_known_without_a_ready(self, rig: Rig) -> None:
        await (await rig.start()).close()
        adapter = await rig.start()
        assert (adapter.me.bot_id, adapter.me.name) == (rig.bot.bot_id, "Demo")
        assert (rig.qq.stats.identifies, rig.qq.stats.resumes) == (1, 1)

    @pytest.mark.parametrize(
        "note", [None, "x", [], {}, {"id": 1, "seq": "x"}, {"id": "s", "seq": None, "user": None, "shards": 1}]
    )
    async def test_notes_that_make_no_sense(self, note: Any) -> None:
        notes = MemoryNotes()
        notes.put("gateway_session", "0", note if not isinstance(note, dict) else {"for": "", "shards": 1} | note)
        session = GatewaySession(notes)
        await session.restore()
        assert (session.id, session.seq) == ("", 0)


class TestNumbers:
    @pytest.fixture
    def session(self) -> GatewaySession:
        made = GatewaySession(MemoryNotes())
        made._closed = True  # nothing is noted
        made.start("s1", 1, {})
        return made

    def test_it_advances_without_a_gap(self, session: GatewaySession) -> None:
        two, three, four = (session.began(number) for number in (2, 3, 4))
        three()
        assert session.seq == 1
        two()
        assert session.seq == 3
        four()
        assert session.seq == 4

    def test_numbers_may_be_left_out(self, session: GatewaySession) -> None:
        session.began(7)()
        assert session.seq == 7

    def test_what_comes_twice_counts_once(self, session: GatewaySession) -> None:
        first, again = session.began(2), session.began(2)
        again()
        assert session.seq == 2
        first()
        session.began(2)()
        assert session.seq == 2

    def test_it_never_goes_back(self, session: GatewaySession) -> None:
        late, early = session.began(9), session.began(5)
        late()
        assert session.seq == 9
        early()
        assert session.seq == 9

    def test_what_came_on_an_old_session_does_not_move_the_new_one(self, session: GatewaySession) -> None:
        old = session.began(2)
        session.start("s2", 1, {})
        session.began(2)
        old()
        assert session.seq == 1

    @pytest.mark.parametrize("number", [None, "2", True, 2.0, [2], -1, 0])
    def test_numbers_that_are_none(self, session: GatewaySession, number: Any) -> None:
        session.began(number)()
        assert session.seq == 1
