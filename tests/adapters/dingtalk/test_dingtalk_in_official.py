"""What the official SDK's models read of our samples, we read too; its models in a process of their own."""

import json
import subprocess
import sys
from pathlib import Path

from dingtalk_samples import IN, NAMES, delivery, read

SCRIPT = Path(__file__).parent / "scripts" / "dingtalk_differential.py"
TOO_MUCH_FOR_IT = {
    "text_at_users_null": "raises: it wants a list",
    "content_as_text": "raises: it wants an object",
    "click_content_is_object": "raises: it wants a text",
    "click_broken_json": "raises",
    "event_without_time": "raises: it wants a number",
    "rich_text_old": "raises: it wants `content`",
    "picture_one_code": "does not know the second code of a picture",
}
"""Samples that it cannot read, or of which it reads less."""


def test_what_the_official_models_read_is_read_the_same() -> None:
    names = [name for name in NAMES if "http" not in read(name) and name not in TOO_MUCH_FOR_IT]
    found = subprocess.run(
        [sys.executable, SCRIPT, *(str(IN / f"{name}.json") for name in names)],
        capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-3000:]
    word, counts = found.stdout.strip().split(" ", 1)
    assert word == "ok"
    compared = json.loads(counts)
    messages = [name for name in names if "msgtype" in delivery(name)]
    assert compared["messages"] + compared["unknown"] == len(messages)
    assert compared["unknown"] < 8
    assert compared["clicks"] > 8
    assert sum(compared.values()) == len(names)
