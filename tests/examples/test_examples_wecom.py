"""The example that alerts a WeCom group, as its users start it."""

from collections.abc import AsyncIterator

import pytest

from imbridge.emulators.wecom import EmulatorSettings, WeComEmulator


@pytest.fixture
async def wecom() -> AsyncIterator[WeComEmulator]:
    async with WeComEmulator(settings=EmulatorSettings(verify_timeout=30.0)) as emulator:
        yield emulator


async def test_it_says_what_happened_and_calls_who_should_know(wecom, python, examples) -> None:
    alice, bob = wecom.add_user("Alice"), wecom.add_user("Bob", mobile="13800000000")
    robot = wecom.add_group_robot("Alerts", members=[alice, bob])
    settings = {"WECOM_WEBHOOK_URL": robot.webhook_url, "WECOM_BASE_URL": wecom.base_url}
    arguments = ("wecom_alert.py", "The backup **failed**", alice.userid, "tel:13800000000", "all")
    async with python(*arguments, cwd=examples, extra=settings) as process:
        assert (await process.ended(), process.log) == ((0, ""), "")
    first, second = robot.messages
    assert (first.kind, first.text) == ("markdown", "The backup **failed**")
    assert second.body["text"]["mentioned_mobile_list"] == ["13800000000"]
    assert second.body["text"]["mentioned_list"] == ["@all"]
    assert f"<@{alice.userid}>" in second.body["text"]["content"]
    assert not wecom.violations


async def test_a_wrong_address_is_an_exit_status_and_a_reason(wecom, python, examples) -> None:
    url = f"{wecom.base_url}/cgi-bin/webhook/send?key=no-such-robot-at-all"
    settings = {"WECOM_WEBHOOK_URL": url, "WECOM_BASE_URL": wecom.base_url}
    async with python("wecom_alert.py", "hello", cwd=examples, extra=settings) as process:
        assert await process.ended() == (1, "")
    assert "93000" in process.log
    assert "no-such-robot-at-all" not in process.log


@pytest.mark.parametrize("arguments", [(), ("hello",)], ids=["nothing to say", "no address"])
async def test_used_wrongly_it_says_how(python, examples, arguments) -> None:
    async with python("wecom_alert.py", *arguments, cwd=examples) as process:
        status, _ = await process.ended()
    assert status == 1
    assert "WECOM_WEBHOOK_URL" in process.log
    assert "Traceback" not in process.log
