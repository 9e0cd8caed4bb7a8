"""The tables of what arrives from DingTalk and is said there are made from the samples, and every type has one."""

import json
from pathlib import Path
from types import ModuleType

import pytest
from coverage_script import copied, coverage_script


@pytest.fixture
def tables() -> ModuleType:
    return coverage_script("coverage_dingtalk")


@pytest.fixture
def samples(tables: ModuleType, tmp_path: Path) -> Path:
    folder = copied(tables, "", tmp_path / "samples")
    assert any(folder.glob("in/*.expected.json"))
    return folder


def written(folder: Path, name: str, sample: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(sample), encoding="utf-8")


def test_every_type_has_a_sample(tables: ModuleType) -> None:
    assert tables.incoming()[1] == []


def test_the_pages_say_what_the_samples_say(tables: ModuleType) -> None:
    assert [(path.name, what) for path, what in tables.problems()] == []


def test_a_type_without_a_sample_is_found(tables: ModuleType, samples: Path) -> None:
    for path in samples.glob("in/*.expected.json"):
        expected = json.loads(path.read_text(encoding="utf-8"))
        if expected["class"] in ("ButtonClicked", "ChannelClosed") or expected["item"].get("content_type") == "video":
            path.unlink()
    missing = ["message video", "event chat_disband", f"click {tables.CLICK}"]
    assert tables.incoming()[1] == missing
    assert {what.partition(":")[0] for _, what in tables.problems()} >= set(missing)


@pytest.mark.parametrize(("folder", "named"), [("in", '"channel_closed"'), ("out", '"mention_all"'), ("cards", "date")])
def test_a_changed_result_makes_both_pages_stale(tables: ModuleType, samples: Path, folder: str, named: str) -> None:
    for path in samples.glob(f"{folder}/*.json"):
        if named in path.read_text(encoding="utf-8"):
            path.unlink()
            path.with_name(path.name.replace(".expected", "")).unlink(missing_ok=True)
    stale = [(where.parent.name, where.name) for where, what in tables.problems() if "stale" in what]
    assert stale == [("docs", "dingtalk.md"), ("zh", "dingtalk.md")]


def test_what_has_lost_its_shape_is_no_sample_of_its_type(tables: ModuleType, tmp_path: Path) -> None:
    tables.SAMPLES = tmp_path
    frame = {"type": "EVENT", "headers": {"topic": "*", "eventType": "chat_disband"}, "data": {}}
    written(tmp_path / "in", "one", frame)
    written(tmp_path / "in", "one.expected", {"class": "UnknownEvent", "item": {"type": "unknown", "kind": "x"}})
    assert tables.table_in("en")[2:] == [
        "| any other event, or one that is not of its type's shape | `UnknownEvent`: `kind` | 1 |"
    ]


def test_an_event_over_http_is_of_the_same_type(tables: ModuleType) -> None:
    assert tables.type_of({"http": {"EventType": "user_add_org"}}) == ("event", "user_add_org")


def test_a_degradation_says_the_ways_that_have_it(tables: ModuleType, tmp_path: Path) -> None:
    tables.SAMPLES = tmp_path
    lost = [{"what": "mention", "how": "text: @Alice", "why": "it cannot call"}]
    sent = {"messages": [{"msgtype": "text"}], "degradations": []}
    called = {"messages": [{"msgKey": "sampleText"}], "degradations": lost}
    reply = [{"type": "mention", "id": "alice", "name": "Alice"}]
    written(tmp_path / "out", "one", {"reply": reply, "session": sent, "api": called, "robot": sent})
    every = sent | {"degradations": lost}
    written(tmp_path / "out", "two", {"reply": reply, "session": every, "api": called, "robot": every})
    written(tmp_path / "out", "three", {"reply": [{"type": "card", "title": "T"}], "robot": sent})
    assert tables.table_out("zh")[2:] == [
        "| `Card` | [卡片](#卡片) | [卡片](#卡片) | `text` |  | 1 |",
        "| `Mention` | `text` | `sampleText` | `text` | mention: text | 1 |",
        "| `Mention` | `text` | `sampleText` | `text` | mention: text (API) | 1 |",
    ]


def test_a_card_that_a_template_has_no_room_for_is_sent_otherwise(tables: ModuleType, tmp_path: Path) -> None:
    tables.SAMPLES = tmp_path
    body = [{"type": "button", "text": "Go"}]
    own = {"variables": {}, "degradations": [{"what": "confirm", "how": "left out", "why": "no"}]}
    written(tmp_path / "cards", "one", {"card": {"type": "card", "body": body}, "model": {"as text": "x"}, "own": own})
    written(tmp_path / "cards", "raw", {"card": {"type": "card"}, "raw": {"title": "sent as it is"}})
    assert tables.table_cards("en")[2:] == ["| `Button` | is sent otherwise | confirm: left out |"]


def test_a_page_without_a_place_for_a_table_is_a_problem(
    tables: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "dingtalk.md"
    page.write_text("# Nothing\n", encoding="utf-8")
    monkeypatch.setattr(tables, "PAGES", {page: "en"})
    assert [what for path, what in tables.problems() if path == page] == [
        f"has no line `<!-- coverage: {name} -->`" for name in ("in", "out", "cards")
    ]
