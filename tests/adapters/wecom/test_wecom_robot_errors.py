"""Group robots: what is refused, when a message is posted again, at what pace, and that the key is shown nowhere."""

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from contract import until
from wecom_corp_rig import HERE, CorpRig, corp_rig

from backoffs import SoOften
from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.adapters.wecom import WeComConfig
from imbridge.adapters.wecom.robot import hook as hook_module
from imbridge.adapters.wecom.robot.errors import ROBOT_ERRORS
from imbridge.adapters.wecom.robot.group_robot import GroupRobotAdapter
from imbridge.emulators.wecom import EmulatorSettings
from imbridge.protocol import (
    ContentRefusedError,
    DeliveryError,
    File,
    Image,
    NotPermittedError,
    RateLimitedError,
    Text,
)
from imbridge.rendering import Part, PartKind
from imbridge.transport import ErrorTable

SEND, UPLOAD = "*/webhook/send", "*/webhook/upload_media"
X = Part(PartKind.TEXT, (Text("x"),))
RAISED: dict[int, tuple[type[DeliveryError], str]] = {
    40004: (ContentRefusedError, "media type"),
    40006: (ContentRefusedError, "size"),
    40007: (ContentRefusedError, "another robot's"),
    40008: (DegradeError, "message type"),
    40009: (ContentRefusedError, "too large"),
    40058: (DegradeError, "field"),
    44004: (ContentRefusedError, "empty"),
    45001: (ContentRefusedError, "too large"),
    45002: (DegradeError, "too long"),
    45007: (ContentRefusedError, "60 seconds"),
    93000: (NotPermittedError, "Group Robots"),
    93004: (NotPermittedError, "switch it on"),
    93008: (NotPermittedError, "Group Robots"),
    301019: (ContentRefusedError, "MD5"),
}
WAITED = {-1, 45009, 45033}


@pytest.fixture
async def corp() -> AsyncIterator[CorpRig]:
    async with corp_rig() as rig:
        yield rig


@pytest.fixture
def robot(corp: CorpRig) -> GroupRobotAdapter:
    return corp.make_robot()


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table with waits that a test can wait for."""
    rules = tuple(replace(rule, delay=0.05, max_delay=0.1) if rule.delay else rule for rule in ROBOT_ERRORS)
    monkeypatch.setattr(hook_module, "ROBOT_ERRORS", ErrorTable(rules))


class TestErrors:
    def test_every_row_is_tested_and_nothing_else(self) -> None:
        assert {*WAITED, *RAISED} == {rule.code for rule in ROBOT_ERRORS}

    @pytest.mark.parametrize("code", sorted(RAISED))
    async def test_raised(self, corp: CorpRig, robot: GroupRobotAdapter, code: int) -> None:
        kind, hint = RAISED[code]
        corp.wecom.faults.refuse(SEND, code)
        with pytest.raises(DeliveryError) as caught:
            await robot.send(HERE, X, "k")
        assert type(caught.value) is kind
        assert (caught.value.code, caught.value.ambiguous) == (code, False)
        assert hint in str(caught.value)
        assert len(corp.calls) == 1

    @pytest.mark.parametrize("code", sorted(WAITED))
    async def test_waited_for(self, corp: CorpRig, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
        impatient(monkeypatch)
        robot = corp.make_robot()
        corp.wecom.faults.refuse(SEND, code, 2)
        sent = await robot.send(HERE, X, "k")
        assert sent.attempts == 3
        assert [message.text for message in corp.robot.messages] == ["x"]

    async def test_a_wait_beyond_send_timeout_is_said(self, corp: CorpRig) -> None:
        corp.wecom.faults.refuse(SEND, 45009)
        with pytest.raises(RateLimitedError) as caught:
            await corp.make_robot(send_timeout=30).send(HERE, X, "k")
        assert caught.value.retry_after is not None
        assert caught.value.retry_after >= 60
        assert len(corp.calls) == 1

    async def test_those_behind_wait_too(self, corp: CorpRig, monkeypatch: pytest.MonkeyPatch) -> None:
        impatient(monkeypatch)
        robot = corp.make_robot()
        corp.wecom.faults.refuse(SEND, 45009)
        first = asyncio.create_task(robot.send(HERE, X, "k1"))
        await until(lambda: robot.hook.caller.retries)
        second = await robot.send(HERE, X, "k2")
        assert ((await first).attempts, second.attempts) == (2, 1)
        assert len(corp.calls) == 3

    async def test_a_code_that_is_in_no_table(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        corp.wecom.faults.refuse(SEND, 99999)
        with pytest.raises(DeliveryError, match="99999") as caught:
            await robot.send(HERE, X, "k")
        assert not caught.value.ambiguous

    async def test_an_upload_without_a_media_id(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        corp.wecom.faults.http_fail(UPLOAD, 200, 1, '{"errcode": 0}', {"Content-Type": "application/json"})
        with pytest.raises(DeliveryError, match="media_id"):
            await robot.send(HERE, Part(PartKind.MEDIA, (File(data=b"123456", name="a"),)), "k")


class TestDoubt:
    async def test_a_lost_answer_is_not_repeated(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        corp.wecom.faults.cut_after_accept(path=SEND)
        with pytest.raises(DeliveryError) as caught:
            await robot.send(HERE, X, "k")
        assert caught.value.ambiguous
        assert len(corp.robot.messages) == 1

    @pytest.mark.parametrize("status", [200, 500, 502])
    async def test_a_gateways_page_is_doubt(self, corp: CorpRig, robot: GroupRobotAdapter, status: int) -> None:
        corp.wecom.faults.html_page(SEND, status=status)
        with pytest.raises(DeliveryError) as caught:
            await robot.send(HERE, X, "k")
        assert caught.value.ambiguous
        assert corp.robot.messages == []
        assert robot.hook.caller.retries == 0

    async def test_an_upload_is_repeated(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        corp.wecom.faults.cut_after_accept(path=UPLOAD)
        await robot.send(HERE, Part(PartKind.MEDIA, (File(data=b"123456", name="a"),)), "k")
        assert [message.kind for message in corp.robot.messages] == ["file"]
        assert corp.wecom.stats.uploads == 2


class TestPace:
    async def test_twenty_a_minute(self) -> None:
        """At the rate of the setting nothing is refused: the platform's own counter is on."""
        async with corp_rig(EmulatorSettings(robot_rate_minute=20)) as corp:
            robot = corp.make_robot(robot_rate=WeComConfig.model_fields["robot_rate"].default, send_timeout=2)
            results = await asyncio.gather(
                *(robot.send(HERE, X, str(number)) for number in range(25)), return_exceptions=True
            )
            refused = [result for result in results if isinstance(result, Exception)]
            assert corp.wecom.violations == []
            assert 4 <= len(corp.robot.messages) <= 20
            assert len(refused) + len(corp.robot.messages) == 25
            assert all(isinstance(error, RateLimitedError) for error in refused)

    async def test_the_pace_holds_messages_back(self, corp: CorpRig) -> None:
        robot = corp.make_robot(robot_rate="5/1s")
        began = time.monotonic()
        await asyncio.gather(*(robot.send(HERE, X, str(number)) for number in range(7)))
        assert len(corp.robot.messages) == 7
        assert time.monotonic() - began >= 1.0  # not less: in no second more than five


class TestSecret:
    async def test_the_key_is_shown_nowhere(self, corp: CorpRig, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        robot, key = corp.make_robot(), corp.robot.key
        shown = [repr(robot.config), str(robot.config), repr(robot.hook), repr(await robot.probe())]
        await robot.send(HERE, X, "k")
        corp.wecom.faults.refuse(SEND, 40058, detail=f"webhook {key} is wrong")
        failures = [X, X, Part(PartKind.MEDIA, (Image(data=b"x"),))]
        corp.robot.removed = True
        for part in failures:
            with pytest.raises(DeliveryError) as caught:
                await robot.send(HERE, part, "k")
            shown += traceback.format_exception(caught.value)
        dead = corp.make_robot(webhook_url=f"http://127.0.0.1:9/cgi-bin/webhook/send?key={key}")
        dead.hook.caller.backoff = SoOften(1)
        with pytest.raises(DeliveryError, match="cannot connect") as caught:
            await dead.send(HERE, X, "k")
        shown += traceback.format_exception(caught.value)
        assert key not in "".join(shown) + caplog.text
