"""Cards that a process leaves open: finished at its stop, or by the next one when it was killed."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from contract import until
from dingtalk_cards import CREATE, STREAM, UPDATE, begun, card_calls, card_of, seen, texts
from dingtalk_rig import SECRET, Rig

from imbridge.adapters.base import AdapterContext
from imbridge.adapters.broken_off import INTERRUPTED
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.notes import MemoryNotes, Notes
from imbridge.storage import notebook_at
from imbridge.transport import Backoff

PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from imbridge import Bridge, BridgeOptions
from imbridge.adapters.dingtalk import DingTalkConfig

env = os.environ
config = DingTalkConfig(name="work", client_id=env["ID"], client_secret=env["SECRET"], robot_code=env["ROBOT"],
                        base_url=env["URL"], oapi_url=env["URL"], login_url=env["URL"])
bridge = Bridge([config], options=BridgeOptions(state=Path(env["STATE"])))

@bridge.on_message
async def answer(msg):
    async with msg.stream(markdown=True) as stream:
        await stream.write("half of ")
        await asyncio.sleep(1.0)
        await stream.write("it")
        await asyncio.sleep(3600)

bridge.run()
"""


async def another(rig: Rig, notes: Notes, **settings: Any) -> DingTalkAdapter:
    """An adapter with these notes, started."""
    adapter = DingTalkAdapter(rig.config(**settings), AdapterContext(rig.intake, rig.pool, notes=notes))
    adapter.api.caller.backoff = Backoff(0.02, 0.1)
    rig.adapters.append(adapter)
    await adapter.start()
    return adapter


@pytest.fixture
def notes() -> MemoryNotes:
    return MemoryNotes()


async def left_open(rig: Rig, notes: Notes, *said: str) -> None:
    """An adapter has begun cards, and is gone without a word."""
    adapter = await another(rig, notes)
    for number, text in enumerate(said or ("one",)):
        await begun(adapter, rig.target(), text, key=f"key {number}")
    adapter.card_streams.open.clear()  # what it would finish at its close
    await adapter.close()


class TestStop:
    async def test_open_cards_are_finished_with_a_word_that_they_were_broken_off(
        self, rig: Rig, adapter: DingTalkAdapter
    ) -> None:
        card = await begun(adapter, rig.target(), "```\nsome code")
        await card.show("```\nsome code\nmore")
        await begun(adapter, rig.target(), "another", key="other")
        await adapter.close()
        assert texts(rig) == [f"```\nsome code\nmore\n```\n\n{INTERRUPTED}", f"another\n\n{INTERRUPTED}"]
        assert all(card_of(message).finished for message in rig.sent())
        assert adapter.counters()["cards_broken_off"] == 2
        assert rig.ding.violations == []

    async def test_it_does_not_wait_for_a_platform_that_does_not_answer(
        self, rig: Rig, notes: MemoryNotes, caplog: pytest.LogCaptureFixture
    ) -> None:
        adapter = await another(rig, notes)
        await begun(adapter, rig.target())
        with rig.ding.faults.http_delay(STREAM, 60.0):
            await adapter.close()
        assert "the next process does it" in caplog.text
        assert list(await notes.all("open_card")) == [seen(rig).out_track_id]
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("link:")]


class TestNextProcess:
    async def test_what_an_earlier_one_left_is_finished_with_what_it_showed(
        self, rig: Rig, notes: MemoryNotes, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        await left_open(rig, notes, "one", "other")
        assert not seen(rig).finished
        calls = card_calls(rig)
        adapter = await another(rig, notes)
        await until(lambda: all(card_of(message).finished for message in rig.sent()), "the end of the cards")
        assert sorted(texts(rig)) == sorted([f"one\n\n{INTERRUPTED}", f"other\n\n{INTERRUPTED}"])
        assert calls == [("PUT", STREAM)] * 2
        await adapter.close()
        assert await notes.all("open_card") == {}
        assert "left open by an earlier process" in caplog.text

    async def test_what_was_finished_is_not_touched(self, rig: Rig, notes: MemoryNotes) -> None:
        adapter = await another(rig, notes)
        card = await begun(adapter, rig.target())
        await card.close("one two")
        await adapter.close()
        calls = card_calls(rig)
        await (await another(rig, notes)).close()
        assert calls == []
        assert texts(rig) == ["one two"]

    async def test_the_last_state_counts(self, rig: Rig, notes: MemoryNotes) -> None:
        adapter = await another(rig, notes)
        card = await begun(adapter, rig.target())
        await card.show("one two")
        adapter.card_streams.open.clear()
        await adapter.close()
        await another(rig, notes)
        await until(lambda: texts(rig) == [f"one two\n\n{INTERRUPTED}"], "the end of the card")

    async def test_a_card_that_never_came_to_be_is_forgotten(self, rig: Rig, notes: MemoryNotes) -> None:
        notes.put("open_card", "imb-sp-0", {"text": "one", "since": "2026-01-01T00:00:00+00:00"})
        adapter = await another(rig, notes)
        await until(lambda: not notes._notes.get("open_card"), "no note")
        await adapter.close()
        assert rig.sent() == []

    async def test_one_that_is_too_long_for_the_mark_is_finished_without(self, rig: Rig, notes: MemoryNotes) -> None:
        await left_open(rig, notes, "one")
        rig.ding.faults.refuse(STREAM, "param.stream.content")
        await another(rig, notes)
        await until(lambda: seen(rig).finished, "the end of the card")
        assert texts(rig) == ["one"]

    @pytest.mark.parametrize("note", [None, 1, {}, {"text": 1}])
    async def test_a_note_that_cannot_be_read_ends_its_card_as_failed(
        self, rig: Rig, notes: MemoryNotes, note: Any
    ) -> None:
        await left_open(rig, notes)
        notes.put("open_card", seen(rig).out_track_id, note)
        await another(rig, notes)
        await until(lambda: seen(rig).failed, "the end of the card")

    async def test_where_the_platform_does_not_answer_it_is_done_by_the_one_after(
        self, rig: Rig, notes: MemoryNotes, caplog: pytest.LogCaptureFixture
    ) -> None:
        await left_open(rig, notes)
        with rig.ding.faults.cut_before("/v1.0/card/*", times=None):
            second = await another(rig, notes, send_timeout=0.2)
            await until(lambda: "the next start tries again" in caplog.text, "a word")
            await second.close()
        await another(rig, notes)
        await until(lambda: texts(rig) == [f"one\n\n{INTERRUPTED}"], "the end of the card")

    async def test_what_the_platform_refuses_is_not_tried_for_ever(
        self, rig: Rig, notes: MemoryNotes, caplog: pytest.LogCaptureFixture
    ) -> None:
        await left_open(rig, notes)
        with rig.ding.faults.refuse("/v1.0/card/*", "param.invalid", None):
            await another(rig, notes)
            await until(lambda: "it stays as it is" in caplog.text, "a word")
        assert await notes.all("open_card") == {}

    async def test_who_says_the_same_again_writes_into_the_same_card(self, rig: Rig, notes: MemoryNotes) -> None:
        """The message is handled anew by the next process: its answer has the same key."""
        await left_open(rig, notes, "one")
        calls = card_calls(rig)
        adapter = await another(rig, notes)
        card = await begun(adapter, rig.target(), "one", key="key 0")
        await card.close("one two three")
        assert texts(rig) == ["one two three"]
        assert seen(rig).finished
        assert ("POST", CREATE) in calls
        assert ("PUT", UPDATE) in calls

    async def test_what_is_said_again_is_not_finished_under_its_writer(self, rig: Rig, notes: MemoryNotes) -> None:
        await left_open(rig, notes, "one", "other")
        slow = rig.ding.faults.http_delay(STREAM, 0.3, times=1)
        adapter = await another(rig, notes)
        await until(lambda: slow.hits == 1, "the first of them is being finished")
        card = await begun(adapter, rig.target(), "other", key="key 1")
        await until(lambda: seen(rig).finished, "the end of the first")
        await card.show("other text")
        await card.close("other text, all of it")
        assert seen(rig, 1).states == ["other", "other text", "other text, all of it"]
        assert rig.ding.violations == []

    async def test_a_stop_does_not_wait_for_it(self, rig: Rig, notes: MemoryNotes) -> None:
        await left_open(rig, notes)
        with rig.ding.faults.http_delay("/v1.0/card/*", 60.0):
            adapter = await another(rig, notes)
            await adapter.close()
        assert not [task for task in asyncio.all_tasks() if "open cards" in task.get_name()]
        assert len(await notes.all("open_card")) == 1


@asynccontextmanager
async def process_of(rig: Rig, state: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bridge as a process of its own, whose answers never come to their end."""
    environ = {
        "ID": rig.app.client_id, "SECRET": SECRET, "ROBOT": rig.app.robot_code, "URL": rig.ding.base_url,
        "STATE": str(state),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stderr=asyncio.subprocess.DEVNULL, env={**os.environ, **environ}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def noted(state: Path) -> str:
    """What a process has noted so far."""
    with closing(sqlite3.connect(state)) as connection:
        return str(connection.execute("SELECT value FROM notes").fetchall())


async def test_a_process_that_is_killed_leaves_no_card_turning(rig: Rig, tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    async with process_of(rig, state) as process:
        await until(lambda: rig.ding.connections(rig.app) == 1, "a connection", timeout=30)
        await rig.alice.says("go", app=rig.app)
        await until(lambda: texts(rig) == ["half of it"], "the second state", timeout=15)
        await until(lambda: "half of it" in noted(state), "a note of it")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert not seen(rig).finished
    notebook = notebook_at(state)
    await notebook.open()
    adapter = await another(rig, notebook.of("dingtalk:work"))
    await until(lambda: seen(rig).finished, "the end of the card")
    await adapter.close()
    await notebook.close()
    assert texts(rig) == [f"half of it\n\n{INTERRUPTED}"]
