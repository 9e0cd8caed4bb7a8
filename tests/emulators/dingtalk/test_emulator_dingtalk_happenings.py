"""What happens in the organisation: the events' fields are those of the documents, and the world changes."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from dingtalk_raw_org import Org, Stream, organisation

from imbridge.emulators.dingtalk import EmulatorSettings, Told

GROUP = ["chatId", "corpId", "openConversationId", "operator", "operatorUnionId", "timeStamp"]
INSTALLED = ["coolAppCode", "openConversationCorpId", "openConversationId", "operateTime", "operator", "robotCode"]
INSTANCE = [
    "bizCategoryId",
    "businessId",
    "businessType",
    "createTime",
    "processCode",
    "processInstanceId",
    "staffId",
    "title",
    "type",
    "url",
]
TASK = [
    "bizCategoryId",
    "businessId",
    "createTime",
    "processCode",
    "processInstanceId",
    "staffId",
    "taskId",
    "title",
    "type",
]


@pytest.fixture
async def org() -> AsyncIterator[Org]:
    # Nothing is sent again here: a slow machine must not make two events of one.
    async with organisation(EmulatorSettings(redelivery=(30.0,))) as opened:
        yield opened


@pytest.fixture
async def stream(org: Org) -> AsyncIterator[Stream]:
    async with org.stream() as opened:
        yield opened


@pytest.mark.parametrize(
    ("happen", "event_type", "fields"),
    [
        (
            lambda org: org.ding.happenings.member_added(org.group, org.ding.add_user("Carol")),
            "chat_add_member",
            [*GROUP, "eventType", "unionId", "userId"],
        ),
        (
            lambda org: org.ding.happenings.member_removed(org.group, org.bob),
            "chat_remove_member",
            [*GROUP, "unionId", "userId"],
        ),
        (lambda org: org.ding.happenings.member_quits(org.group, org.bob), "chat_quit", GROUP),
        (
            lambda org: org.ding.happenings.owner_changed(org.group, org.bob),
            "chat_update_owner",
            [*GROUP, "owner"],
        ),
        (lambda org: org.ding.happenings.title_changed(org.group, "New"), "chat_update_title", [*GROUP, "title"]),
        (lambda org: org.ding.happenings.disbanded(org.group), "chat_disband", GROUP),
        (lambda org: org.ding.happenings.bot_added(org.group, org.app), "im_cool_app_install", INSTALLED),
        (lambda org: org.ding.happenings.bot_removed(org.group, org.app), "im_cool_app_uninstall", INSTALLED),
        (lambda org: org.ding.happenings.chat_created(org.group), "im_cool_app_install", INSTALLED),
        (lambda org: org.ding.happenings.user_joined(org.bob), "user_add_org", ["timeStamp", "userId"]),
        (lambda org: org.ding.happenings.user_activated(org.bob), "user_active_org", ["timeStamp", "userId"]),
        (lambda org: org.ding.happenings.user_left(org.bob), "user_leave_org", ["timeStamp", "userId"]),
        (
            lambda org: org.ding.happenings.user_changed(org.bob, name="Robert"),
            "user_modify_org",
            ["diffInfo", "timeStamp", "userId"],
        ),
        (lambda org: org.ding.happenings.admin_added(org.bob), "org_admin_add", ["timeStamp", "userId"]),
        (lambda org: org.ding.happenings.admin_removed(org.bob), "org_admin_remove", ["timeStamp", "userId"]),
        (lambda org: org.ding.happenings.organisation_changed("Newer"), "org_change", ["corpId", "timeStamp"]),
        (
            lambda org: org.ding.happenings.role_given(org.bob, label_ids=[7]),
            "label_user_change",
            ["action", "labelIdList", "userIdList"],
        ),
        (lambda org: org.ding.happenings.roles_changed("add", [7]), "label_conf_add", ["labelIdList", "scope"]),
        (lambda org: org.ding.happenings.roles_changed("del", [7]), "label_conf_del", ["labelIdList", "scope"]),
    ],
)
async def test_the_fields_of_every_event(
    org: Org, stream: Stream, happen: Callable[[Org], Told], event_type: str, fields: list[str]
) -> None:
    told = happen(org)
    assert await told.taken()
    frame = await stream.until(lambda one: one["headers"].get("eventType") == event_type)
    assert frame["type"] == "EVENT"
    assert frame["headers"]["eventCorpId"] == org.ding.corp_id
    assert frame["headers"]["eventId"] == told[0].event_id
    assert sorted(frame["data"]) == sorted(fields)
    assert org.kinds() == []


async def test_a_group_changes_with_its_events(org: Org, stream: Stream) -> None:
    happenings, group = org.ding.happenings, org.group
    carol = org.ding.add_user("Carol")
    happenings.member_added(group, carol, by=org.bob)
    added = await stream.event("chat_add_member")
    assert (added["userId"], added["unionId"]) == ([carol.userid], [carol.union_id])
    assert (added["operator"], added["operatorUnionId"]) == (org.bob.userid, org.bob.union_id)
    assert (added["openConversationId"], added["chatId"]) == (group.open_conversation_id, group.chat_id)
    happenings.member_removed(group, carol)
    happenings.member_quits(group, org.bob)
    assert group.members == [org.alice]
    assert (await stream.event("chat_quit"))["operator"] == org.bob.userid
    happenings.title_changed(group, "Newer")
    assert (group.title, (await stream.event("chat_update_title"))["title"]) == ("Newer", "Newer")
    happenings.owner_changed(group, org.bob)
    assert (await stream.event("chat_update_owner"))["owner"] == org.bob.userid
    happenings.disbanded(group)
    assert group.disbanded


async def test_only_the_app_that_is_added_is_told(org: Org, stream: Stream) -> None:
    other = org.ding.add_app("Other")
    org.ding.happenings.bot_added(org.group, other)
    org.ding.happenings.bot_added(org.group, org.app)
    installed = await stream.event("im_cool_app_install")
    assert installed["robotCode"] == org.app.robot_code
    assert org.group.apps == [org.app, other]
    assert len(stream.frames) == 1


async def test_people_and_departments_change_with_their_events(org: Org, stream: Stream) -> None:
    happenings = org.ding.happenings
    design = happenings.department_created("Design")
    assert (await stream.event("org_dept_create")) == {"deptId": [design.id]}
    happenings.user_changed(org.bob, name="Robert", departments=[design.id])
    changed = (await stream.event("user_modify_org"))["diffInfo"]
    assert (changed["prev"]["name"], changed["curr"]["name"], changed["userid"]) == ("Bob", "Robert", org.bob.userid)
    assert org.bob.departments == [design.id]
    happenings.department_changed(design, name="Art")
    assert (await stream.event("org_dept_modify")) == {"deptId": [design.id]}
    happenings.department_removed(design)
    assert (await stream.event("org_dept_remove")) == {"deptId": [design.id]}
    assert list(org.ding.world.directory.departments) == [1]
    happenings.user_left(org.bob)
    assert org.bob.userid not in org.ding.world.users
    with pytest.raises(ValueError, match="no department"):
        happenings.user_changed(org.alice, departments=[99])
    with pytest.raises(ValueError, match="can not be changed"):
        happenings.user_changed(org.alice, shoe_size="42")


async def test_an_approval_from_start_to_finish(org: Org, stream: Stream) -> None:
    approval = org.ding.happenings.approval_started(org.alice, "Holiday", [org.bob])
    started = await stream.event("bpms_instance_change")
    assert sorted(started) == INSTANCE
    assert (started["type"], started["title"], started["staffId"]) == ("start", "Holiday", org.alice.userid)
    task = await stream.event("bpms_task_change")
    assert sorted(task) == TASK
    assert (task["type"], task["staffId"]) == ("start", org.bob.userid)
    approval.decided("agree", remark="enjoy")
    done = (await stream.until(lambda one: one["data"].get("taskId") and one["data"]["type"] == "finish"))["data"]
    assert sorted(done) == sorted([*TASK, "finishTime", "remark", "result"])
    assert (done["result"], done["remark"], done["taskId"]) == ("agree", "enjoy", task["taskId"])
    end = (await stream.until(lambda one: one["data"].get("url") and one["data"]["type"] == "finish"))["data"]
    assert sorted(end) == sorted([*INSTANCE, "finishTime", "result"])
    assert (approval.state, approval.result) == ("finish", "agree")
    with pytest.raises(ValueError, match="nothing to decide"):
        approval.decided()


async def test_one_who_refuses_ends_it_for_the_others(org: Org, stream: Stream) -> None:
    carol = org.ding.add_user("Carol")
    approval = org.ding.happenings.approval_started(org.alice, "Car", [org.bob, carol])
    approval.decided("refuse", by=carol)
    cancelled = (await stream.until(lambda one: one["data"].get("type") == "cancel"))["data"]
    assert cancelled["staffId"] == org.bob.userid
    assert (approval.state, approval.result) == ("finish", "refuse")


async def test_handing_on_commenting_and_taking_back(org: Org, stream: Stream) -> None:
    carol = org.ding.add_user("Carol")
    approval = org.ding.happenings.approval_started(org.alice, "Car", [org.bob])
    approval.task_redirected(org.bob, carol, "not mine")
    redirected = (await stream.until(lambda one: one["data"].get("result") == "redirect"))["data"]
    assert (redirected["type"], redirected["remark"]) == ("finish", "not mine")
    approval.task_commented(carol, "why?")
    assert (await stream.until(lambda one: one["data"].get("type") == "comment"))["data"]["remark"] == "why?"
    approval.terminated()
    ended = (await stream.until(lambda one: one["data"].get("type") == "terminate"))["data"]
    assert "result" not in ended
    approval.deleted()
    await stream.until(lambda one: one["data"].get("type") == "delete")


async def test_an_event_comes_again_until_it_is_taken() -> None:
    async with organisation(EmulatorSettings(redelivery=(0.02, 0.02, 0.02, 0.02))) as org:
        answers = iter([{"status": "LATER"}, {"status": "LATER"}, {"status": "SUCCESS"}])
        async with org.stream(lambda frame: next(answers)) as stream:
            pushed = org.ding.push_event(org.app, "check_in", {"a": 1}, event_id="event-1")
            assert await pushed.taken()
            while len(stream.frames) < 3:
                await asyncio.sleep(0.01)
        assert {frame["headers"]["eventId"] for frame in stream.frames} == {"event-1"}
        assert pushed.sendings == 3
