import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from outbox_world import robot_of
from runtime_world import emulated

from imbridge import FeishuConfig
from imbridge.emulators.feishu import FeishuEmulator

# The storage double belongs to the tests of the storage; the runtime is tested with it too.
sys.path.append(str(Path(__file__).parents[1] / "storage"))
# So does the server that hands out files.
sys.path.append(str(Path(__file__).parents[1] / "adapters"))


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files are made: a folder of the test's own."""
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
async def feishu() -> AsyncIterator[FeishuEmulator]:
    async with emulated() as emulator:
        yield emulator


@pytest.fixture
def robot(feishu: FeishuEmulator) -> FeishuConfig:
    return robot_of(feishu)
