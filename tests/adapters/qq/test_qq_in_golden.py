"""Payloads as the platform sends them, and what we make of each.

To accept a changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

import pytest
from golden import as_expected
from qq_samples import IN, NAMES, inbound, item, read

from imbridge.adapters.qq.capabilities import BOT
from imbridge.adapters.qq.inbound import MESSAGES
from imbridge.adapters.qq.intents import INTENTS
from imbridge.adapters.qq.received import events
from imbridge.emulators.qq import intents as documented

UNTIMED = ("c2c_time_missing",)
"""Those whose time is that of their reading; events have theirs where the platform tells it."""


def seen(name: str) -> dict[str, object]:
    found = inbound(name)
    dumped = found.item.model_dump(mode="json", exclude={"payload", "hops", "joined"}, exclude_none=True)
    for element in dumped.get("elements", ()):
        element.pop("payload", None)
        element.pop("details", None)
    data = read(name)["d"]
    if name in UNTIMED or not data.keys() & {"timestamp", "audit_time", "apply_at"}:
        dumped.pop("timestamp")
    return {"class": type(found.item).__name__, "dedup_keys": list(found.dedup_keys), "item": dumped}


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str) -> None:
    as_expected(IN / f"{name}.expected.json", seen(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_payload_is_kept_whole_and_shown_in_no_repr(name: str) -> None:
    found = item(name)
    assert found.payload == read(name)["d"]
    assert "canary.example" not in repr(found) or name == "guild_changed"


def test_no_two_samples_have_a_key_in_common() -> None:
    keys = [key for name in NAMES for key in inbound(name).dedup_keys]
    assert len(set(keys)) == len(keys)


def test_every_type_and_event_has_a_sample() -> None:
    kinds = {read(name)["t"] for name in NAMES}
    assert kinds >= MESSAGES
    assert kinds >= events.READERS.keys()


def test_what_comes_is_what_the_capabilities_name() -> None:
    types = {element.type for name in NAMES for element in getattr(item(name), "elements", ())}
    assert types == BOT.receives


def test_every_intent_has_a_sample() -> None:
    covered = 0
    for name in NAMES:
        covered |= documented.intent_of(read(name)["t"])
    assert [intent for intent, bit in INTENTS.items() if not covered & bit] == []


def test_every_expectation_has_a_sample() -> None:
    assert {path.name.removesuffix(".expected.json") for path in IN.glob("*.expected.json")} == set(NAMES)
