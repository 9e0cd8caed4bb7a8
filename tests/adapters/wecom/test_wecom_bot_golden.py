"""What the platform tells a smart bot, and what we make of each.

To accept a changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from golden import as_expected

from imbridge.adapters.wecom.bot.facts import BotIdentity
from imbridge.adapters.wecom.bot.inbound import Received, decode
from imbridge.protocol import Message

SAMPLES = Path(__file__).parents[2] / "samples" / "wecom" / "bot" / "in"
NAMES = sorted(path.name.removesuffix(".json") for path in SAMPLES.glob("*.json") if ".expected" not in path.name)
ME = BotIdentity("bot", "aibBOT", "Demo")


def read(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return body


def got(name: str, me: BotIdentity = ME) -> Received:
    return decode(read(name), me)


def seen(name: str) -> dict[str, Any]:
    received = got(name)
    item = received.inbound.item
    facts = item.model_dump(mode="json", exclude={"payload", "hops", "joined"}, exclude_none=True)
    if isinstance(item, Message):
        facts |= {"mentions_me": item.mentions_me, "mentions_all": item.mentions_all}
    if datetime.now(UTC) - item.timestamp < timedelta(hours=1):
        facts["timestamp"] = "now"  # the platform told no time
    return {
        "class": type(item).__name__,
        "dedup_keys": list(received.inbound.dedup_keys),
        "item": facts,
        "media": {key: bool(aes_key) for key, (_, aes_key) in received.media.items()},
        "can_be_answered_once_more": bool(received.response_url),
    }


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str) -> None:
    as_expected(SAMPLES / f"{name}.expected.json", seen(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_payload_is_kept_whole(name: str) -> None:
    assert got(name).inbound.item.payload == read(name)


@pytest.mark.parametrize("name", NAMES)
def test_no_credential_is_shown(name: str) -> None:
    received = got(name)
    shown = repr(received) + repr(received.inbound)
    assert "sign=q-sign-time" not in shown
    assert "MTIzNDU2" not in shown
    assert "RESPONSE_CODE" not in shown


@pytest.mark.parametrize("name", NAMES)
def test_without_knowing_our_name(name: str) -> None:
    """Nothing is lost: the call that a group's message begins with is ours, other text stays."""
    with_name, without = got(name).inbound.item, got(name, BotIdentity("bot", "aibBOT")).inbound.item
    assert type(with_name) is type(without)
    if isinstance(with_name, Message) and isinstance(without, Message):
        assert with_name.raw == without.raw
        assert with_name.mentions_me == without.mentions_me
