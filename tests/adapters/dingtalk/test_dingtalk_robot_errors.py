"""Custom robots: each code of the platform, within HTTP 200, and what a person is told to do."""

from dataclasses import replace
from typing import Any

import pytest
from dingtalk_rig import Rig
from dingtalk_saying import HERE, make_robot
from rigs import text

from backoffs import SoOften
from imbridge.adapters.dingtalk.errors import BANNED
from imbridge.adapters.dingtalk.robot import hook as hook_module
from imbridge.adapters.dingtalk.robot.errors import ROBOT_ERRORS
from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.emulators.dingtalk import CustomRobot, Group
from imbridge.protocol import ContentRefusedError, DeliveryError, NotPermittedError, RateLimitedError, TargetGoneError
from imbridge.transport import ErrorTable

SEND = "/robot/send"
RAISED: dict[int, tuple[type[DeliveryError], str]] = {
    310000: (NotPermittedError, "Security settings"),
    300001: (NotPermittedError, "webhook_url"),
    300005: (NotPermittedError, "webhook_url"),
    400101: (NotPermittedError, "webhook_url"),
    40014: (NotPermittedError, "webhook_url"),
    400013: (TargetGoneError, "disbanded"),
    400106: (NotPermittedError, "no longer in its group"),
    400102: (NotPermittedError, "switch it on"),
    430101: (ContentRefusedError, "link"),
    430102: (ContentRefusedError, "text"),
    430103: (ContentRefusedError, "picture"),
    430104: (ContentRefusedError, "content"),
    460101: (DegradeError, "too long"),
    400105: (DegradeError, "message type"),
    40035: (DegradeError, "field"),
    43004: (DeliveryError, "Content-Type"),
}
WAITED = {-1, BANNED, 130101, 410100}


@pytest.fixture
def alerts(rig: Rig, team: Group) -> CustomRobot:
    return rig.ding.add_custom_robot("Alerts", team)


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table with waits that a test can wait for."""
    rules = tuple(replace(rule, delay=0.05, max_delay=0.1) if rule.delay else rule for rule in ROBOT_ERRORS)
    monkeypatch.setattr(hook_module, "ROBOT_ERRORS", ErrorTable(rules))


def test_every_row_is_tested_and_nothing_else() -> None:
    assert {*WAITED, *RAISED} == {rule.code for rule in ROBOT_ERRORS}


@pytest.mark.parametrize("code", sorted(RAISED))
async def test_raised(rig: Rig, alerts: CustomRobot, code: int) -> None:
    kind, hint = RAISED[code]
    robot = make_robot(rig, alerts)
    rig.ding.faults.refuse(SEND, code)
    with pytest.raises(DeliveryError) as caught:
        await robot.send(HERE, text("x"), "k")
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.ambiguous) == (code, False)
    assert hint in str(caught.value)
    assert robot.hook.caller.calls == 1


@pytest.mark.parametrize("code", sorted(WAITED - {BANNED}))
async def test_waited_for(rig: Rig, alerts: CustomRobot, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    impatient(monkeypatch)
    robot = make_robot(rig, alerts)
    rig.ding.faults.refuse(SEND, code, 2)
    sent = await robot.send(HERE, text("x"), "k")
    assert sent.attempts == 3
    assert [message.text for message in rig.sent()] == ["x"]


@pytest.mark.parametrize("send_timeout", [0.2, 30.0])
async def test_an_address_that_is_banned_says_for_how_long(rig: Rig, alerts: CustomRobot, send_timeout: float) -> None:
    robot = make_robot(rig, alerts, send_timeout=send_timeout)
    rig.ding.faults.ban_ip(60)
    with pytest.raises(RateLimitedError, match="banned") as caught:
        await robot.send(HERE, text("x"), "k")
    assert caught.value.retry_after == 300
    assert robot.hook.caller.calls == 1


@pytest.mark.parametrize(
    ("facts", "hint"),
    [
        ({"keywords": ["ALERT"]}, "one of the robot's keywords$"),
        ({"trusted_ips": ["203.0.113.7"]}, "trusted addresses$"),
    ],
)
async def test_a_security_setting_says_which(rig: Rig, team: Group, facts: dict[str, Any], hint: str) -> None:
    robot = make_robot(rig, rig.ding.add_custom_robot("Strict", team, secret=False, **facts))
    with pytest.raises(NotPermittedError, match=hint):
        await robot.send(HERE, text("x"), "k")
    assert rig.sent() == []


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("keywords not in content", "keywords$"),
        ("invalid timestamp", "more than an hour$"),
        (
            "description:机器人发送签名过期;solution:签名生成时间和发送时间请保持在 timestampms 以内;",
            "more than an hour$",
        ),
        ("sign not match", "Additional signature$"),
        ("ip 1.2.3.4 not in whitelist", "trusted addresses$"),
        ("something else", "Security settings$"),
    ],
)
async def test_the_platforms_words(rig: Rig, alerts: CustomRobot, said: str, hint: str) -> None:
    rig.ding.faults.refuse(SEND, 310000, message=said)
    with pytest.raises(NotPermittedError, match=hint):
        await make_robot(rig, alerts).send(HERE, text("x"), "k")


async def test_a_code_that_is_in_no_table(rig: Rig, alerts: CustomRobot) -> None:
    rig.ding.faults.refuse(SEND, 99999)
    with pytest.raises(DeliveryError, match="99999") as caught:
        await make_robot(rig, alerts).send(HERE, text("x"), "k")
    assert not caught.value.ambiguous


@pytest.mark.parametrize("change", [{"stopped": True}, {"removed": True}])
async def test_a_robot_that_is_no_more(rig: Rig, alerts: CustomRobot, change: dict[str, Any]) -> None:
    for name, value in change.items():
        setattr(alerts, name, value)
    with pytest.raises(NotPermittedError):
        await make_robot(rig, alerts).send(HERE, text("x"), "k")


@pytest.mark.parametrize("answer", ["null", "[]", '{"errcode": null}', '{"errcode": "x"}', '{"errcode": []}', "x" * 99])
async def test_a_strange_answer(rig: Rig, alerts: CustomRobot, answer: str) -> None:
    """Whatever it is: an error that can be read, and one message at most."""
    robot = make_robot(rig, alerts)
    robot.hook.caller.backoff = SoOften(2)
    rig.ding.faults.http_fail(SEND, 200, None, answer, {"Content-Type": "application/json"})
    with pytest.raises(DeliveryError):
        await robot.send(HERE, text("x"), "k")
    assert len(rig.sent()) <= 1
