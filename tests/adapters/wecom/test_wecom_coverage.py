"""The tables of what arrives from WeCom and is sent there are made from the samples, and every type has one."""

import json
from pathlib import Path
from types import ModuleType

import pytest
from coverage_script import copied, coverage_script


@pytest.fixture
def tables() -> ModuleType:
    return coverage_script()


@pytest.fixture
def samples(tables: ModuleType, tmp_path: Path) -> Path:
    return copied(tables, "wecom", tmp_path)


@pytest.mark.parametrize("source", ["app", "bot", "robot"])
def test_every_type_has_a_sample(tables: ModuleType, source: str) -> None:
    assert tables.incoming(tables.SOURCES[source])[1] == []


def test_the_pages_say_what_the_samples_say(tables: ModuleType) -> None:
    assert [(path.name, what) for path, what in tables.problems()] == []


def test_a_type_without_a_sample_is_found(tables: ModuleType, samples: Path) -> None:
    for path in samples.glob("in/*.expected.json"):
        expected = json.loads(path.read_text(encoding="utf-8"))
        if expected["class"] == "ContactChanged" or expected["item"].get("content_type") == "location":
            path.unlink()
    app = tables.SOURCES["app"]
    assert tables.incoming(app)[1] == ["message location", "event change_contact"]
    assert {what.partition(":")[0] for _, what in tables.problems()} >= {"message location", "event change_contact"}


def test_a_changed_result_makes_both_pages_stale(tables: ModuleType, samples: Path) -> None:
    path = next(
        path for path in samples.glob("in/*.expected.json") if '"menu_clicked"' in path.read_text(encoding="utf-8")
    )
    expected = json.loads(path.read_text(encoding="utf-8"))
    expected["item"].pop("key")
    path.write_text(json.dumps(expected), encoding="utf-8")
    stale = [
        (where.parent.name, where.name)
        for where, what in tables.problems()
        if "stale" in what and where.name == "wecom.md"
    ]
    assert stale == [("docs", "wecom.md"), ("zh", "wecom.md")]


def test_an_event_has_a_row_for_each_of_its_changes(tables: ModuleType) -> None:
    rows = tables.table_in(tables.SOURCES["app"], "en")
    assert (
        "| event `change_contact.update_tag` | `ContactChanged`: `subject` tag, `change` updated, `subject_id` | 1 |"
        in rows
    )


def test_cards_are_told_by_their_kind_and_text_in_their_place_is_a_degradation(
    tables: ModuleType, tmp_path: Path
) -> None:
    tables.SAMPLES = tmp_path
    folder = tmp_path / "wecom" / "out"
    folder.mkdir(parents=True)
    card = {"type": "card", "title": "T"}
    shown = {"msgtype": "template_card", "template_card": {"card_type": "text_notice"}}
    samples = {
        "card": {"reply": [card], "messages": [shown], "degradations": []},
        "text": {"reply": [card], "messages": [{"as text": "nothing to click on"}], "degradations": []},
    }
    for name, sample in samples.items():
        (folder / f"{name}.json").write_text(json.dumps(sample), encoding="utf-8")
    assert tables.table_out(tables.SOURCES["app"], "en")[2:] == [
        "| `Card` | `text_notice` |  | 1 |",
        "| `Card` | `text` | card: text | 1 |",
    ]
    page = "before\n<!-- coverage: app out -->\n\n| old |\n|---|\n\nafter\n"
    renewed = tables.renewed(page, "en")
    assert "| old |" not in renewed
    assert renewed.endswith("| card: text | 1 |\n\nafter\n")
    assert tables.renewed(renewed, "en") == renewed


def test_a_bots_answer_and_what_it_says_unasked_are_told_apart(tables: ModuleType, tmp_path: Path) -> None:
    tables.SAMPLES = tmp_path
    folder = tmp_path / "wecom" / "bot" / "out"
    folder.mkdir(parents=True)
    frames = {"answer": [{"body": {"msgtype": "stream"}}], "push": [{"body": {"msgtype": "markdown"}}]}
    (folder / "text.json").write_text(json.dumps({"reply": "hi", **frames}), encoding="utf-8")
    assert tables.table_out(tables.SOURCES["bot"], "zh")[2:] == ["| `Text` | `stream`; 主动发 `markdown` |  | 1 |"]


def test_a_page_without_a_place_for_a_table_is_a_problem(tables: ModuleType, tmp_path: Path) -> None:
    for folder in ("docs", "docs/zh"):
        (tmp_path / folder).mkdir()
        for name in ("wecom.md", "wechat.md"):
            (tmp_path / folder / name).write_text("# Nothing\n", encoding="utf-8")
    tables.ROOT = tmp_path
    found = [what for path, what in tables.problems() if path == tmp_path / "docs" / "wecom.md"]
    assert "has no line `<!-- coverage: app in -->`" in found
    assert "has no line `<!-- coverage: robot out -->`" in found
