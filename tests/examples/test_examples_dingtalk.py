"""The example that alerts a DingTalk group, as its users start it."""

from collections.abc import AsyncIterator

import pytest

from imbridge.emulators.dingtalk import DingTalkEmulator


@pytest.fixture
async def ding() -> AsyncIterator[DingTalkEmulator]:
    async with DingTalkEmulator() as emulator:
        yield emulator


async def test_it_says_what_happened_and_calls_who_should_know(ding, python, examples) -> None:
    alice, bob = ding.add_user("Alice"), ding.add_user("Bob", mobile="13800000000")
    robot = ding.add_custom_robot("Alerts", ding.add_group("Team", members=[alice, bob]))
    settings = {"DINGTALK_WEBHOOK_URL": robot.webhook_url, "DINGTALK_SIGN_SECRET": robot.secret}
    arguments = ("dingtalk_alert.py", "The backup **failed**", alice.userid, "tel:13800000000", "all")
    async with python(*arguments, cwd=examples, extra=settings) as process:
        assert (await process.ended(), process.log) == ((0, ""), "")
    first, second = ding.messages
    assert (first.kind, first.way, first.body["markdown"]["text"]) == ("markdown", "robot", "The backup **failed**")
    assert second.body["at"] == {"atUserIds": [alice.userid], "atMobiles": ["13800000000"], "isAtAll": True}
    assert "all" in second.mentioned
    assert not ding.violations


async def test_a_wrong_secret_is_an_exit_status_and_a_reason(ding, python, examples) -> None:
    robot = ding.add_custom_robot("Alerts", ding.add_group("Team", members=[ding.add_user("Alice")]))
    settings = {"DINGTALK_WEBHOOK_URL": robot.webhook_url, "DINGTALK_SIGN_SECRET": "SECanother-robots-secret"}
    async with python("dingtalk_alert.py", "hello", cwd=examples, extra=settings) as process:
        assert await process.ended() == (1, "")
    assert "310000" in process.log
    assert "sign_secret" in process.log
    assert robot.access_token not in process.log
    assert "SECanother" not in process.log
    assert not ding.messages


@pytest.mark.parametrize("arguments", [(), ("hello",)], ids=["nothing to say", "no address"])
async def test_used_wrongly_it_says_how(python, examples, arguments) -> None:
    async with python("dingtalk_alert.py", *arguments, cwd=examples) as process:
        status, _ = await process.ended()
    assert status == 1
    assert "DINGTALK_WEBHOOK_URL" in process.log
    assert "Traceback" not in process.log
