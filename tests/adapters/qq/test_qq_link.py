"""The gateway's connection: close codes row by row, what the gateway says, silence, the inbox without room."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from contract import until
from qq_rig import FAST, SECRET, Rig, rigged

from imbridge.adapters.base import Health, Verdict
from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.hearing.close_codes import CLOSE_CODES, CloseReaction, close_rule
from imbridge.protocol import AuthError, LinkError
from imbridge.transport import LinkOptions

DOCUMENTED = {
    # code: (may be resumed, may be identified), as the documents have it
    4001: (False, False), 4002: (False, False), 4006: (False, True), 4007: (False, True), 4008: (True, True),
    4009: (True, True), 4010: (False, False), 4011: (False, False), 4012: (False, False), 4013: (False, False),
    4014: (False, False), 4914: (False, False), 4915: (False, False),
    **dict.fromkeys(range(4900, 4914), (False, True)),
}  # fmt: skip
STOPPING = sorted(code for code, may in DOCUMENTED.items() if may == (False, False) and code != 4014)
ANEW = sorted(code for code, may in DOCUMENTED.items() if may == (False, True))
GOING_ON = [1000, 1001, 1006, 1011, 4000, 4004, 4008, 4009, 4123]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute after 4008 is looked at in the table; here nobody waits for it."""
    monkeypatch.setitem(CLOSE_CODES, 4008, replace(CLOSE_CODES[4008], delay=0.0))


def session(rig: Rig) -> str:
    (found,) = rig.qq.sessions(rig.bot)
    return found.session_id


async def heard(rig: Rig, text: str) -> None:
    await rig.alice.says(text, bot=rig.bot)
    await rig.intake.has(text)


class TestCloseCodes:
    def test_the_table_says_what_the_documents_say(self) -> None:
        for code, (resume, identify) in DOCUMENTED.items():
            reaction = CLOSE_CODES[code].reaction
            assert (reaction in (CloseReaction.RESUME, CloseReaction.RESUME_ONCE)) == resume, code
            assert (reaction in (CloseReaction.STOP, CloseReaction.INTENTS)) == (not identify), code
            assert CLOSE_CODES[code].meaning
        assert set(CLOSE_CODES) - set(DOCUMENTED) == {1001, 1006, 1012, 4004}

    def test_a_minute_after_too_many_payloads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()
        assert CLOSE_CODES[4008].delay == 60.0
        assert {rule.delay for code, rule in CLOSE_CODES.items() if code != 4008} == {0.0}

    @pytest.mark.parametrize("code", STOPPING)
    async def test_what_no_connection_helps_against(self, rig: Rig, adapter: QQAdapter, code: int) -> None:
        rig.qq.close(rig.bot, code)
        await until(lambda: adapter.health is Health.FAILED, "the end")
        rule = close_rule(code)
        assert rule.meaning in rig.health[-1][1]
        assert rule.hint in rig.health[-1][1]
        assert rule.hint
        assert rig.qq.stats.connects == 1

    @pytest.mark.parametrize("code", [4013, 4915])
    async def test_at_the_start_it_is_an_error_that_says_so(self, rig: Rig, code: int) -> None:
        rig.qq.faults.refuse_identify(code, times=None)
        adapter = rig.make()
        with pytest.raises(LinkError, match=close_rule(code).meaning) as caught:
            await adapter.start()
        assert caught.value.fatal
        assert caught.value.code == code
        assert adapter.health is Health.FAILED
        assert SECRET not in str(caught.value)

    @pytest.mark.parametrize("code", ANEW)
    async def test_what_ends_the_session(self, rig: Rig, adapter: QQAdapter, code: int) -> None:
        before = session(rig)
        rig.qq.close(rig.bot, code)
        await until(lambda: rig.qq.stats.identifies == 2, "another session")
        await heard(rig, "after")
        assert before not in [one.session_id for one in rig.qq.sessions(rig.bot) if one.connection is not None]
        assert rig.qq.stats.resumes == rig.qq.stats.resumes_refused == 0
        assert adapter.health is Health.UP

    @pytest.mark.parametrize("code", GOING_ON)
    async def test_what_does_not_end_the_session(self, rig: Rig, adapter: QQAdapter, code: int) -> None:
        before = session(rig)
        rig.qq.close(rig.bot, code)
        await heard(rig, "in between")
        await until(lambda: adapter.health is Health.UP)
        assert session(rig) == before
        assert (rig.qq.stats.identifies, rig.qq.stats.resumes) == (1, 1)
        assert rig.qq.violations == []

    @pytest.mark.parametrize("code", [4004, 4009, 4123])
    async def test_resumed_once_and_then_given_up(self, rig: Rig, adapter: QQAdapter, code: int) -> None:
        fault = rig.qq.faults.refuse_resume(code, times=None)
        rig.qq.close(rig.bot, 4009)
        await until(lambda: rig.qq.stats.identifies == 2, "another session")
        assert fault.hits == 1
        await heard(rig, "after")

    @pytest.mark.parametrize("code", [4902, 4006, 4913])
    async def test_a_refused_resume_is_not_repeated(self, rig: Rig, adapter: QQAdapter, code: int) -> None:
        fault = rig.qq.faults.refuse_resume(code, times=None)
        rig.qq.faults.drop_connections(rig.bot)
        await until(lambda: rig.qq.stats.identifies == 2, "another session")
        assert fault.hits == 1

    async def test_a_wrong_token_is_replaced_and_the_session_goes_on(self, rig: Rig, adapter: QQAdapter) -> None:
        before, asked = session(rig), rig.qq.stats.token_requests
        rig.qq.faults.expire_tokens()
        rig.qq.close(rig.bot, 4004)
        await heard(rig, "with a new token")
        assert session(rig) == before
        assert rig.qq.stats.token_requests > asked

    async def test_the_token_that_the_gateway_refuses_is_not_used_again(self, rig: Rig, adapter: QQAdapter) -> None:
        """Also when the API has nothing against it."""
        asked = rig.qq.stats.token_requests
        rig.qq.close(rig.bot, 4004)
        await heard(rig, "with another one")
        assert rig.qq.stats.token_requests == asked + 1

    async def test_two_programs_with_one_bot_are_told_of(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
        await rig.start()
        for number in range(1, 5):
            assert ("another program" in caplog.text) == (number > 3)
            rig.qq.close(rig.bot, 4902)
            await until(lambda number=number: rig.qq.stats.identifies == number + 1, "another session", timeout=20)
        assert caplog.text.count("another program") == 1

    async def test_we_do_not_say_that_we_are_finished(self, rig: Rig, adapter: QQAdapter) -> None:
        """After 1000 a gateway may forget the session."""
        (connection,) = rig.qq.world.gateway.ready(rig.bot)
        await adapter.stop_reading()
        await until(lambda: rig.qq.connections(rig.bot) == 0)
        assert connection._socket.close_code == 4000


class TestWhatTheGatewaySays:
    async def test_connect_again(self, rig: Rig, adapter: QQAdapter) -> None:
        said = [f"m{number}" for number in range(30)]
        for number, text in enumerate(said):
            await rig.alice.says(text, bot=rig.bot)
            if number == 10:
                assert rig.qq.reconnect(rig.bot) == 1
            await asyncio.sleep(0.005)
        await rig.intake.has(said[-1])
        assert list(dict.fromkeys(rig.intake.texts)) == said
        assert (rig.qq.stats.identifies, rig.qq.stats.resumes) == (1, 1)
        assert adapter.counters()["reconnects_asked"] == 1

    async def test_the_session_is_over(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.qq.invalidate(rig.bot)
        await until(lambda: rig.qq.stats.identifies == 2, "another session")
        await heard(rig, "after")
        assert rig.qq.stats.resumes == 0
        assert adapter.counters()["invalid_sessions"] == 1

    async def test_the_session_can_go_on(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.qq.invalidate(rig.bot, resumable=True)
        await until(lambda: rig.qq.stats.resumes == 1, "a Resume")
        await heard(rig, "after")
        assert rig.qq.stats.identifies == 1

    @pytest.mark.parametrize("way", ["op9", "close", "both"])
    async def test_a_session_that_is_too_old(self, way: str) -> None:
        async with rigged(replace(FAST, replay_window=0.0, invalid_session=way)) as rig:  # type: ignore[arg-type]
            adapter = await rig.start()
            rig.qq.faults.drop_connections(rig.bot)
            await until(lambda: rig.qq.stats.identifies == 2, "another session")
            await heard(rig, "after")
            assert rig.qq.stats.resumes == 0
            assert adapter.health is Health.UP


class TestHeartbeats:
    @pytest.fixture
    async def beating(self) -> AsyncIterator[Rig]:
        async with rigged(replace(FAST, heartbeat_interval=0.05)) as rig:
            yield rig

    async def test_at_hellos_interval_with_the_last_number(self, beating: Rig) -> None:
        adapter = await beating.start()
        await heard(beating, "one")
        (connected,) = beating.qq.sessions(beating.bot)
        await until(lambda: beating.qq.stats.heartbeats >= 5, "heartbeats")
        await until(lambda: connected.confirmed == connected.seq, "the number of the message")
        assert adapter.counters()["pongs"] >= 3
        assert beating.qq.violations == []

    @pytest.mark.parametrize("fault", ["silent_heartbeats", "half_open"])
    async def test_a_gateway_that_is_silent_is_dead(self, beating: Rig, fault: str) -> None:
        adapter = beating.make(options=LinkOptions(ping_interval=3600.0, ping_timeout=0.2))
        await adapter.start()
        with getattr(beating.qq.faults, fault)():
            await until(lambda: adapter.counters()["watchdog_kills"] >= 1, "the watchdog")
        await until(lambda: adapter.health is Health.UP, "up again", timeout=20)
        await heard(beating, "alive")
        assert beating.qq.stats.identifies == 1

    async def test_the_gateway_is_not_asked_for_pongs_of_websockets(self, adapter: QQAdapter) -> None:
        assert adapter.link_options.ping_interval >= 3600.0


class TestInboxWithoutRoom:
    async def test_what_it_refuses_is_kept_and_offered_again(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.intake.answers.extend([Verdict.OVERLOADED] * 3)
        said = [f"m{number}" for number in range(5)]
        for text in said:
            await rig.alice.says(text, bot=rig.bot)
        await until(lambda: adapter.counters().get("accepted") == 5, "all of them", timeout=20)
        assert sorted(set(rig.intake.texts)) == said
        assert adapter.counters()["overloaded"] == 3

    async def test_the_number_waits_for_the_inbox(self, rig: Rig, adapter: QQAdapter) -> None:
        """What the inbox has not is sent again to whoever resumes the session."""
        rig.intake.hold = True
        for text in ("one", "two"):
            await rig.alice.says(text, bot=rig.bot)
        await until(lambda: len(rig.intake.pending) == 2, "two offers")
        rig.intake.pending[1].set_result(Verdict.ACCEPTED)
        rig.qq.faults.drop_connections(rig.bot)
        await until(lambda: len(rig.intake.pending) == 4, "a replay of both")
        assert rig.intake.texts == ["one", "two"] * 2
        for pending in rig.intake.pending:
            if not pending.done():
                pending.set_result(Verdict.ACCEPTED)
        rig.intake.hold = False
        rig.qq.faults.drop_connections(rig.bot)
        await heard(rig, "three")
        assert rig.intake.texts == ["one", "two"] * 2 + ["three"]

    async def test_when_too_much_waits_nothing_more_is_read(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """The rest stays with the gateway; our heartbeats go on, and nobody takes the silence for a dead connection."""
        monkeypatch.setattr("imbridge.adapters.taking.MOST_WAITING", 3)
        rig.qq.settings.heartbeat_interval = 0.05
        adapter = rig.make(options=LinkOptions(ping_interval=3600.0, ping_timeout=0.2))
        await adapter.start()
        rig.intake.hold = True
        said = [f"m{number}" for number in range(10)]
        for text in said:
            await rig.alice.says(text, bot=rig.bot)
        await until(lambda: len(rig.intake.pending) == 3, "three offers")
        before = rig.qq.stats.heartbeats
        await until(lambda: rig.qq.stats.heartbeats > before + 8, "heartbeats")
        assert len(rig.intake.pending) == 3
        rig.intake.hold = False
        for pending in rig.intake.pending:
            pending.set_result(Verdict.ACCEPTED)
        await rig.intake.has(said[-1])
        assert rig.intake.texts == said
        assert adapter.counters()["connects"] == 1
        assert adapter.counters()["watchdog_kills"] == 0

    async def test_a_replay_may_take_its_time(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """RESUMED comes after all that was missed; the first of it shows that the session goes on."""
        await (await rig.start()).close()
        said = [f"m{number}" for number in range(5)]
        for text in said:
            await rig.alice.says(text, bot=rig.bot)
        monkeypatch.setattr("imbridge.adapters.taking.MOST_WAITING", 1)
        monkeypatch.setattr("imbridge.adapters.qq.link._READY_WITHIN", 0.5)
        rig.intake.hold = True
        adapter = rig.make()
        starting = asyncio.create_task(adapter.start())
        await until(lambda: rig.intake.pending, "an offer")
        await starting
        await asyncio.sleep(1.0)  # what would be too long for an answer
        rig.intake.hold = False
        rig.intake.pending[0].set_result(Verdict.ACCEPTED)
        await rig.intake.has(said[-1])
        assert (rig.intake.texts, adapter.counters()["connects"], rig.qq.stats.resumes) == (said, 1, 1)

    async def test_the_stop_does_not_wait_for_room(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What is left comes again to the next process, and nobody is told that it is lost."""
        monkeypatch.setattr("imbridge.adapters.taking.MOST_WAITING", 3)
        adapter = rig.make(options=LinkOptions(ping_interval=3600.0, stop_grace=3600.0))
        await adapter.start()
        rig.intake.answers.extend([Verdict.OVERLOADED] * 1000)
        said = [f"m{number}" for number in range(10)]
        for text in said:
            await rig.alice.says(text, bot=rig.bot)
        await until(lambda: adapter.counters().get("overloaded", 0) > 2, "an inbox without room")
        await adapter.close()
        assert "again to the next process" in caplog.text
        assert not [record for record in caplog.records if record.levelname == "ERROR"]
        rig.intake.answers.clear()
        before = len(rig.intake.texts)
        await rig.start()
        await rig.intake.has(said[-1])
        assert rig.intake.texts[before:] == said


class TestDial:
    async def test_wrong_credentials_are_final(self, rig: Rig) -> None:
        adapter = rig.make(secret="canary-wrong")
        with pytest.raises(AuthError, match="AppSecret") as caught:
            await adapter.start()
        assert adapter.health is Health.FAILED
        assert "canary" not in str(caught.value)
        await adapter.close()

    @pytest.mark.parametrize("body", ["{}", "[]", '{"url": 1}', '{"url": "", "shards": "x"}', "<html></html>"])
    async def test_an_answer_that_cannot_be_used_is_asked_for_again(self, rig: Rig, body: str) -> None:
        rig.qq.faults.http_fail("/gateway/bot", 200, times=1, body=body)
        adapter = await rig.start(shards=1)
        assert adapter.health is Health.UP

    @pytest.mark.parametrize(
        "url",
        [
            "ws://evil.example/websocket", "wss://evil.example/", "wss://qq.com.evil.example/", "wss://evilqq.com/",
            "ws://api.sgroup.qq.com/websocket", "http://", "wss:", "wss://[", "javascript:alert(1)",
        ],
    )  # fmt: skip
    async def test_a_foreign_gateway_does_not_get_the_token(self, rig: Rig, url: str) -> None:
        rig.qq.faults.http_fail("/gateway/bot", 200, times=1, body=f'{{"url": "{url}"}}')
        adapter = await rig.start(shards=1)
        assert adapter.health is Health.UP
        assert "refuses to connect" in " ".join(reason for _, reason in rig.health)

    @pytest.mark.parametrize("status", [502, 401, 404])
    async def test_a_refused_handshake_is_no_end(self, rig: Rig, status: int) -> None:
        rig.qq.faults.refuse_handshake(status)
        assert (await rig.start()).health is Health.UP

    async def test_the_start_can_be_given_up(self, rig: Rig) -> None:
        rig.qq.faults.http_fail("/gateway/bot", 503, times=None)
        adapter = rig.make()
        starting = asyncio.create_task(adapter.start())
        await until(lambda: rig.qq.stats.http_requests >= 3, "some tries")
        starting.cancel()
        await asyncio.wait((starting,))
        assert starting.cancelled()
        await adapter.close()
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("link:")]
