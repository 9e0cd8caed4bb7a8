"""What happens in groups and in the organisation is told, over stream and over HTTP, and clicks on cards."""

from typing import Any

import pytest
from contract import until
from dingtalk_rig import Rig
from rigs import text

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.emulators.dingtalk import Group
from imbridge.protocol import (
    ApprovalChanged,
    BotAdded,
    BotRemoved,
    ButtonClicked,
    ChannelClosed,
    ChannelUpdated,
    ContactChanged,
    Event,
    MemberJoined,
    MemberLeft,
    UnknownEvent,
)


async def told(rig: Rig, kind: type[Event], count: int = 1) -> Any:
    """The newest event, which is of this kind, once there are so many."""
    await until(lambda: len(rig.intake.offered) == count, f"{count} events")
    event = rig.intake.items[-1]
    assert type(event) is kind, event
    return event


async def test_a_group_from_its_beginning_to_its_end(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    """All of it is told of the same address as the group's messages."""
    bob = rig.ding.add_user("Bob")
    happens = rig.ding.happenings
    happens.chat_created(team, by=rig.alice)
    assert (await told(rig, BotAdded)).actor.id == rig.alice.userid
    happens.member_added(team, bob, by=rig.alice)
    joined = await told(rig, MemberJoined, 2)
    assert [(one.id, one.ids["union_id"]) for one in joined.members] == [(bob.userid, bob.union_id)]
    happens.title_changed(team, "Plans", by=rig.alice)
    assert (await told(rig, ChannelUpdated, 3)).changes == {"name": {"before": None, "after": "Plans"}}
    happens.owner_changed(team, bob, by=rig.alice)
    assert (await told(rig, ChannelUpdated, 4)).changes["owner"]["after"] == bob.userid
    happens.member_quits(team, bob)
    left = await told(rig, MemberLeft, 5)
    assert left.members[0].id == left.actor.id == bob.userid
    happens.member_added(team, bob, by=rig.alice)
    await told(rig, MemberJoined, 6)
    happens.member_removed(team, bob, by=rig.alice)
    left = await told(rig, MemberLeft, 7)
    assert (left.members[0].id, left.actor.id) == (bob.userid, rig.alice.userid)
    happens.bot_removed(team, rig.app, by=rig.alice)
    await told(rig, BotRemoved, 8)
    happens.disbanded(team, by=rig.alice)
    await told(rig, ChannelClosed, 9)
    assert {event.channel.address for event in rig.intake.items} == {rig.target(team).channel.address}
    assert not rig.ding.violations


async def test_a_group_of_an_event_can_be_answered_in(rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
    rig.ding.happenings.bot_added(team, rig.app)
    event = await told(rig, BotAdded)
    target = rig.target(team)
    target.channel = event.channel
    await adapter.send(target, text("hello, all"), "k1")
    assert (await rig.alice.receives("hello, all", chat=team)).text == "hello, all"


async def test_people_and_departments(rig: Rig, adapter: DingTalkAdapter) -> None:
    bob = rig.ding.add_user("Bob")
    happens = rig.ding.happenings
    changes = []
    happens.user_joined(bob)
    changes.append(await told(rig, ContactChanged))
    happens.user_changed(bob, name="Robert")
    changes.append(await told(rig, ContactChanged, 2))
    department = happens.department_created("Research")
    changes.append(await told(rig, ContactChanged, 3))
    happens.department_changed(department, name="Science")
    changes.append(await told(rig, ContactChanged, 4))
    happens.department_removed(department)
    changes.append(await told(rig, ContactChanged, 5))
    happens.user_left(bob)
    changes.append(await told(rig, ContactChanged, 6))
    assert [(one.subject, one.change) for one in changes] == [
        ("user", "created"), ("user", "updated"), ("department", "created"), ("department", "updated"),
        ("department", "deleted"), ("user", "deleted"),
    ]  # fmt: skip
    assert {one.subject_id for one in changes} == {bob.userid, str(department.id)}
    happens.organisation_changed("Another Name")
    assert (await told(rig, UnknownEvent, 7)).kind == "org_change"


async def test_an_approval(rig: Rig, adapter: DingTalkAdapter) -> None:
    bob = rig.ding.add_user("Bob")
    approval = rig.ding.happenings.approval_started(rig.alice, "Five days", [bob])
    await until(lambda: len(rig.intake.offered) == 2)
    approval.decided("agree", by=bob, remark="fine")
    await until(lambda: len(rig.intake.offered) == 4)
    by_task = {bool(one.task_id): [] for one in rig.intake.items}
    for one in rig.intake.items:
        assert isinstance(one, ApprovalChanged)
        assert one.instance_code == approval.process_instance_id
        assert one.approval_code == approval.process_code
        by_task[bool(one.task_id)].append((one.status, one.actor.id if one.actor else None))
    assert sorted(by_task[False]) == [("approved", None), ("pending", rig.alice.userid)]
    assert sorted(by_task[True], key=str) == [("approved", bob.userid), ("pending", None)]


async def test_a_repetition_is_the_same_event(rig: Rig, adapter: DingTalkAdapter) -> None:
    rig.ding.faults.duplicate_events(1, times=1)
    pushed = rig.ding.push_event(rig.app, "user_add_org", {"userId": ["u1"]})
    await until(lambda: len(rig.intake.offered) == 2, "both copies")
    assert await pushed.taken()
    first, second = (inbound.dedup_keys for inbound in rig.intake.offered)
    assert first == second == (pushed.event_id,)


async def test_an_event_that_lacks_what_its_kind_has_is_passed_on(rig: Rig, adapter: DingTalkAdapter) -> None:
    pushed = rig.ding.push_event(rig.app, "chat_add_member", {"openConversationId": "cid1", "userId": {"x": 1}})
    event = await told(rig, UnknownEvent)
    assert (event.kind, event.payload) == ("chat_add_member", pushed.data)
    assert await pushed.taken()


@pytest.mark.parametrize("where", ["group", "private"])
async def test_a_click_is_told_of_the_chat_that_the_card_is_in(
    rig: Rig, adapter: DingTalkAdapter, team: Group, where: str
) -> None:
    """Of a card of somebody else's making: the private chat is known, because something was said there before."""
    await rig.alice.says("hi")
    await rig.intake.has("hi")
    private = rig.intake.items[0].channel
    space = f"IM_GROUP.{team.open_conversation_id}" if where == "group" else f"IM_ROBOT.{rig.alice.userid}"
    body: dict[str, Any] = {
        "cardTemplateId": "own.schema", "outTrackId": "track-1", "callbackType": "STREAM", "userIdType": 1,
        "cardData": {"cardParamMap": {"content": "yes or no?"}}, "openSpaceId": f"dtv1.card//{space}",
    }  # fmt: skip
    models: dict[str, Any] = {
        "group": {"imGroupOpenSpaceModel": {"supportForward": True}, "imGroupOpenDeliverModel": {}},
        "private": {"imRobotOpenSpaceModel": {"supportForward": True}, "imRobotOpenDeliverModel": {}},
    }
    deliver = {"robotCode": rig.app.robot_code} if where == "group" else {"spaceType": "IM_ROBOT"}
    for name in models[where]:
        if name.endswith("DeliverModel"):
            models[where][name] = deliver
    rig.ding.add_card_template("own.schema", variables=("content",))
    path = "/v1.0/card/instances/createAndDeliver"
    await adapter.api.caller.call("POST", path, json={**body, **models[where]}, limits=adapter.api.limits(path))
    card = await rig.alice.receives(
        lambda message: message.kind == "card", **({"chat": team} if where == "group" else {})
    )
    await rig.alice.clicks(card, action_id="agree", values={"imbridge": "vote", "value": 7})
    await until(lambda: isinstance(rig.intake.items[-1], ButtonClicked), "the click")
    click = rig.intake.items[-1]
    assert (click.message_id, click.action, click.value) == ("track-1", "vote", 7)
    assert click.actor.id == rig.alice.userid
    assert click.channel.address == (rig.target(team).channel if where == "group" else private).address
