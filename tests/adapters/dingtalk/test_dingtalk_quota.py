"""The month's calls: counted as the platform counts them, kept over restarts, told."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from dingtalk_rig import Rig
from dingtalk_tables import ASK, SEND, ask, say_hi

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.services.quota import Quota, is_free
from imbridge.adapters.notes import MemoryNotes
from imbridge.emulators.dingtalk import EmulatorSettings
from imbridge.protocol import NotPermittedError

PATH = "/v1.0/robot/oToMessages/batchSend"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)  # a second before December in China

    def __call__(self) -> datetime:
        return self.now


def spent(quota: Quota, calls: int) -> Quota:
    for _ in range(calls):
        quota.count(PATH)
    return quota


class TestCounting:
    @pytest.mark.parametrize(
        ("path", "free"),
        [
            ("/v1.0/oauth2/accessToken", True),
            ("/v1.0/oauth2/userAccessToken", True),
            ("/topapi/v2/user/getuserinfo", True),
            ("/topapi/v2/user/get", True),
            ("/topapi/v2/department/listsub", True),
            ("/v1.0/contact/users/me", True),
            (PATH, False),
            ("/v1.0/card/streaming", False),
            ("/media/upload", False),
        ],
    )
    def test_what_counts(self, path: str, free: bool) -> None:
        assert is_free(path) is free
        quota = Quota("dingtalk:work", 10)
        quota.count(path)
        assert quota.used == (0 if free else 1)

    async def test_it_counts_as_the_platform_does(self, rig: Rig) -> None:
        adapter = rig.make()
        for call in (say_hi, ask, say_hi):
            await call(rig, adapter)
        await adapter.api.recall_from_users(["one"])
        assert adapter.api.quota.used == rig.ding.stats.billed_calls == 3

    async def test_each_attempt_counts(self, rig: Rig) -> None:
        adapter = rig.make()
        rig.ding.faults.http_fail(SEND, 429, 2)
        await say_hi(rig, adapter)
        assert adapter.counters()["month_calls"] == 3

    async def test_session_webhooks_do_not(self, rig: Rig) -> None:
        adapter = await rig.start()
        await rig.alice.says("hello")
        await rig.intake.has("hello")
        session = adapter.sessions.find(rig.alice.userid)
        assert session is not None
        await adapter.sessions.post(session, {"msgtype": "text", "text": {"content": "hi"}})
        assert adapter.api.quota.used == rig.ding.stats.billed_calls == 0

    def test_a_month_begins_in_china(self) -> None:
        clock = Clock()
        quota = spent(Quota("dingtalk:work", 10, now=clock), 9)
        quota.refuse()
        assert (quota.month, quota.used, quota.scarce, quota.used_up) == ("2026-11", 9, True, True)
        clock.now += timedelta(seconds=1)
        assert not quota.scarce
        spent(quota, 1)
        assert (quota.month, quota.used, quota.used_up) == ("2026-12", 1, False)


class TestWarning:
    def test_once_at_each_step(self, caplog: pytest.LogCaptureFixture) -> None:
        quota = Quota("dingtalk:work", 100)
        told: dict[int, str] = {}
        with caplog.at_level(logging.WARNING):
            for used in range(1, 151):
                caplog.clear()
                quota.count(PATH)
                if caplog.records:
                    told[used] = caplog.text
        assert list(told) == [80, 95, 100]
        assert "dingtalk:work" in told[80]
        assert "80 of the organisation's 100 API calls" in told[80]
        assert "stream_by: message" in told[80]

    def test_no_budget_no_warning(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING):
            quota = spent(Quota("dingtalk:work", 0), 100)
        assert (quota.scarce, quota.problems(), caplog.records) == (False, (), [])

    def test_a_jump_over_two_steps_is_one_warning(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING):
            spent(Quota("dingtalk:work", 1), 1)
        assert len(caplog.records) == 1


class TestRestart:
    async def restarted(self, notes: MemoryNotes, *, budget: int = 100, now: Clock | None = None) -> Quota:
        quota = Quota("dingtalk:work", budget, now=now or Clock())
        await quota.open(notes)
        return quota

    async def test_it_goes_on(self, caplog: pytest.LogCaptureFixture) -> None:
        notes = MemoryNotes()
        quota = spent(await self.restarted(notes), 85)
        quota.save()
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            again = spent(await self.restarted(notes), 5)
        assert (again.used, again.scarce) == (90, True)
        assert caplog.records == []  # told before

    async def test_a_process_that_dies_forgets_few(self) -> None:
        notes = MemoryNotes()
        spent(await self.restarted(notes), 57)
        assert 47 < (await self.restarted(notes)).used <= 57

    async def test_what_was_called_before_the_notes_were_read_counts_too(self) -> None:
        notes = MemoryNotes()
        spent(await self.restarted(notes), 10)
        quota = spent(Quota("dingtalk:work", 100, now=Clock()), 3)
        await quota.open(notes)
        await quota.open(notes)
        assert quota.used == 13

    async def test_that_nothing_is_left_is_known_again(self) -> None:
        notes = MemoryNotes()
        (await self.restarted(notes)).refuse()
        again = await self.restarted(notes)
        assert (again.used_up, again.scarce) == (True, True)

    async def test_another_month(self) -> None:
        notes, clock = MemoryNotes(), Clock()
        spent(await self.restarted(notes, now=clock), 90)
        clock.now += timedelta(days=1)
        quota = await self.restarted(notes, now=clock)
        assert (quota.used, quota.scarce) == (0, False)
        assert await notes.all("quota") == {}

    @pytest.mark.parametrize("value", [None, 7, [], {"used": "many", "warned": -1}, {"used": True, "used_up": 1}])
    async def test_a_note_that_makes_no_sense(self, value: object) -> None:
        notes = MemoryNotes()
        notes.put("quota", "2026-11", value)
        quota = await self.restarted(notes)
        assert (quota.used, quota.used_up) == (0, False)

    async def test_an_account(self, rig: Rig) -> None:
        adapter = await rig.start()
        notes = adapter.context.notes
        await say_hi(rig, adapter)
        await adapter.close()
        other = DingTalkAdapter(rig.config(), replace(rig.context(), notes=notes))
        rig.adapters.append(other)
        await other.start()
        await say_hi(rig, other)
        assert other.counters()["month_calls"] == rig.ding.stats.billed_calls == 2


class TestUsedUp:
    @pytest.fixture
    def settings(self) -> EmulatorSettings:
        return EmulatorSettings(api_calls_month=3)

    async def test_the_platform_says_so(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
        adapter = rig.make()
        for _ in range(3):
            await say_hi(rig, adapter)
        assert not adapter.api.quota.scarce
        with caplog.at_level(logging.ERROR):
            for _ in range(2):
                with pytest.raises(NotPermittedError, match="reply_by: webhook"):
                    await say_hi(rig, adapter)
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert "used up" in caplog.text
        assert adapter.api.quota.scarce
        counters = adapter.counters()
        assert (counters["month_used_up"], counters["month_refused"]) == (1, 2)
        await ask(rig, adapter)  # what does not count is answered, which says nothing of the rest
        assert adapter.api.quota.used_up
        rig.ding.world.settings.api_calls_month = 500_000  # more are bought
        await say_hi(rig, adapter)
        assert (adapter.api.quota.used_up, adapter.api.quota.scarce) == (False, False)

    async def test_the_older_api_says_so(self, rig: Rig) -> None:
        adapter = rig.make()
        rig.ding.faults.over_month(ASK)
        with pytest.raises(NotPermittedError, match="used up"):
            await ask(rig, adapter)
        assert adapter.api.quota.used_up
