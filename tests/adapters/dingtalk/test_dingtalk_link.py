"""The stream connection: planned ends, sudden ends, silence, refusals, and frames that nobody knows."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from contract import until
from dingtalk_rig import FAST, SECRET, Rig, rigged

from imbridge.adapters.base import Health, Verdict
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.hearing.streams import Streams
from imbridge.emulators.dingtalk import EmulatorSettings
from imbridge.protocol import AuthError, LinkError, UnknownEvent
from imbridge.transport import LinkOptions
from leap import Leap

EVERY = 0.02
SAID = 60


def graceful(**changes: object) -> EmulatorSettings:
    """A platform that goes on using a connection it is about to close, until there is another."""
    settings = {"disconnect_linger": 0.5, "drain_grace": 5.0, "rate_limits": False}
    return EmulatorSettings(**settings | changes)  # type: ignore[arg-type]  # fields by name


@pytest.fixture
async def graceful_rig() -> AsyncIterator[Rig]:
    async with rigged(graceful()) as made:
        yield made


async def say_across(rig: Rig, happens: object) -> list[str]:
    """One message every 20 ms, and something happens in the middle; what was said."""
    said = [f"m{number}" for number in range(SAID)]
    for number, text in enumerate(said):
        await rig.alice.says(text, app=rig.app)
        if number == SAID // 3 and callable(happens):
            result = happens()
            if asyncio.iscoroutine(result):
                await result
        await asyncio.sleep(EVERY)
    return said


class TestPlannedDisconnect:
    async def test_no_message_is_lost(self, graceful_rig: Rig) -> None:
        rig = graceful_rig
        adapter = await rig.start()
        said = await say_across(rig, lambda: rig.ding.disconnect(rig.app))
        await until(lambda: len(rig.intake.texts) >= len(said), "all messages")
        assert rig.intake.texts == said
        assert rig.ding.stats.messages_lost == 0
        counts = adapter.counters()
        assert counts["rotations"] == 1
        assert counts["connects"] == 2
        assert rig.ding.violations == []

    async def test_what_still_comes_on_the_old_connection_is_acknowledged_there(self, graceful_rig: Rig) -> None:
        """The new connection hangs in its opening for a while, and the old one is used meanwhile."""
        rig = graceful_rig
        adapter = await rig.start()
        with rig.ding.faults.http_delay("/v1.0/gateway/connections/open", 0.2):
            await rig.ding.disconnect(rig.app)
            sent = [await rig.alice.says(f"late {number}", app=rig.app) for number in range(5)]
            assert [await one.taken() for one in sent] == [True] * 5
            assert adapter.counters()["connects"] == 1
            await until(lambda: adapter.counters()["rotations"] == 1, "a rotation")
        assert rig.ding.violations == []

    async def test_one_after_another(self, graceful_rig: Rig) -> None:
        rig = graceful_rig
        adapter = await rig.start()
        for number in range(1, 4):
            await rig.ding.disconnect(rig.app)
            await until(lambda number=number: adapter.counters()["rotations"] == number, "a rotation")
            await rig.alice.says(f"after {number}", app=rig.app)
            await rig.intake.has(f"after {number}")
        assert [health for health, _ in rig.health] == [Health.UP]

    async def test_with_two_links_nothing_is_lost_where_the_platform_stops_at_once(self, rig: Rig) -> None:
        """The strict platform delivers nothing on a connection once it has said that it will end."""
        adapter = await rig.start(links=2)
        await until(lambda: rig.ding.connections(rig.app) == 2, "two connections")
        said = await say_across(rig, lambda: rig.ding.disconnect(rig.app, count=1))
        await until(lambda: len(rig.intake.texts) >= len(said), "all messages")
        assert sorted(rig.intake.texts) == sorted(said)
        assert rig.ding.stats.messages_lost == 0
        assert adapter.counters()["rotations"] == 1


class TestSuddenEnds:
    async def test_only_what_came_while_there_was_no_connection_is_lost(self, rig: Rig) -> None:
        await rig.start()
        said = await say_across(rig, lambda: rig.ding.faults.drop_connections(rig.app))
        arrived = len(said) - rig.ding.stats.messages_lost
        await until(lambda: len(rig.intake.texts) >= arrived, "all that was delivered")
        assert rig.intake.texts[-1] == said[-1]
        assert rig.ding.violations == []

    async def test_it_comes_back_by_itself_and_says_so(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.drop_connections(rig.app)
        await until(lambda: adapter.counters()["connects"] == 2, "a second connection")
        await until(lambda: [health for health, _ in rig.health][-1:] == [Health.UP], "up again")
        assert [health for health, _ in rig.health if health is Health.DOWN]

    async def test_two_links_are_down_only_together(self, rig: Rig) -> None:
        adapter = await rig.start(links=2)
        await until(lambda: rig.ding.connections(rig.app) == 2, "two connections")
        rig.ding.world.stream.of(rig.app)[0].abort()
        await until(lambda: adapter.counters()["connects"] == 3, "a third connection")
        assert {health for health, _ in rig.health} == {Health.UP}

    async def test_a_line_that_breaks_twice_a_minute_is_opened_again_at_once(self, rig: Rig) -> None:
        adapter = await rig.start()
        assert isinstance(adapter.hearing, Streams)
        policy = adapter.hearing.policy
        assert policy.healthy < 30.0
        assert policy.delay(1) < 0.5
        assert max(policy.delay(20) for _ in range(100)) <= 15.0

    async def test_a_silent_link_is_dead(self, rig: Rig) -> None:
        options = LinkOptions(ping_interval=0.1, ping_timeout=0.2)
        adapter = rig.make(options=options)
        await adapter.start()
        with rig.ding.faults.half_open(rig.app):
            await until(lambda: adapter.counters()["watchdog_kills"] == 1, "the watchdog")
            await until(lambda: adapter.counters()["connects"] == 2, "a new connection")
        await rig.alice.says("alive", app=rig.app)
        await rig.intake.has("alive")

    async def test_sixty_seconds_of_silence_are_what_is_set(self, adapter: DingTalkAdapter) -> None:
        options = adapter.link_options
        assert options.ping_interval + options.ping_timeout == 60.0
        assert options.drain > 10.0  # the server closes by then


class TestRefusals:
    @pytest.mark.parametrize(("code", "status"), [("authFailed", 401), ("invalidClientIdOrSecret", 400), ("x", 403)])
    async def test_wrong_credentials_are_final(self, rig: Rig, code: str, status: int) -> None:
        rig.ding.faults.refuse_open(code, status)
        adapter = rig.make()
        with pytest.raises(AuthError, match="client_id") as caught:
            await adapter.start()
        assert adapter.health is Health.FAILED
        assert SECRET not in str(caught.value)
        assert rig.ding.stats.opens == 1
        await adapter.close()

    @pytest.mark.parametrize(
        ("code", "status"),
        [("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", 403), ("ServiceUnavailable", 503), ("other", 400)],
    )
    async def test_passing_trouble_passes(self, rig: Rig, code: str, status: int) -> None:
        rig.ding.faults.refuse_open(code, status)
        adapter = await rig.start()
        assert adapter.health is Health.UP
        assert rig.ding.stats.opens == 2

    async def test_a_ticket_that_is_refused_is_no_end(self, rig: Rig) -> None:
        rig.ding.faults.refuse_handshake(401)
        adapter = await rig.start()
        assert adapter.health is Health.UP

    async def test_a_page_is_no_word_about_credentials(self, rig: Rig) -> None:
        rig.ding.faults.http_fail("/v1.0/gateway/connections/open", 403, body="<html>forbidden</html>")
        adapter = await rig.start()
        assert adapter.health is Health.UP

    @pytest.mark.parametrize(
        "body", ["{}", '{"endpoint": "ws://127.0.0.1:9/connect"}', "[]", '{"endpoint": 1, "ticket": "t"}']
    )
    async def test_an_answer_that_cannot_be_used(self, rig: Rig, body: str) -> None:
        rig.ding.faults.http_fail("/v1.0/gateway/connections/open", 200, body=body)
        adapter = await rig.start()
        assert adapter.health is Health.UP
        assert "without endpoint and ticket" in " ".join(reason for _, reason in rig.health)

    @pytest.mark.parametrize(
        "endpoint", ["ws://evil.example/connect", "wss://dingtalk.com.evil.example/c", "http://", "wss:"]
    )
    async def test_a_foreign_endpoint_does_not_get_the_ticket(self, rig: Rig, endpoint: str) -> None:
        body = f'{{"endpoint": "{endpoint}", "ticket": "canary-ticket"}}'
        rig.ding.faults.http_fail("/v1.0/gateway/connections/open", 200, body=body)
        adapter = await rig.start()
        assert adapter.health is Health.UP
        reasons = " ".join(reason for _, reason in rig.health)
        assert "refuses to connect" in reasons
        assert "canary" not in reasons

    async def test_the_start_can_be_given_up(self, rig: Rig) -> None:
        rig.ding.faults.http_fail("/v1.0/gateway/connections/open", 503, times=None)
        adapter = rig.make()
        starting = asyncio.create_task(adapter.start())
        await until(lambda: rig.ding.stats.http_requests >= 2, "some tries")
        starting.cancel()
        await asyncio.wait((starting,))
        assert starting.cancelled()
        await adapter.close()
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("link:")]


class TestFrames:
    async def test_pings_are_answered(self) -> None:
        async with rigged(EmulatorSettings(ping_interval=0.05, ping_timeout=2.0)) as rig:
            await rig.start()
            await until(lambda: rig.ding.stats.pongs >= 3, "answers to pings")
            assert rig.ding.violations == []

    async def test_an_unknown_topic_is_answered(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        push = rig.ding.push_callback(rig.app, "/v1.0/graph/api/invoke", {"x": 1})
        answer = await push.answer
        assert answer is not None
        assert answer.code == 404
        assert adapter.counters()["bad_topic"] == 1

    @pytest.mark.parametrize("settings", [replace(FAST, redelivery=(16.0, 16.0))])
    async def test_an_event_that_the_inbox_refuses_comes_again(
        self, rig: Rig, adapter: DingTalkAdapter, leap: Leap
    ) -> None:
        rig.intake.answers.extend([Verdict.OVERLOADED, RuntimeError("canary"), Verdict.ACCEPTED])
        pushed = rig.ding.push_event(rig.app, "some_event", {"a": 1})
        for number in (1, 2):
            await until(lambda number=number: len(rig.intake.offered) == number, "an offer")
            leap(16)
        assert await pushed.taken()
        assert len(rig.intake.offered) == 3
        assert len({inbound.dedup_keys for inbound in rig.intake.offered}) == 1
        assert {type(item) for item in rig.intake.items} == {UnknownEvent}
        assert rig.ding.violations == []

    async def test_a_full_inbox_loses_no_message(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.intake.answers.extend([Verdict.OVERLOADED] * 3)
        said = [f"m{number}" for number in range(20)]
        for text in said:
            await rig.alice.says(text, app=rig.app)
        await until(lambda: adapter.counters().get("accepted") == 20, "all messages")
        assert list(dict.fromkeys(rig.intake.texts)) == said
        assert rig.ding.stats.messages_lost == 0

    async def test_what_is_said_to_the_end_is_taken(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        """Nothing that the process has read is dropped by the stop."""
        rig.intake.hold = True
        for number in range(5):
            await rig.alice.says(f"m{number}", app=rig.app)
        await until(lambda: len(rig.intake.pending) == 5, "five offers")
        stopping = asyncio.create_task(adapter.stop_reading())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        for pending in rig.intake.pending:
            pending.set_result(Verdict.ACCEPTED)
        await stopping
        assert adapter.counters()["accepted"] == 5

    async def test_no_ticket_and_no_session_webhook_in_the_log(
        self, rig: Rig, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        await rig.start()
        sent = await rig.alice.says("hello", app=rig.app)
        await rig.intake.has("hello")
        rig.ding.faults.drop_connections(rig.app)
        await until(lambda: rig.ding.stats.connects == 2, "a second connection")
        session = str(sent.data["sessionWebhook"]).partition("session=")[2]
        assert session
        assert session not in caplog.text
        assert "ticket=" not in caplog.text.replace("ticket=***", "")
        assert SECRET not in caplog.text


async def test_a_second_start_is_refused(adapter: DingTalkAdapter) -> None:
    with pytest.raises(LinkError, match="running already"):
        await adapter.start()
