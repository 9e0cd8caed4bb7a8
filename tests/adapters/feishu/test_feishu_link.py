"""The long connection against the emulator: who we say we are, acknowledgements, the server's ClientConfig."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from contract import until
from feishu_rig import Rig, event_payload, no_violations

from imbridge.adapters.base import Health, Verdict
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.frames import parse_frame
from imbridge.emulators.feishu import EmulatorSettings, FeishuEmulator
from imbridge.protocol import Message, UnknownEvent
from imbridge.transport import HttpPool


@pytest.fixture
def acks(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every acknowledgement as the emulator reads it: its headers, and its payload as text."""
    seen: list[Any] = []
    from imbridge.emulators.feishu.connection import Connection

    original = Connection._acknowledgement

    def spy(self: Any, frame: Any, headers: dict[str, str]) -> None:
        seen.append((headers, frame.payload.decode(), frame.SeqID))
        original(self, frame, headers)

    monkeypatch.setattr(Connection, "_acknowledgement", spy)
    return seen


async def test_first_connect(rig: Rig) -> None:
    adapter = await rig.start()
    assert adapter.health is Health.UP
    assert (adapter.me.bot_id, adapter.me.bot_name) == (rig.app.bot_open_id, "Demo Bot")
    assert rig.feishu.connections(rig.app) == 1
    assert [health for health, _ in rig.health] == [Health.UP]
    await rig.alice.says("hello")
    await rig.intake.has("hello")
    item = rig.intake.items[0]
    assert isinstance(item, Message)
    assert item.channel.address == f"feishu:work/private/{rig.chat.chat_id}"
    assert rig.feishu.violations == []
    await adapter.close()
    await until(lambda: rig.feishu.connections(rig.app) == 0)
    assert rig.health[-1][0] is Health.STOPPED


@pytest.fixture(scope="module")
def sdk_agents() -> list[str]:
    """What the SDK builds with no tag, with one, and with a source too."""
    script = Path(__file__).parent / "scripts" / "user_agents.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize(("number", "tags"), [(0, ()), (1, ("channel",)), (2, ("source/imbridge", "channel"))])
async def test_user_agent_is_the_sdks(
    number: int, tags: tuple[str, ...], settings: EmulatorSettings, sdk_agents: list[str]
) -> None:
    """Also on the endpoint and the token requests, for some events are reported to depend on it."""
    agents: dict[str, str] = {}
    async with FeishuEmulator(settings=settings) as feishu, HttpPool(trust_env=False) as pool:
        handle = feishu._listener._handler

        async def spy(request: Any) -> Any:
            agents[request.path] = request.headers.get("User-Agent", "")
            return await handle(request)

        feishu._listener._runner.server.request_handler = spy
        rig = Rig(feishu, pool)
        await rig.start(user_agent_tags=tags)
        await rig.close()
    http = {path: agent for path, agent in agents.items() if path != "/ws/v2"}
    assert len(http) == 3
    assert set(http.values()) == {sdk_agents[number]}


async def test_ack_is_the_frame_with_biz_rt_and_the_sdks_payload(rig: Rig, acks: list[Any]) -> None:
    await rig.start()
    sent = await rig.alice.says("hello")
    await until(lambda: acks, "an ack")
    headers, payload, seq = acks[0]
    assert payload == '{"code": 200}'  # the SDK's, with its spacing
    assert headers["type"] == "event"
    assert headers["trace_id"] == sent.event_id
    assert headers["sum"] == "1"
    assert int(headers["biz_rt"]) >= 0
    assert seq == 1
    await until(lambda: rig.feishu.stats.acks_ok == 1)
    assert rig.feishu.violations == []


async def test_duplicates_are_acknowledged(rig: Rig, adapter: FeishuAdapter) -> None:
    rig.intake.answers.append(Verdict.DUPLICATE)
    await rig.alice.says("again")
    await until(lambda: rig.feishu.stats.acks_ok == 1)
    assert adapter.counters()["duplicate"] == 1
    assert rig.feishu.unacknowledged_events(rig.app) == 0


async def test_overload_is_redelivered_and_then_taken(rig: Rig, adapter: FeishuAdapter, acks: list[Any]) -> None:
    rig.intake.answers.extend([Verdict.OVERLOADED, Verdict.OVERLOADED])
    sent = await rig.alice.says("busy?")
    await until(lambda: rig.feishu.stats.acks_ok == 1)
    assert rig.intake.texts == ["busy?"] * 3
    assert {inbound.dedup_keys for inbound in rig.intake.offered} == {(sent.event_id, sent.message_id)}
    assert [json.loads(payload)["code"] for _, payload, _ in acks] == [500, 500, 200]
    assert rig.feishu.stats.events_redelivered == 2
    assert adapter.counters()["overloaded"] == 2


async def test_an_inbox_that_fails_has_the_event_delivered_again(
    rig: Rig, adapter: FeishuAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    rig.intake.answers.extend([RuntimeError("canary-disk"), RuntimeError("canary-disk")])
    await rig.alice.says("store me")
    await until(lambda: rig.feishu.stats.acks_ok == 1)
    assert rig.intake.texts == ["store me"] * 3
    assert adapter.counters()["bad_intake"] == 2
    assert caplog.text.count("could not take an event in") == 1
    assert "canary" not in caplog.text


async def test_the_ack_waits_for_the_inbox_and_holds_nobody_up(rig: Rig, adapter: FeishuAdapter) -> None:
    rig.intake.hold = True
    for number in range(3):
        await rig.alice.says(f"m{number}")
    await until(lambda: len(rig.intake.offered) == 3, "three offers before any answer")
    assert rig.intake.texts == ["m0", "m1", "m2"]
    assert rig.feishu.stats.acks_ok == 0
    rig.intake.pending[2].set_result(Verdict.ACCEPTED)
    await until(lambda: rig.feishu.stats.acks_ok == 1)
    rig.intake.pending[0].set_exception(RuntimeError("no disk"))
    await until(lambda: rig.feishu.stats.acks_failed == 1)
    rig.intake.pending[1].set_result(Verdict.DUPLICATE)
    await until(lambda: rig.feishu.stats.acks_ok == 2)
    rig.intake.hold = False
    await until(lambda: rig.feishu.stats.acks_ok == 3)
    assert rig.intake.texts.count("m0") == 2


async def test_closing_waits_for_acks_that_are_under_way(rig: Rig, adapter: FeishuAdapter) -> None:
    rig.intake.hold = True
    await rig.alice.says("last words")
    await until(lambda: rig.intake.pending)
    closing = asyncio.create_task(adapter.stop_reading())
    await asyncio.sleep(0)
    rig.intake.pending[0].set_result(Verdict.ACCEPTED)
    await closing
    await until(lambda: rig.feishu.stats.acks_ok == 1)
    assert rig.feishu.unacknowledged_events(rig.app) == 0


async def test_an_ack_for_a_lost_connection_is_counted(rig: Rig, adapter: FeishuAdapter) -> None:
    rig.intake.hold = True
    await rig.alice.says("cut")
    await until(lambda: rig.intake.pending)
    known = len(rig.health)
    rig.feishu.faults.drop_connections(rig.app)
    await until(lambda: len(rig.health) > known, "the loss, which may be mended before anybody looks")
    rig.intake.hold = False
    for waiting in rig.intake.pending:
        waiting.set_result(Verdict.ACCEPTED)
    await until(lambda: rig.feishu.stats.acks_ok == 1, "the redelivery's ack")
    assert adapter.counters()["ack_lost"] == 1
    assert rig.intake.texts == ["cut", "cut"]


async def test_card_frames_are_acknowledged_although_the_sdk_does_not(rig: Rig, acks: list[Any]) -> None:
    await rig.start()
    rig.send_frame(
        b'{"open_id":"ou_1","action":{"value":{}}}', type="card", message_id="f1", trace_id="t1", sum="1", seq="0"
    )
    await until(lambda: acks)
    headers, payload, _ = acks[0]
    assert headers["type"] == "card"
    assert json.loads(payload)["code"] == 200
    assert [type(item) for item in rig.intake.items] == [UnknownEvent]


async def test_events_of_unknown_type_are_acknowledged_and_passed_on(rig: Rig, adapter: FeishuAdapter) -> None:
    rig.feishu.push_event(rig.app, "moon.phase.changed_v1", {"phase": "full"})
    await until(lambda: rig.feishu.stats.acks_ok == 1)
    (item,) = rig.intake.items
    assert isinstance(item, UnknownEvent)
    assert item.kind == "moon.phase.changed_v1"
    assert item.payload["event"] == {"phase": "full"}


class TestSplitFrames:
    async def test_in_order(self, rig: Rig, adapter: FeishuAdapter, acks: list[Any]) -> None:
        rig.feishu.faults.split_frames(7)
        with no_violations(rig.feishu):
            await rig.alice.says("in seven parts")
            await rig.intake.has("in seven parts")
            await until(lambda: rig.feishu.stats.acks_ok == 1)
        assert len(acks) == 1

    async def test_large_payload(self, rig: Rig, adapter: FeishuAdapter) -> None:
        said = "长" * 100_000
        await rig.alice.says(said)
        await rig.intake.has(said)
        assert rig.feishu.stats.frames_sent > 1

    async def test_out_of_order_with_duplicates_and_interleaved(self, rig: Rig, adapter: FeishuAdapter) -> None:
        one, two = event_payload("ev1", "one"), event_payload("ev2", "two")
        cuts = {"f1": [one[:50], one[50:90], one[90:]], "f2": [two[:10], two[10:30], two[30:]]}
        for name, seq in [("f1", 2), ("f2", 1), ("f1", 0), ("f1", 0), ("f2", 1), ("f2", 0), ("f1", 1), ("f2", 2)]:
            rig.send_frame(
                cuts[name][seq], type="event", message_id=name, trace_id=name, sum="3", seq=str(seq)
            )  # fmt: skip
        await until(lambda: len(rig.intake.offered) == 2)
        assert rig.intake.texts == ["one", "two"]

    async def test_a_part_that_never_comes_holds_nothing_up(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.send_frame(b"half", type="event", message_id="f1", trace_id="t", sum="2", seq="0")
        await rig.alice.says("next")
        await rig.intake.has("next")
        assert len(rig.intake.offered) == 1


class TestClientConfig:
    async def test_the_endpoints_ping_interval_is_obeyed(self, rig: Rig) -> None:
        rig.feishu.settings.ping_interval = 1
        await rig.start()
        await until(lambda: rig.feishu.stats.pings >= 2, "two pings", timeout=5)
        assert rig.feishu.violations == []

    async def test_a_pongs_config_is_obeyed_at_once(self, rig: Rig, adapter: FeishuAdapter) -> None:
        assert adapter._driver.client_config.ping_interval == 120
        rig.send_frame(b'{"PingInterval":1,"ReconnectNonce":7,"ReconnectCount":3}', method=0, type="pong")
        await until(lambda: rig.feishu.stats.pings >= 1, "a ping long before 120 s", timeout=5)
        # The emulator's own pong then says 120 again; only what it says last counts.
        await until(lambda: adapter._driver.client_config.ping_interval == 120)

    async def test_pushed_values(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.send_frame(b'{"ReconnectNonce":7,"ReconnectCount":3,"ReconnectInterval":9}', method=0, type="pong")
        await until(lambda: adapter._driver.client_config.reconnect_nonce == 7)
        config = adapter._driver.client_config
        assert (config.reconnect_count, config.reconnect_interval, config.ping_interval) == (3, 9, 120)

    async def test_nonce_spreads_the_first_retry(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.send_frame(b'{"ReconnectNonce":30}', method=0, type="pong")
        await until(lambda: adapter._driver.client_config.reconnect_nonce == 30)
        waits = []
        for _ in range(200):
            adapter._driver._failures = 0
            waits.append(adapter._driver.classify(ConnectionError()).min_delay)
        assert 0 <= min(waits) < 5
        assert 25 < max(waits) <= 30

    async def test_interval_ends_the_exponential_waiting(self, rig: Rig) -> None:
        rig.feishu.settings.reconnect_interval = 5
        adapter = await rig.start()
        waits = [adapter._driver.classify(ConnectionError()).min_delay for _ in range(6)]
        assert waits == [0, 1, 2, 4, 5, 5]  # the fixture's ReconnectNonce is 0

    async def test_count_gives_up_when_the_server_says_so(self, rig: Rig) -> None:
        rig.feishu.settings.reconnect_count = 1
        adapter = await rig.start()
        rig.feishu.faults.refuse_endpoint(1, times=None)
        rig.feishu.faults.drop_connections()
        await until(lambda: adapter.health is Health.FAILED)
        assert rig.feishu.stats.endpoint_requests == 2  # the first connection's, and the one retry

    @pytest.mark.parametrize(
        "junk",
        [b"\xff", b"[]", b"nonsense", b'{"PingInterval":"x"}', b'{"PingInterval":-1,"ReconnectCount":null}',
         b'{"PingInterval":1e308}', b'{"PingInterval":true}', b'{"PingInterval":0}', b'{"PingInterval":NaN}'],
    )  # fmt: skip
    async def test_senseless_values_change_nothing(self, rig: Rig, adapter: FeishuAdapter, junk: bytes) -> None:
        before = adapter._driver.client_config
        rig.send_frame(junk, method=0, type="pong")
        await rig.alice.says("after")
        await rig.intake.has("after")
        assert adapter._driver.client_config == before


async def test_our_ping_names_the_service(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = await rig.start()
    ping = parse_frame(adapter._driver.ping())
    assert (ping.method, ping.headers["type"], ping.wire.service) == (0, "ping", 33_554_678)
