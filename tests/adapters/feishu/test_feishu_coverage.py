"""The tables in the documents are made from the samples, and every type the decoder knows has one."""

import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from coverage_script import coverage_script


@pytest.fixture
def tables() -> ModuleType:
    return coverage_script("coverage_feishu")


@pytest.fixture
def samples(tables: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the samples, which the script then uses."""
    copy = tmp_path / "feishu"
    shutil.copytree(tables.SAMPLES, copy)
    shutil.rmtree(copy / "out", ignore_errors=True)
    monkeypatch.setattr(tables, "SAMPLES", copy)
    return copy


def test_every_type_has_a_sample_and_the_pages_say_so(tables: ModuleType) -> None:
    assert [(path.name, what) for path, what in tables.problems()] == []


def test_a_type_without_a_sample_is_found(tables: ModuleType, samples: Path) -> None:
    for name in ("vote", "bot_menu", "old_user_left", "post_everything"):
        (samples / f"{name}.expected.json").unlink()
    missing = tables.incoming()[1]
    assert {"message vote", "event application.bot.menu_v6", "older event user_leave", "tag code of rich text"} <= {
        *missing
    }
    assert "message text" not in missing
    assert any("vote" in what for _, what in tables.problems())


def test_a_changed_result_makes_the_page_stale(tables: ModuleType, samples: Path) -> None:
    path = samples / "bot_menu.expected.json"
    path.write_text(path.read_text().replace('"key": "help"', '"key": ""'))
    assert [where.name for where, what in tables.problems() if "stale" in what] == ["feishu.md", "feishu.md"]


def test_what_is_sent_makes_a_table(tables: ModuleType, samples: Path) -> None:
    assert tables.table_out("en") == []
    (samples / "out").mkdir()
    sample = {
        "reply": [{"type": "text", "text": "a"}, {"type": "audio", "key": "k"}],
        "messages": [{"msg_type": "text", "content": {"text": "a"}}, {"msg_type": "file", "content": {}}],
        "degradations": [{"what": "audio", "how": "file", "why": "no opus"}],
    }
    for name in ("one", "two"):
        (samples / "out" / f"{name}.json").write_text(json.dumps(sample))
    assert tables.table_out("en")[2:] == ["| `Text`, `Audio` | `text`, `file` | audio: file | 2 |"]
    page = "before\n<!-- coverage: out -->\n\n| old |\n|---|\n\nafter\n"
    renewed = tables.renewed(page, "en")
    assert "| old |" not in renewed
    assert renewed.startswith("before\n<!-- coverage: out -->\n\n| In a skill |")
    assert renewed.endswith("| 2 |\n\nafter\n")
    assert tables.renewed(renewed, "en") == renewed
