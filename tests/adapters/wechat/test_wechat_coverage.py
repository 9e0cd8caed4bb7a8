"""The tables of what arrives from WeChat and is sent there are made from the samples, and every type has one."""

from pathlib import Path
from types import ModuleType

import pytest
from coverage_script import copied, coverage_script


@pytest.fixture
def tables() -> ModuleType:
    return coverage_script()


def test_every_type_has_a_sample(tables: ModuleType) -> None:
    assert tables.incoming(tables.SOURCES["wechat"])[1] == []


def test_the_pages_say_what_the_samples_say(tables: ModuleType) -> None:
    assert [(path.name, what) for path, what in tables.problems() if path.name == "wechat.md"] == []


def test_a_type_without_a_sample_is_found(tables: ModuleType, tmp_path: Path) -> None:
    samples = copied(tables, "wechat", tmp_path)
    for path in samples.glob("in/*.xml"):
        text = path.read_text(encoding="utf-8")
        if "bizmsgmenuid" in text or "[SCAN]" in text:
            path.with_name(f"{path.stem}.expected.json").unlink()
    missing = tables.incoming(tables.SOURCES["wechat"])[1]
    assert missing == ["message text with bizmsgmenuid", "event scan"]
    assert [where.name for where, what in tables.problems() if "stale" in what and "wechat" in where.name] == [
        "wechat.md",
        "wechat.md",
    ]
