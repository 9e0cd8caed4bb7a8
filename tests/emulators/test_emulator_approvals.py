"""Approvals: subscriptions, events of schema 1.0, and the instance API."""

import aiohttp
import pytest
from feishu_raw_client import Bot
from feishu_told import Told

from imbridge.emulators.feishu import App, Approval, FeishuEmulator, User


@pytest.fixture
def approval(feishu: FeishuEmulator) -> Approval:
    return feishu.approvals.define("Expenses")


@pytest.fixture
async def told(feishu: FeishuEmulator, app: App, bot: Bot, approval: Approval) -> Told:
    answer = await bot.call("POST", f"approval/v4/approvals/{approval.code}/subscribe")
    assert (answer.code, answer.data) == (0, {})
    return await Told.connect(feishu, app, bot)


async def states(told: Told, *wanted: tuple[str, str, str]) -> None:
    """The next events: type, person's user_id (of a task) and status."""
    for kind, who, status in wanted:
        event = await told.next_old(kind)
        assert (kind, event.get("user_id", ""), event["status"]) == (kind, who, status)


async def test_subscribing_twice_is_an_error_and_so_is_unsubscribing_twice(bot: Bot, approval: Approval) -> None:
    path = f"approval/v4/approvals/{approval.code}"
    assert (await bot.call("POST", f"{path}/subscribe")).code == 0
    again = await bot.call("POST", f"{path}/subscribe")
    assert (again.status, again.code, again.body["msg"]) == (400, 1390007, "subscription existed")
    assert (await bot.call("POST", f"{path}/unsubscribe")).code == 0
    assert (await bot.call("POST", f"{path}/unsubscribe")).code == 1390007
    assert (await bot.call("POST", "approval/v4/approvals/NONE/subscribe")).code == 1390002


async def test_only_subscribers_are_told(
    feishu: FeishuEmulator, app: App, alice: User, approval: Approval, told: Told, session: aiohttp.ClientSession
) -> None:
    other = feishu.add_app("cli_other", "s")
    elsewhere = feishu.approvals.define("Leave")
    feishu.approvals.start(elsewhere, by=alice, approvers=[alice])
    assert feishu.stats.events_pushed == 0
    instance = feishu.approvals.start(approval, by=alice, approvers=[alice], uuid="u-1")
    event = await told.next_old("approval_instance")
    assert event == {
        "approval_code": approval.code,
        "instance_code": instance.code,
        "status": "PENDING",
        "operate_time": event["operate_time"],
        "instance_operate_time": event["instance_operate_time"],
        "uuid": "u-1",
    }
    assert event["operate_time"].isdigit()
    task = await told.next_old("approval_task")
    assert (task["open_id"], task["user_id"]) == (alice.open_id_for(app), alice.user_id)
    assert (task["task_id"], task["instance_code"]) == (instance.tasks[0].task_id, instance.code)
    assert feishu.waiting_events(other) == 0


async def test_all_must_agree(feishu: FeishuEmulator, alice: User, approval: Approval, told: Told) -> None:
    bob = feishu.add_user("Bob")
    instance = feishu.approvals.start(approval, by=alice, approvers=[alice, bob])
    a, b = alice.user_id, bob.user_id
    await states(told, ("approval_instance", "", "PENDING"))
    await states(told, ("approval_task", a, "PENDING"), ("approval_task", b, "PENDING"))
    feishu.approvals.approve(instance.tasks[0])
    await states(told, ("approval_task", a, "APPROVED"), ("approval_task", b, "PENDING"))
    feishu.approvals.approve(instance.tasks[1])
    await states(told, ("approval_task", b, "APPROVED"), ("approval_instance", "", "APPROVED"))
    with pytest.raises(ValueError, match="nothing is left to decide"):
        feishu.approvals.approve(instance.tasks[1])
    feishu.approvals.revert(instance)
    event = await told.next_old("approval_instance")
    assert (event["status"], type(event["operate_time"])) == ("REVERTED", int)  # a number in this one event


async def test_one_is_enough(feishu: FeishuEmulator, alice: User, approval: Approval, told: Told) -> None:
    bob = feishu.add_user("Bob")
    instance = feishu.approvals.start(approval, by=alice, approvers=[alice, bob], mode="OR")
    for _ in range(3):
        await told.link.acked_event()
    feishu.approvals.approve(instance.tasks[0])
    await states(told, ("approval_task", alice.user_id, "APPROVED"), ("approval_task", bob.user_id, "DONE"))
    await states(told, ("approval_instance", "", "APPROVED"))


async def test_refused_handed_on_and_taken_back(
    feishu: FeishuEmulator, alice: User, approval: Approval, told: Told
) -> None:
    bob = feishu.add_user("Bob")
    instance = feishu.approvals.start(approval, by=alice, approvers=[alice])
    task = feishu.approvals.transfer(instance.tasks[0], bob)
    await states(told, ("approval_instance", "", "PENDING"), ("approval_task", alice.user_id, "PENDING"))
    await states(told, ("approval_task", alice.user_id, "TRANSFERRED"), ("approval_task", bob.user_id, "PENDING"))
    feishu.approvals.reject(task)
    await states(told, ("approval_task", bob.user_id, "REJECTED"), ("approval_instance", "", "REJECTED"))

    instance = feishu.approvals.start(approval, by=alice, approvers=[bob])
    feishu.approvals.cancel(instance)
    await states(told, ("approval_instance", "", "PENDING"), ("approval_task", bob.user_id, "PENDING"))
    await states(told, ("approval_task", bob.user_id, "DONE"), ("approval_instance", "", "CANCELED"))
    with pytest.raises(ValueError, match="not PENDING"):
        feishu.approvals.cancel(instance)


async def test_copies_and_a_changed_definition(
    feishu: FeishuEmulator, alice: User, approval: Approval, told: Told
) -> None:
    instance = feishu.approvals.start(approval, by=alice, approvers=[])
    await told.next_old("approval_instance")
    copy_id = feishu.approvals.copy_to(instance, alice, by=alice)
    event = await told.next_old("approval_cc")
    assert (event["id"], event["operate"], event["from"]) == (copy_id, "CREATE", alice.user_id)
    assert type(event["create_time"]) is int
    feishu.approvals.read_copy(instance, alice, copy_id)
    assert (await told.next_old("approval_cc"))["operate"] == "READ"
    feishu.approvals.update(approval, "Costs")
    changed = (await told.next("approval.approval.updated_v4"))["object"]
    assert (changed["approval_code"], changed["widget_group_type"]) == (approval.code, 0)


async def test_instance_is_read(feishu: FeishuEmulator, app: App, alice: User, approval: Approval, bot: Bot) -> None:
    sales = feishu.add_department("Sales")
    feishu.contacts.user_changes(alice, departments=[sales])
    form = '[{"id":"widget1","name":"Amount","type":"amount","value":12.5}]'
    instance = feishu.approvals.start(approval, by=alice, approvers=[alice], form=form, uuid="u-1")
    feishu.approvals.approve(instance.tasks[0])
    got = (await bot.call("GET", f"approval/v4/instances/{instance.code}")).data
    assert (got["status"], got["approval_name"], got["uuid"], got["form"]) == ("APPROVED", "Expenses", "u-1", form)
    assert (got["open_id"], got["department_id"]) == (alice.open_id_for(app), sales.open_department_id)
    [task] = got["task_list"]
    assert (task["id"], task["status"], task["type"]) == (instance.tasks[0].task_id, "APPROVED", "AND")
    assert [entry["type"] for entry in got["timeline"]] == ["START", "PASS"]
    assert (await bot.call("GET", "approval/v4/instances/NONE")).code == 1390003
