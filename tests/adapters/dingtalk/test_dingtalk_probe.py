"""What an account can find out about itself."""

import pytest
from dingtalk_rig import SECRET, Rig
from dingtalk_tables import in_a_hurry

from backoffs import SoOften
from imbridge.runtime import Bridge

RECALL = "*/otoMessages/batchRecall"


async def test_all_is_well(rig: Rig) -> None:
    adapter = rig.make()
    found = await adapter.probe()
    assert (found.ok, found.bot_id, found.problems) == (True, rig.app.robot_code, ())
    assert rig.ding.violations == []
    assert rig.ding.stats.opens == 0  # a stream would be given messages
    assert rig.sent() == []
    assert rig.ding.stats.billed_calls == 1


async def test_through_a_bridge_that_is_not_started(rig: Rig) -> None:
    config = rig.config()
    found = await Bridge([config]).probe()
    assert found[config.key].ok
    assert rig.ding.stats.opens == 0


async def test_wrong_credentials(rig: Rig) -> None:
    found = await rig.make(client_secret="canary-wrong").probe()
    assert not found.ok
    assert "client_secret" in found.problems[0]
    assert "canary-wrong" not in found.problems[0]


async def test_the_robot_of_another_app(rig: Rig) -> None:
    found = await rig.make(robot_code="dingnotmine").probe()
    assert not found.ok
    assert "robot_code" in found.problems[0]


@pytest.mark.parametrize(("reply_by", "ok"), [("webhook", True), ("api", False)])
async def test_a_robot_that_may_not_send(rig: Rig, reply_by: str, ok: bool) -> None:
    rig.ding.faults.refuse(RECALL, "Forbidden.AccessDenied.AccessTokenPermissionDenied", status=403)
    found = await rig.make(reply_by=reply_by).probe()
    assert found.ok is ok
    assert "cannot send of itself" in found.problems[0]
    assert "Permissions" in found.problems[0]


async def test_a_refusal_of_the_invented_message_is_no_problem(rig: Rig) -> None:
    rig.ding.faults.refuse(RECALL, "invalidParameter.processQueryKey.invalid")
    found = await rig.make().probe()
    assert (found.ok, found.problems) == (True, ())


async def test_nothing_left_of_the_month(rig: Rig) -> None:
    rig.ding.faults.over_month(RECALL)
    found = await rig.make().probe()
    assert found.ok  # it can answer
    assert any("used up" in problem for problem in found.problems)


async def test_little_left_of_the_month(rig: Rig) -> None:
    adapter = rig.make(monthly_calls=10)
    for _ in range(7):
        adapter.api.quota.count("/v1.0/robot/oToMessages/batchSend")
    found = await adapter.probe()
    assert found.ok
    assert found.problems == (adapter.api.quota.problems()[0],)
    assert "8 of the organisation's 10 API calls" in found.problems[0]


async def test_nobody_answers(rig: Rig) -> None:
    adapter = in_a_hurry(rig)
    adapter.api.caller.backoff = SoOften(2)
    rig.ding.faults.http_fail("*/accessToken", 503, None)
    found = await adapter.probe()
    assert not found.ok
    assert "5" in found.problems[0]
    assert SECRET not in found.problems[0]
