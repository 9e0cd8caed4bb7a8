"""The samples of what comes in: frames of the stream, whose data are readable, and events over HTTP."""

import json
from pathlib import Path
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.dingtalk.frames import parse_frame
from imbridge.adapters.dingtalk.inbound import Identity, decode, decode_event

IN = Path(__file__).parents[2] / "samples" / "dingtalk" / "in"
NAMES = sorted(path.stem for path in IN.glob("*.json") if ".expected" not in path.name)


def me() -> Identity:
    """The account that receives."""
    return Identity(account="work", robot_code="dingdemoapp0r3xc0b")


def read(name: str) -> dict[str, Any]:
    """A sample as it is written."""
    sample: dict[str, Any] = json.loads((IN / f"{name}.json").read_text(encoding="utf-8"))
    return sample


def delivery(name: str) -> dict[str, Any]:
    """What is delivered in it."""
    sample = read(name)
    data: dict[str, Any] = sample["http"] if "http" in sample else sample["data"]
    return data


def decoded(sample: dict[str, Any], who: Identity | None = None) -> Inbound:
    """What we make of a sample."""
    who = who or me()
    if "http" in sample:
        return decode_event({}, sample["http"], who)
    wire = {**sample, "data": json.dumps(sample["data"], ensure_ascii=False)}
    return decode(parse_frame(json.dumps(wire)), who)


def inbound(name: str, who: Identity | None = None) -> Inbound:
    """What we make of the sample of this name."""
    return decoded(read(name), who)


def item(name: str) -> Any:
    """The message or event in it."""
    return inbound(name).item
