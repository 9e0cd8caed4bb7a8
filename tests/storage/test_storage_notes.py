"""What accounts know again after a restart."""

import asyncio
import logging
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from imbridge.protocol import ConfigError
from imbridge.storage import BaseNotebook, MemoryNotebook, SqliteNotebook, notebook_at

WRITER = """
import asyncio, os, signal, sys
from pathlib import Path
from imbridge.storage import SqliteNotebook

async def main():
    notebook = SqliteNotebook(Path(sys.argv[1]))
    await notebook.open()
    notes = notebook.of("dingtalk:work")
    notes.put("open_card", "one", {"text": "half"})
    notes.put("open_card", "two", 2)
    notes.drop("open_card", "two")
    await notes.flush()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture(params=["memory", "sqlite"])
def notebook(request: pytest.FixtureRequest, tmp_path: Path) -> BaseNotebook:
    return notebook_at(None if request.param == "memory" else tmp_path / "state.db")


class TestEveryNotebook:
    async def test_notes_are_kept_by_account_kind_and_name(self, notebook: BaseNotebook) -> None:
        await notebook.open()
        work, home = notebook.of("dingtalk:work"), notebook.of("dingtalk:home")
        work.put("card", "a", {"text": "你好", "since": 1.5})
        work.put("card", "b", [1, None])
        work.put("quota", "a", 7)
        home.put("card", "a", "half a pair: \ud83d")
        assert await work.all("card") == {"a": {"text": "你好", "since": 1.5}, "b": [1, None]}
        assert await work.all("quota") == {"a": 7}
        assert await home.all("card") == {"a": "half a pair: \ud83d"}
        assert await home.all("nothing") == {}
        assert await work.reread("quota") == {"a": 7}
        assert await notebook.of_kind("quota") == {"dingtalk:work": {"a": 7}}
        await notebook.close()

    async def test_the_last_word_counts(self, notebook: BaseNotebook) -> None:
        await notebook.open()
        notes = notebook.of("qq:work")
        for number in range(200):
            notes.put("session", "0", number)
        notes.put("session", "1", "gone")
        notes.drop("session", "1")
        notes.drop("session", "never there")
        assert await notes.all("session") == {"0": 199}
        notes.drop("session", "0")
        notes.put("session", "0", "again")
        await notes.flush()
        assert await notes.all("session") == {"0": "again"}
        await notebook.close()
        await notebook.close()


class TestTheFile:
    async def test_it_comes_back_after_a_kill(self, tmp_path: Path) -> None:
        path = tmp_path / "state.db"
        done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", WRITER, str(path)], check=False)
        assert done.returncode == -signal.SIGKILL
        notebook = SqliteNotebook(path)
        await notebook.open()
        assert await notebook.of("dingtalk:work").all("open_card") == {"one": {"text": "half"}}
        await notebook.close()

    async def test_only_its_owner_can_read_it(self, tmp_path: Path) -> None:
        notebook = SqliteNotebook(tmp_path / "state.db")
        await notebook.open()
        await notebook.close()
        assert stat.S_IMODE((tmp_path / "state.db").stat().st_mode) == 0o600

    @pytest.mark.parametrize("name", ["missing/state.db", "."])
    async def test_a_place_that_cannot_be_used(self, tmp_path: Path, name: str) -> None:
        notebook = SqliteNotebook(tmp_path / name)
        with pytest.raises(ConfigError, match=r"state: .* cannot be used"):
            await notebook.open()
        await notebook.close()

    async def test_what_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "state.db").write_text("just a text that is long enough to be no header of a database")
        notebook = SqliteNotebook(tmp_path / "state.db")
        with pytest.raises(ConfigError, match=r"state\.db cannot be used \(file is not a database\)"):
            await notebook.open()

    async def test_what_cannot_be_written_is_told(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        path = tmp_path / "state.db"
        notebook = SqliteNotebook(path)
        await notebook.open()
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE notes")
        other.close()
        with caplog.at_level(logging.ERROR):
            notebook.of("qq:work").put("session", "0", "canary-value")
            await notebook.flush()
        assert "1 notes could not be written" in caplog.text
        assert "canary" not in caplog.text
        await notebook.close()

    async def test_a_note_after_the_end_is_told(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        notebook = SqliteNotebook(tmp_path / "state.db")
        await notebook.open()
        await notebook.close()
        notebook.of("qq:work").put("session", "0", 1)
        assert "it is not kept" in caplog.text


def test_without_a_path_it_is_in_memory() -> None:
    assert isinstance(notebook_at(None), MemoryNotebook)
