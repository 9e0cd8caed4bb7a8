import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from imbridge.cli import main as command_line

Run = Callable[..., subprocess.CompletedProcess[str]]

MEMORY = {"IMBRIDGE_STORAGE": "memory"}


@pytest.fixture
def clean_environ() -> dict[str, str]:
    """Our environment without the settings that a developer's shell may hold; messages are in memory."""
    # Whatever is installed, the command is that of the code under test.
    source = {"PYTHONPATH": str(Path(command_line.__file__).parents[2])}
    ours = ("FEISHU_", "IMBRIDGE_", "NO_COLOR", "FORCE_COLOR", "PYTHON", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | source | MEMORY


@pytest.fixture
def imbridge(tmp_path: Path, clean_environ: Mapping[str, str]) -> Run:
    """Run `python -m imbridge` to its end, in an empty folder."""

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # our own command
            [sys.executable, "-m", "imbridge", *arguments],
            cwd=tmp_path,
            env={**clean_environ, **environ},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    return run
