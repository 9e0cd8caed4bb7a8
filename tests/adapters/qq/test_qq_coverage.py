"""The tables of what arrives from QQ and is said there are made from the samples, and every type has one."""

import json
from pathlib import Path
from types import ModuleType

import pytest
from coverage_script import copied, coverage_script


@pytest.fixture
def tables() -> ModuleType:
    return coverage_script("coverage_qq")


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


def test_the_pages_say_what_the_samples_and_the_code_say(tables: ModuleType) -> None:
    assert [(path.name, what) for path, what in tables.problems()] == []


def test_a_type_without_a_sample_is_found(tables: ModuleType, samples: Path) -> None:
    for path in samples.glob("in/*.expected.json"):
        expected = json.loads(path.read_text(encoding="utf-8"))
        kind = json.loads(path.with_name(path.name.replace(".expected", "")).read_text(encoding="utf-8"))["t"]
        if expected["class"] in ("MenuClicked", "ChannelClosed") or kind == "GROUP_MESSAGE_CREATE":
            path.unlink()
    missing = ["message GROUP_MESSAGE_CREATE", "event CHANNEL_DELETE", "click INTERACTION_CREATE 12"]
    assert tables.incoming()[1] == missing
    assert {what.partition(":")[0] for _, what in tables.problems()} >= set(missing)


@pytest.mark.parametrize(("folder", "named"), [("in", '"channel_closed"'), ("out", '"mention_all"')])
def test_a_changed_result_makes_both_pages_stale(tables: ModuleType, samples: Path, folder: str, named: str) -> None:
    for path in samples.glob(f"{folder}/*.json"):
        if named in path.read_text(encoding="utf-8"):
            path.unlink()
            path.with_name(path.name.replace(".expected", "")).unlink(missing_ok=True)
    stale = [(where.parent.name, where.name) for where, what in tables.problems() if "stale" in what]
    assert stale == [("docs", "qq.md"), ("zh", "qq.md")]


def test_a_changed_close_code_makes_both_pages_stale(tables: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {**tables.CLOSE_CODES, 4008: tables.CLOSE_CODES[4006]}
    monkeypatch.setattr(tables, "CLOSE_CODES", changed)
    assert [where.parent.name for where, what in tables.problems() if "stale" in what] == ["docs", "zh"]


def test_codes_that_mean_the_same_are_one_row(tables: ModuleType) -> None:
    rows = tables.table_closes("en")
    assert "| 4900-4913 | The gateway has a problem | a new session |" in rows
    assert "| 4008 | Too many payloads | after 60 s, resumes |" in rows
    assert "| 4914 | 机器人已下架，只能连沙箱 | 停止 |" in tables.table_closes("zh")


def test_what_has_lost_its_shape_is_no_sample_of_its_type(tables: ModuleType, tmp_path: Path) -> None:
    tables.SAMPLES = tmp_path
    written(tmp_path / "in", "one", {"t": "CHANNEL_DELETE", "d": {}})
    written(tmp_path / "in", "one.expected", {"class": "UnknownEvent", "item": {"type": "unknown", "kind": "x"}})
    written(tmp_path / "in", "two", {"t": "INTERACTION_CREATE", "d": {"type": 99}})
    written(tmp_path / "in", "two.expected", {"class": "UnknownEvent", "item": {"type": "unknown", "kind": "x"}})
    assert tables.table_in("en")[2:] == [
        "| any other event, or one that is not of its type's shape | `UnknownEvent`: `kind` | 1 |",
        "| any other interaction, or one that is not of its type's shape | `UnknownEvent`: `kind` | 1 |",
    ]


def test_a_degradation_says_the_places_that_have_it(tables: ModuleType, tmp_path: Path) -> None:
    tables.SAMPLES = tmp_path
    lost = [{"what": "mention", "how": "text: @Alice", "why": "there is nobody to call"}]
    text = {"messages": [{"msg_type": 0, "content": "@Alice"}], "degradations": lost}
    called = {"messages": [{"content": "@Alice"}], "degradations": []}
    reply = [{"type": "mention", "id": "alice", "name": "Alice"}]
    written(tmp_path / "out", "one", {"reply": reply, "c2c": text, "group": called, "channel": called, "dms": text})
    every = {"messages": [{"content": "@Alice"}], "degradations": lost}
    written(tmp_path / "out", "two", {"reply": reply, "c2c": every, "group": every, "channel": every, "dms": every})
    assert tables.table_out("zh")[2:] == [
        "| `Mention` | `text` | `text` | `text` | `text` | mention: text | 1 |",
        "| `Mention` | `text` | `text` | `text` | `text` | mention: text (单聊, 频道私信) | 1 |",
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"content": "hi"}, "text"),
        ({"content": "hi", "(bytes)": 32}, "image"),
        ({"(bytes)": 32}, "image"),
        ({"msg_type": 7, "content": " ", "media": {}, "(bytes)": 32}, "media"),
        ({"msg_type": 2, "markdown": {}, "keyboard": {}}, "markdown+keyboard"),
    ],
    ids=["text", "a picture with text", "a picture", "media", "buttons"],
)
def test_a_message_is_named_by_what_is_in_it(tables: ModuleType, body: dict[str, object], kind: str) -> None:
    assert tables._kind(body) == kind


def test_a_page_without_a_place_for_a_table_is_a_problem(
    tables: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "qq.md"
    page.write_text("# Nothing\n", encoding="utf-8")
    monkeypatch.setattr(tables, "PAGES", {page: "en"})
    assert [what for path, what in tables.problems() if path == page] == [
        f"has no line `<!-- coverage: {name} -->`" for name in ("in", "out", "closes")
    ]
