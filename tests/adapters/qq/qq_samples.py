"""The samples of what comes in: payloads as the gateway and webhooks have them."""

import json
from pathlib import Path
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.qq.inbound import Identity, decode

IN = Path(__file__).parents[2] / "samples" / "qq" / "in"
NAMES = sorted(path.stem for path in IN.glob("*.json") if ".expected" not in path.name)
BOT = "6158788878435714165"


def me() -> Identity:
    """The account that receives."""
    return Identity(account="work", bot_id=BOT, name="Demo")


def read(name: str) -> dict[str, Any]:
    """A sample as it is written."""
    sample: dict[str, Any] = json.loads((IN / f"{name}.json").read_text(encoding="utf-8"))
    return sample


def inbound(name: str, who: Identity | None = None) -> Inbound:
    """What we make of the sample of this name."""
    return decode(read(name), who or me())


def item(name: str, who: Identity | None = None) -> Any:
    """The message or event in it."""
    return inbound(name, who).item


def changed(name: str, **fields: Any) -> dict[str, Any]:
    """A sample with other fields in its data."""
    sample = read(name)
    return {**sample, "d": {**sample["d"], **fields}}
