"""Samples with the result that is expected of them. With IMBRIDGE_UPDATE_GOLDEN=1 a changed result is accepted."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def updating() -> bool:
    """Whether a changed result is accepted."""
    return bool(os.environ.get("IMBRIDGE_UPDATE_GOLDEN"))


def save(path: Path, content: Mapping[str, Any], *, ascii_only: bool = False) -> None:
    """Write a sample or a result."""
    text = json.dumps(content, ensure_ascii=ascii_only, indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")


def as_expected(path: Path, result: Mapping[str, Any]) -> None:
    """The result is the one in the file, which takes it when it is to be updated."""
    if updating():
        save(path, result)
    assert result == json.loads(path.read_text(encoding="utf-8"))
