"""What the official SDK's models read of our samples, we read too; its models in a process of their own."""

import json
import subprocess
import sys
from pathlib import Path

from qq_samples import IN, NAMES

SCRIPT = Path(__file__).parent / "scripts" / "qq_differential.py"
TOO_MUCH_FOR_IT = {
    "c2c_attachments_odd": "raises: it wants objects",
    "c2c_time_as_go_prints": "hands on the text",
    "c2c_content_odd": "hands on what is no text",
}
"""Samples that it cannot read, or of which it reads less."""


def test_what_the_official_models_read_is_read_the_same(tmp_path: Path) -> None:
    names = [name for name in NAMES if name not in TOO_MUCH_FOR_IT]
    found = subprocess.run(
        [sys.executable, SCRIPT, *(str(IN / f"{name}.json") for name in names)],
        capture_output=True, text=True, check=False, timeout=50, cwd=tmp_path,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-3000:]
    word, counts = found.stdout.strip().splitlines()[-1].split(" ", 1)
    assert word == "ok"
    compared = json.loads(counts)
    assert sum(compared.values()) == len(names)
    assert compared["messages"] > 60
    assert compared["events"] > 40
