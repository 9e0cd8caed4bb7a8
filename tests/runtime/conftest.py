import sys
import tempfile
from pathlib import Path

import pytest

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
