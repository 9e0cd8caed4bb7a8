"""Cards that become several messages: all of them are in the receipt, also when not all of them are sent."""

from typing import Any

import pytest
from dingtalk_rig import Rig
from dingtalk_saying import HERE, heard, make_robot, say_all
from rigs import card

from imbridge import Bridge
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.pieces import PartlySentError
from imbridge.emulators.dingtalk import Group
from imbridge.protocol import Button, Card, DeliveryState, Markdown

TO_GROUP, ROBOT = "/v1.0/robot/groupMessages/send", "/robot/send"
LONG = Card(title="Long", body=(Markdown("word " * 5000), Button("Open", url="https://x.example")))


def refuse_after_the_first(rig: Rig, path: str, code: str | int) -> None:
    """The second call of this path is refused: calls are told of when they are answered."""
    seen: list[Any] = []

    def watch(direction: str, kind: str, facts: dict[str, Any]) -> None:
        if kind == "http" and direction == "in" and facts["path"] == path:
            seen.append(facts)
            if len(seen) == 1:
                rig.ding.faults.refuse(path, code)

    rig.ding.wire.watch(watch)


async def test_each_has_its_id(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    sent, _ = await say_all(adapter, rig.target(team), LONG)
    ids = [part.message_id for part in (sent[0].part, *sent[0].more)]
    assert ids == [message.message_id for message in rig.sent()]
    assert len(set(ids)) == 2


async def test_all_are_in_the_receipt_and_can_be_taken_back(rig: Rig, team: Group) -> None:
    bridge = Bridge([rig.config()])
    async with bridge:
        receipt = await bridge.send(rig.target(team).channel.address, LONG)
        assert receipt.state is DeliveryState.SENT
        assert len(receipt.message_ids) == 2
        await bridge.recall(receipt)
    assert rig.sent() == []


async def test_a_receipt_says_what_is_there_when_not_all_is(rig: Rig, team: Group) -> None:
    bridge = Bridge([rig.config()])
    refuse_after_the_first(rig, TO_GROUP, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    async with bridge:
        receipt = await bridge.send(rig.target(team).channel.address, LONG)
    assert receipt.state is DeliveryState.PARTIAL
    assert receipt.message_ids == tuple(message.message_id for message in rig.sent())
    assert len(receipt.message_ids) == 1
    assert receipt.code == "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    assert "after 1 of its messages" in receipt.error
    assert "card" in [one.what for one in receipt.degradations]


async def test_text_in_the_place_of_a_card_too(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    """The platform's own JSON that it does not take, with a long text to show instead."""
    refuse_after_the_first(rig, TO_GROUP, "invalidParameter.openConversationId.invalid")
    part = card(content={"cardTemplateId": "unknown", "cardParamMap": {}}, text="word " * 5000)
    with pytest.raises(PartlySentError) as caught:
        await adapter.send(rig.target(team), part, "key")
    assert [caught.value.sent.part.message_id] == [message.message_id for message in rig.sent()]


async def test_a_custom_robot_says_a_long_card_in_pieces(rig: Rig, team: Group) -> None:
    alerts = rig.ding.add_custom_robot("Alerts", team)
    sent, changed = await say_all(make_robot(rig, alerts), HERE, LONG)
    assert [one.what for one in changed] == ["card", "length"]
    assert len(rig.sent()) == 1 + len(sent[0].more) == 2
    assert sum(message.text.count("word") for message in rig.sent()) == 5000
    assert rig.ding.violations == []


async def test_by_the_session_webhook_they_have_no_ids(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    await heard(rig, rig.alice, team)
    sent, _ = await say_all(adapter, rig.target(team), LONG)
    assert [part.message_id for part in (sent[0].part, *sent[0].more)] == ["", ""]
    assert [message.way for message in rig.sent()] == ["session", "session"]
