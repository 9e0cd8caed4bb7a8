"""The pages of capabilities are those that the data make."""

import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from imbridge.adapters.feishu.adapter import FeishuAdapter
from imbridge.adapters.feishu.capabilities import FEISHU
from imbridge.runtime.registry import adapter_type, platforms


@pytest.fixture(scope="module")
def script(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    path = request.config.rootpath / "docs" / "capabilities.py"
    spec = importlib.util.spec_from_file_location("capabilities_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look for their module
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(path.parent)
        spec.loader.exec_module(module)
        yield module


def test_they_are_current(script: ModuleType) -> None:
    assert list(script.problems()) == []


def test_a_change_of_the_data_makes_them_stale(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FeishuAdapter, "capabilities", FEISHU.model_copy(update={"file_bytes": 1 << 20}))
    assert [path.name for path, what in script.problems() if "stale" in what] == ["capabilities.md"] * 2


def test_every_sort_of_account_is_there(script: ModuleType) -> None:
    for words in script.LANGUAGES:
        text = (script.DOCS / words.page).read_text(encoding="utf-8")
        limits = text.partition("<!-- capabilities: limits -->")[2].partition("## ")[0]
        for platform in platforms():
            rows = [row for row in limits.split("\n") if row.startswith(f"| `{platform}`")]
            assert not [mode for mode in adapter_type(platform).modes if not any(f"`{mode}`" in row for row in rows)]


@pytest.mark.parametrize(
    ("size", "said"), [(0, "–"), (2048, "2 KiB"), (15_000, "15,000 B"), (20 << 20, "20 MiB"), (19_900, "19,900 B")]
)
def test_sizes(script: ModuleType, size: int, said: str) -> None:
    assert script.readable(size, script.ENGLISH) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(14, "14 s"), (300, "5 min"), (3600, "1 h"), (172_800, "48 h"), (259_200, "3 d"), (90, "90 s")],
)
def test_times(script: ModuleType, seconds: float, said: str) -> None:
    assert script.span(seconds, script.ENGLISH) == said
