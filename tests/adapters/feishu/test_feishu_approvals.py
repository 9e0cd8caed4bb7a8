"""Approvals: subscribed to once, and what becomes of them is told."""

import pytest
from contract import until
from feishu_rig import Rig

from imbridge.adapters.base import Health
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.protocol import DeliveryError, NotPermittedError


@pytest.fixture
def adapter(rig: Rig) -> FeishuAdapter:
    """Not started."""
    return rig.make()


async def test_subscribe_and_unsubscribe(rig: Rig, adapter: FeishuAdapter) -> None:
    leave = rig.feishu.approvals.define("Leave")
    for _ in range(2):
        await adapter.approvals.subscribe(leave.code)
        assert leave.subscribers == [rig.app]
    for _ in range(2):
        await adapter.approvals.unsubscribe(leave.code)
        assert leave.subscribers == []
    assert adapter.counters()["retries"] == 0


async def test_one_that_there_is_not(adapter: FeishuAdapter) -> None:
    for attempt in (adapter.approvals.subscribe, adapter.approvals.unsubscribe):
        with pytest.raises(DeliveryError, match=r"1390002.*check the approval's code"):
            await attempt("nowhere")


async def test_an_instance(rig: Rig, adapter: FeishuAdapter) -> None:
    leave = rig.feishu.approvals.define("Leave")
    bob = rig.feishu.add_user("Bob")
    made = rig.feishu.approvals.start(leave, by=rig.alice, approvers=[bob], form='[{"id": "w1"}]')
    told = await adapter.approvals.instance(made.code)
    assert (told["approval_code"], told["status"], told["form"]) == (leave.code, "PENDING", '[{"id": "w1"}]')
    assert len(told["task_list"]) == 1
    with pytest.raises(DeliveryError):
        await adapter.approvals.instance("nowhere")


async def test_the_settings_are_subscribed_to_at_the_start(rig: Rig) -> None:
    leave = rig.feishu.approvals.define("Leave")
    expenses = rig.feishu.approvals.define("Expenses")
    leave.subscribers.append(rig.app)  # since an earlier start
    await rig.start(approval_codes=(leave.code, expenses.code))
    assert leave.subscribers == expenses.subscribers == [rig.app]
    rig.feishu.approvals.start(expenses, by=rig.alice, approvers=[rig.alice])
    await until(lambda: rig.intake.offered, "an event of the approval")


async def test_what_fails_is_a_warning_and_stops_nobody(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    leave = rig.feishu.approvals.define("Leave")
    adapter = await rig.start(approval_codes=("nowhere", leave.code))
    assert adapter.health is Health.UP
    assert leave.subscribers == [rig.app]
    assert "feishu:work: no events of approval nowhere: " in caplog.text


async def test_a_missing_scope_is_named(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    leave = rig.feishu.approvals.define("Leave")
    rig.app.scopes = ["im:message"]
    adapter = await rig.start(approval_codes=(leave.code,), mode="webhook", verification_token="t")
    assert adapter.health is Health.UP
    for word in (leave.code, "approval:approval,approval:definition", "open.feishu.cn/app/cli_rig/auth?q="):
        assert word in caplog.text
    with pytest.raises(NotPermittedError, match="99991672"):
        await adapter.approvals.subscribe(leave.code)
