"""Events beyond what golden samples show: units of time, kinds of chats, clicks, and the emulator's own events."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from contract import until
from feishu_rig import Rig, text
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.inbound import Identity, decode
from imbridge.adapters.feishu.received.moments import moment, shown
from imbridge.emulators.feishu import EmulatorSettings
from imbridge.protocol import (
    ApprovalChanged,
    BotAdded,
    ButtonClicked,
    ChannelClosed,
    ChannelKind,
    ChannelUpdated,
    ChatOpened,
    ContactChanged,
    DocumentCommented,
    Event,
    MeetingInvited,
    MemberJoined,
    MemberLeft,
    MenuClicked,
    Message,
    MessageRead,
    MessageRecalled,
    ReactionAdded,
)
from imbridge.rendering.cards.carried import TYPED
from imbridge.runtime.intake.gate import Gate, Pass

SAMPLES = Path(__file__).parents[2] / "samples" / "feishu"
WHEN = datetime(2025, 12, 28, 5, 33, 20, tzinfo=UTC)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def me() -> Identity:
    return Identity(account="work", app_id="cli_a1b2c3", bot_id="ou_bot")


# -- time --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["1766900000", "1766900000.0000000", 1766900000, "1766900000000", 1766900000000, "1766900000000000",
     1766900000000000, "1766900000000000000"],
)  # fmt: skip
def test_every_unit_is_the_same_moment(written: Any) -> None:
    assert moment(written) == WHEN


@given(st.datetimes(datetime(1974, 1, 1), datetime(5000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - it has one
def test_no_unit_is_taken_for_another(when: datetime) -> None:
    seconds = int(when.timestamp())
    expected = datetime.fromtimestamp(seconds, UTC)
    for unit in (1, 1000, 1_000_000):
        assert abs((moment(str(seconds * unit)) - expected).total_seconds()) < 0.001


@pytest.mark.parametrize("written", ["soon", "nan", "inf", "9" * 400, 10**400, "1e22"])
def test_what_is_no_time_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match=r"time|float"):
        moment(written)


def test_a_time_is_shown_to_the_minute() -> None:
    assert shown("1766900000000") == "2025-12-28 05:33 UTC"
    assert shown("") == shown(None) == shown("0") == ""


# -- edited messages ---------------------------------------------------------------------------------------------------


def edited(**times: str) -> Any:
    payload = sample("text_private")
    payload["event"]["message"] |= times
    return decode(payload, me())


def test_a_changed_message_is_no_duplicate_of_the_first() -> None:
    first, second, third = edited(), edited(update_time="1766900060000"), edited(update_time="1766900090000")
    assert [one.item.edited for one in (first, second, third)] == [False, True, True]
    assert len({one.dedup_keys[1] for one in (first, second, third)}) == 3
    assert edited(update_time="1766900060000").dedup_keys == second.dedup_keys


@pytest.mark.parametrize("update_time", ["", "0", None, "1766900000122"])
def test_no_later_time_is_no_edit(update_time: Any) -> None:
    inbound = edited(update_time=update_time)
    assert not inbound.item.edited
    assert inbound.dedup_keys[1] == inbound.item.id


# -- which chats are private -------------------------------------------------------------------------------------------


def in_chat(name: str, chat_id: str) -> Any:
    written = (SAMPLES / f"{name}.json").read_text()
    return json.loads(written.replace("oc_5ce6d572455d361153b7cb51da133945", chat_id).replace('"oc_1"', f'"{chat_id}"'))


@pytest.mark.parametrize("told_by", ["text_private", "chat_opened", "old_text", "old_chat_created"])
@pytest.mark.parametrize("event", ["card_button", "recalled", "url_preview"])
def test_a_private_chat_is_known_by_what_was_seen_of_it(told_by: str, event: str) -> None:
    who = me()
    first = decode(sample(told_by), who).item
    assert first.channel is not None
    assert first.channel.kind is ChannelKind.PRIVATE
    item = decode(in_chat(event, first.channel.id), who).item
    assert item.channel == first.channel


def test_an_unknown_chat_counts_as_a_group() -> None:
    item = decode(sample("card_button"), me()).item
    assert item.channel is not None
    assert item.channel.kind is ChannelKind.GROUP


def test_the_memory_of_chats_is_bounded() -> None:
    who = me()
    for number in range(20_050):
        who.remember(f"oc_{number}", ChannelKind.PRIVATE)
    assert len(who.chats) == 20_000
    assert who.kind_of("oc_49") is ChannelKind.GROUP
    assert who.kind_of("oc_20049") is ChannelKind.PRIVATE


@pytest.mark.parametrize("told_by", ["text_mention_bot", "bot_added", "members_added", "old_bot_added"])
def test_a_group_is_known_by_what_was_seen_of_it(rig: Rig, told_by: str) -> None:
    adapter = rig.make()
    click = decode(sample("card_button"), adapter.me).item
    assert click.channel is not None
    assert not adapter.knows_kind(click.channel)
    first = decode(sample(told_by), adapter.me).item
    assert first.channel is not None
    assert adapter.knows_kind(first.channel)


async def test_a_private_chat_is_known_by_what_we_sent_there(rig: Rig, adapter: FeishuAdapter) -> None:
    assert adapter.me.kind_of(rig.chat.chat_id) is ChannelKind.GROUP
    await adapter.send(rig.target(), text("hello"), "k")
    assert adapter.me.kind_of(rig.chat.chat_id) is ChannelKind.PRIVATE


# -- our own doing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["reaction_created_by_us", "reaction_deleted_by_us", "text_own", "old_chat_created_by_us"]
)
def test_what_we_did_ourselves_goes_no_further_than_the_gate(name: str) -> None:
    gate = Gate(stale_after=1e12, may_write=lambda item: True)
    assert gate.check(decode(sample(name), me()).item) is Pass.OWN


@pytest.mark.parametrize("name", ["reaction_created", "text_private", "old_chat_created", "card_button"])
def test_what_others_did_passes(name: str) -> None:
    gate = Gate(stale_after=1e12, may_write=lambda item: True)
    assert gate.check(decode(sample(name), me()).item) is Pass.GO


# -- clicks ------------------------------------------------------------------------------------------------------------


def click(action: dict[str, Any]) -> ButtonClicked:
    payload = sample("card_button")
    payload["event"]["action"] = action
    item = decode(payload, me()).item
    assert isinstance(item, ButtonClicked)
    return item


@pytest.mark.parametrize("value", [None, 0, "", [], [1, {"a": None}], {"imbridge": "inner"}, "text", False])
def test_what_our_button_carries_comes_back_whole(value: Any) -> None:
    item = click({"tag": "button", "value": {"imbridge": "go", "value": value}, "name": "ignored"})
    assert (item.action, item.value) == ("go", value)


@pytest.mark.parametrize(
    ("entered", "value"),
    [({"option": ""}, ""), ({"options": []}, []), ({"checked": False}, False), ({"input_value": "x"}, "x"), ({}, 5)],
)
def test_what_was_chosen_is_the_value(entered: dict[str, Any], value: Any) -> None:
    item = click({"tag": "any_choice", "value": {"imbridge": "field", "value": 5, TYPED: True}, **entered})
    assert (item.action, item.value) == ("field", value)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ({"tag": "button", "name": "n", "value": {"action": "a"}}, "n"),
        ({"tag": "button", "value": {"action": "a"}}, "a"),
        ({"tag": "button", "value": {"action": 7}}, "button"),
        ({"tag": "button", "value": {"imbridge": 7, "action": "a"}}, "a"),
        ({"tag": "overflow"}, "overflow"),
        ({}, ""),
    ],
)
def test_a_foreign_card_s_action_has_the_best_name_there_is(action: dict[str, Any], name: str) -> None:
    item = click(action)
    assert item.action == name
    assert item.value == action.get("value")


# -- what the emulator pushes ------------------------------------------------------------------------------------------


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(redelivery=(0.05, 0.1), reconnect_nonce=0, reconnect_interval=0, chat_rate=1000)


async def told(rig: Rig, kind: type[Event], number: int = 1) -> list[Any]:
    def found() -> list[Any]:
        return [item for item in rig.intake.items if isinstance(item, kind)]

    await until(lambda: len(found()) >= number, f"{number} {kind.__name__}")
    return found()


async def test_what_happens_in_groups(rig: Rig, adapter: FeishuAdapter) -> None:
    feishu = rig.feishu
    bob = feishu.add_user("Bob")
    team = feishu.add_group("Team", [rig.alice])
    feishu.groups.add_bot(team, rig.app, by=rig.alice)
    feishu.groups.add_members(team, bob, by=rig.alice)
    feishu.groups.change(team, by=rig.alice, name="New team")
    feishu.groups.remove_members(team, bob, by=rig.alice)
    feishu.groups.disband(team, by=rig.alice)
    (added,) = await told(rig, BotAdded)
    (joined,) = await told(rig, MemberJoined)
    (changed,) = await told(rig, ChannelUpdated)
    (left,) = await told(rig, MemberLeft)
    (closed,) = await told(rig, ChannelClosed)
    for event in (added, joined, changed, left, closed):
        assert event.channel.id == team.chat_id
        assert event.channel.kind is ChannelKind.GROUP
        assert event.actor.id == rig.alice.open_id
    assert [(one.id, one.name) for one in joined.members] == [(bob.open_id, "Bob")]
    assert joined.members == left.members
    assert changed.changes == {"name": {"before": "Team", "after": "New team"}}


async def test_what_people_do_with_the_bot(rig: Rig, adapter: FeishuAdapter) -> None:
    alice = rig.alice
    said = await alice.says("hello")
    alice.reacts(said, "SMILE")
    alice.recalls(said)
    alice.enters_chat(rig.app)
    alice.clicks_menu(rig.app, "help")
    alice.comments(rig.app, "doccn1")
    alice.invites_to_meeting(rig.app, "Planning")
    assert (await told(rig, ReactionAdded))[0].emoji == "SMILE"
    (recalled,) = await told(rig, MessageRecalled)
    assert (recalled.message_id, recalled.channel.kind) == (said.message_id, ChannelKind.PRIVATE)
    (opened,) = await told(rig, ChatOpened)
    assert (opened.channel.kind, opened.actor.id) == (ChannelKind.PRIVATE, alice.open_id)
    (menu,) = await told(rig, MenuClicked)
    assert (menu.key, menu.actor.id) == ("help", alice.open_id)
    (comment,) = await told(rig, DocumentCommented)
    assert (comment.document_id, comment.mentions_me, comment.actor.id) == ("doccn1", True, alice.open_id)
    (meeting,) = await told(rig, MeetingInvited)
    assert (meeting.topic, meeting.number) == ("Planning", "123456789")


async def test_an_edited_message_that_is_pushed_again_is_a_new_version(rig: Rig, adapter: FeishuAdapter) -> None:
    said = await rig.alice.says("at 9")
    rig.alice.edits(said, "at 10", pushed=True)
    await rig.intake.has("at 10")
    items = [item for item in rig.intake.items if isinstance(item, Message)]
    assert [(item.text, item.edited) for item in items] == [("at 9", False), ("at 10", True)]


async def test_approvals_of_the_older_schema(rig: Rig, adapter: FeishuAdapter) -> None:
    approvals = rig.feishu.approvals
    leave = approvals.define("Leave")
    leave.subscribers.append(rig.app)
    request = approvals.start(leave, by=rig.alice, approvers=[rig.alice])
    approvals.approve(request.tasks[0])
    events = await told(rig, ApprovalChanged, 4)
    assert [(event.status, bool(event.task_id)) for event in events] == [
        ("pending", False), ("pending", True), ("approved", True), ("approved", False),
    ]  # fmt: skip
    assert {(event.approval_code, event.instance_code) for event in events} == {(leave.code, request.code)}


async def test_reading_and_the_directory(rig: Rig, adapter: FeishuAdapter) -> None:
    await adapter.send(rig.target(), text("hello"), "k")
    rig.alice.reads(await rig.alice.receives("hello"))
    (read,) = await told(rig, MessageRead)
    assert read.actor.id == rig.alice.open_id
    rig.feishu.contacts.user_joins(rig.feishu.add_user("Carol"))
    (change,) = await told(rig, ContactChanged)
    assert (change.subject, change.change) == ("user", "created")
