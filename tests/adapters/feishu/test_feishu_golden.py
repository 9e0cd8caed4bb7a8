"""Payloads as the platform sends them, and what we make of each.

To accept a changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from golden import as_expected

from imbridge.adapters.feishu.inbound import Identity, decode
from imbridge.protocol import Message, ReactionRemoved

SAMPLES = Path(__file__).parents[2] / "samples" / "feishu"
NAMES = sorted(path.name.removesuffix(".json") for path in SAMPLES.glob("*.json") if ".expected" not in path.name)


def me() -> Identity:
    """A new one for each sample: it remembers which chats are private."""
    return Identity(account="work", app_id="cli_a1b2c3", bot_id="ou_bot", bot_name="Demo Bot")


def read(name: str) -> dict[str, object]:
    payload: dict[str, object] = json.loads((SAMPLES / f"{name}.json").read_text())
    return payload


def seen(name: str) -> dict[str, object]:
    inbound = decode(read(name), me())
    item = inbound.item.model_dump(mode="json", exclude={"payload", "hops", "joined"}, exclude_none=True)
    if isinstance(inbound.item, Message):
        item |= {"mentions_me": inbound.item.mentions_me, "mentions_all": inbound.item.mentions_all}
    if datetime.now(UTC) - inbound.item.timestamp < timedelta(hours=1):
        item["timestamp"] = "now"  # the platform told no time
    return {"class": type(inbound.item).__name__, "dedup_keys": list(inbound.dedup_keys), "item": item}


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str) -> None:
    as_expected(SAMPLES / f"{name}.expected.json", seen(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_payload_is_kept_whole(name: str) -> None:
    payload = read(name)
    assert decode(payload, me()).item.payload == payload


def message(name: str) -> Message:
    item = decode(read(name), me()).item
    assert isinstance(item, Message)
    return item


def test_our_leading_mention_is_taken_off_and_others_stay_by_name() -> None:
    item = message("text_mention_bot")
    assert item.text == "/weather @Bob"
    assert item.raw == "@Demo Bot /weather @Bob"
    assert item.mentions_me


def test_user_1_is_not_the_beginning_of_user_10() -> None:
    item = message("text_mention_ten")
    assert item.text == "@Ten meets @Demo Bot and @_user_3"  # the third is not in the list of mentions: it stays text
    assert [mention.id for mention in item.mentions] == ["ou_ten", "ou_bot"]


def test_a_namesake_of_the_bot_is_not_the_bot() -> None:
    item = message("text_namesake")
    assert not item.mentions_me
    assert item.text == "@Demo Bot hi"


def test_all_is_seen_although_the_list_of_mentions_is_empty() -> None:
    item = message("text_mention_all_no_list")
    assert item.mentions_all
    assert not item.mentions_me


def test_own_messages_and_bots_are_flagged() -> None:
    assert message("text_own").sender.is_self
    other = message("text_other_bot").sender
    assert other.is_bot
    assert not other.is_self


def test_our_own_reaction_is_ours() -> None:
    item = decode(read("reaction_deleted_by_us"), me()).item
    assert isinstance(item, ReactionRemoved)
    assert item.actor is not None
    assert item.actor.is_self
