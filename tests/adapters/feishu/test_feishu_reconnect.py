"""A lost connection comes back; a refused one says why; a foreign address is never dialled."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from contract import until
from feishu_rig import SECRET, Rig

from imbridge.adapters.base import Health
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu import link as link_module
from imbridge.adapters.feishu.errors import LINK_ERRORS
from imbridge.protocol import AuthError, LinkError, NotPermittedError
from imbridge.transport import ErrorTable, LinkOptions, LinkVerdict, Reaction

ENDPOINT = "/callback/ws/endpoint"

STOPS = {514: "app_id and app_secret", 403: "self-built", 1000040344: "app_id", 10003: "app_id", 10014: "app_secret"}
PASSES = {1: "busy", 1000040343: "internal", 1000040350: "too many processes"}
"""Every row of LINK_ERRORS, and a word that its error must hold."""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same table, without its 30 s."""
    rows = [replace(rule, delay=0.05 if rule.delay else None) for rule in LINK_ERRORS]
    monkeypatch.setattr(link_module, "LINK_ERRORS", ErrorTable(rows))


class TestLoss:
    async def test_a_dropped_connection_comes_back_and_nothing_is_lost(self, rig: Rig, adapter: FeishuAdapter) -> None:
        for number in range(3):
            assert rig.feishu.faults.drop_connections(rig.app) == 1
            await rig.alice.says(f"after drop {number}")
            await rig.intake.has(f"after drop {number}")
        await until(lambda: adapter.health is Health.UP)  # the first frames come before the link calls itself up
        assert adapter.counters()["drops"] == 3
        states = [health for health, _ in rig.health]
        assert states[:3] == [Health.UP, Health.DOWN, Health.STARTING]
        assert rig.feishu.violations == []

    async def test_half_open_is_found_and_replaced(self, rig: Rig) -> None:
        adapter = await rig.start(options=LinkOptions(ping_interval=0.1, ping_timeout=0.2))
        with rig.feishu.faults.half_open(rig.app):
            await rig.alice.says("anybody there?")
            await rig.intake.has("anybody there?")
        assert adapter.counters()["watchdog_kills"] == 1
        assert any(health is Health.DOWN and "not answered" in reason for health, reason in rig.health)

    async def test_a_missing_pong_of_the_platform_is_enough(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that answers websocket pings and has forgotten us is as good as dead."""
        from imbridge.emulators.feishu.connection import Connection

        deaf: list[Any] = []
        monkeypatch.setattr(Connection, "_ping", lambda self: deaf.append(self))  # noqa: PLW0108 - a method takes self
        rig.feishu.settings.ping_interval = 1
        adapter = await rig.start(options=LinkOptions(ping_interval=0.1, ping_timeout=0.2))
        await until(lambda: adapter.counters()["watchdog_kills"] >= 1)
        await until(lambda: adapter.counters()["connects"] >= 2)
        assert deaf
        assert any("platform's own heartbeat" in reason for _, reason in rig.health)

    async def test_a_connection_lost_while_the_platform_is_down(self, rig: Rig, adapter: FeishuAdapter) -> None:
        fault = rig.feishu.faults.http_fail(f"*{ENDPOINT}", 502, times=2, body="<html>bad gateway</html>")
        rig.feishu.faults.drop_connections()
        await rig.alice.says("queued")
        await rig.intake.has("queued")
        assert fault.hits == 2


class TestRefusals:
    def test_every_row_of_the_table_is_tested(self) -> None:
        assert set(STOPS) | set(PASSES) == {rule.code for rule in LINK_ERRORS}
        assert {rule.code for rule in LINK_ERRORS if rule.reaction is Reaction.STOP} == set(STOPS)

    @pytest.mark.parametrize("code", STOPS)
    async def test_endpoint_stops(self, rig: Rig, code: int) -> None:
        rig.feishu.faults.refuse_endpoint(code, times=None)
        adapter = rig.make()
        with pytest.raises(LinkError, match=STOPS[code]) as caught:
            await adapter.start()
        assert caught.value.fatal
        assert str(code) in str(caught.value)
        assert adapter.health is Health.FAILED
        assert STOPS[code] in rig.health[-1][1]
        assert SECRET not in str(caught.value) + repr(rig.health)
        assert rig.feishu.stats.endpoint_requests == 1

    @pytest.mark.parametrize("code", PASSES)
    async def test_endpoint_passes(self, rig: Rig, code: int, impatient: None) -> None:
        fault = rig.feishu.faults.refuse_endpoint(code, times=1)
        adapter = await rig.start()
        assert fault.hits == 1
        assert adapter.health is Health.UP
        assert [reason for health, reason in rig.health if health is Health.DOWN and PASSES[code] in reason]

    def test_too_many_connections_waits_half_a_minute(self, rig: Rig) -> None:
        verdict = rig.make()._driver.classify(LinkError("x", code=1000040350))
        assert verdict.min_delay >= 30
        assert not verdict.fatal

    async def test_unknown_code_keeps_trying(self, rig: Rig) -> None:
        rig.feishu.faults.refuse_endpoint(77777, times=2)
        await rig.start()
        assert rig.feishu.stats.endpoint_requests == 3

    @pytest.mark.parametrize("code", [514, 403])
    async def test_handshake_stops(self, rig: Rig, code: int) -> None:
        rig.feishu.faults.refuse_handshake(code)
        adapter = rig.make()
        with pytest.raises(LinkError, match=STOPS[code]):
            await adapter.start()
        assert adapter.health is Health.FAILED

    async def test_handshake_passes(self, rig: Rig, impatient: None) -> None:
        rig.feishu.faults.refuse_handshake(1000040350)
        adapter = await rig.start()
        assert adapter.health is Health.UP
        assert any("too many processes" in reason for _, reason in rig.health)

    async def test_a_changed_secret_fails_at_the_next_reconnect(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.app.app_secret = "changed-in-the-console"
        rig.feishu.faults.drop_connections()
        await until(lambda: adapter.health is Health.FAILED)
        assert "app_id and app_secret" in rig.health[-1][1]

    async def test_wrong_secret_at_the_start(self, rig: Rig) -> None:
        adapter = rig.make(app_secret="canary-wrong")
        with pytest.raises(AuthError, match="app_secret") as caught:
            await adapter.start()
        assert adapter.health is Health.FAILED
        assert "canary" not in str(caught.value) + repr(rig.health)
        assert rig.feishu.stats.token_requests == 1
        probe = await adapter.probe()
        assert not probe.ok
        assert "app_secret" in probe.problems[0]

    async def test_unknown_app(self, rig: Rig) -> None:
        adapter = rig.make(app_id="cli_nobody")
        with pytest.raises(AuthError, match="app_id and the domain"):
            await adapter.start()


class TestStart:
    async def test_a_platform_that_is_down_at_the_start_is_waited_for(
        self, rig: Rig, caplog: pytest.LogCaptureFixture
    ) -> None:
        fault = rig.feishu.faults.http_fail("*/bot/v3/info", 502, times=None, body="<html>")
        adapter = rig.make(send_timeout=0.3)
        starting = asyncio.create_task(adapter.start())
        await until(lambda: adapter.health is Health.DOWN)
        assert "goes on trying" in caplog.text
        fault.clear()
        await starting
        assert adapter.health is Health.UP
        assert [health for health, _ in rig.health] == [Health.DOWN, Health.STARTING, Health.UP]

    async def test_waiting_for_the_platform_can_be_cancelled(self, rig: Rig) -> None:
        rig.feishu.faults.http_fail("*tenant_access_token*", 500, times=None)
        adapter = rig.make(send_timeout=0.2)
        starting = asyncio.create_task(adapter.start())
        await until(lambda: adapter.health is Health.DOWN)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        await adapter.close()

    async def test_an_app_without_a_bot_says_where_to_add_it(self, rig: Rig) -> None:
        rig.feishu.faults.http_fail("*/bot/v3/info", 200, body='{"code": 0, "msg": "ok", "bot": {}}')
        adapter = rig.make()
        with pytest.raises(NotPermittedError, match="Add Features"):
            await adapter.start()
        assert adapter.health is Health.FAILED

    async def test_probe(self, rig: Rig) -> None:
        adapter = rig.make()
        probe = await adapter.probe()
        assert (probe.ok, probe.bot_id, probe.bot_name) == (True, rig.app.bot_open_id, "Demo Bot")
        assert rig.feishu.stats.connects == 0


class TestEndpointAnswers:
    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (500, ""),
            (502, "<html>bad gateway</html>"),
            (403, "<html>blocked by the proxy</html>"),
            (403, '{"code": 12345, "msg": "whatever"}'),
            (514, ""),
            (429, ""),
            (200, "<html>log in to the hotel's network</html>"),
            (200, "[]"),
            (200, "null"),
            (200, '{"code": 0}'),
            (200, '{"code": 0, "data": []}'),
            (200, '{"code": 0, "data": {"URL": 5}}'),
            (200, '{"code": 0, "data": {"URL": ""}}'),
            (200, '{"code": 0, "data": {"URL": "ws://127.0.0.1:1/ws?x=1"}}'),
            (200, '{"code": 0, "data": {"URL": "ws://127.0.0.1:1/ws?service_id=x"}}'),
            (200, '{"code": 0, "data": {"URL": "ws://127.0.0.1:1/ws?service_id=99999999999"}}'),
            (200, '{"code": 0, "data": {"URL": "ws://[::1/ws?service_id=1&ticket=canary"}}'),
            (200, '{"code": 0, "data": {"URL": "ws://127.0.0.1:1/ws?service_id=1&ticket=canary"}}'),
            (200, '{"code": "no", "msg": ["odd"]}'),
            (200, '{"code": [], "msg": {}}'),
        ],
    )
    async def test_trouble_passes(self, rig: Rig, status: int, body: str, caplog: pytest.LogCaptureFixture) -> None:
        fault = rig.feishu.faults.http_fail(f"*{ENDPOINT}", status, body=body)
        adapter = await rig.start()
        assert fault.hits == 1
        assert adapter.health is Health.UP
        assert "canary" not in caplog.text + repr(rig.health)

    async def test_the_platforms_own_refusal_counts_whatever_its_status(self, rig: Rig) -> None:
        rig.feishu.faults.http_fail(f"*{ENDPOINT}", 400, body='{"code": 10014, "msg": "app secret invalid"}')
        with pytest.raises(LinkError, match="app_secret"):
            await rig.start()

    async def test_a_foreign_unencrypted_address_is_never_dialled(self, rig: Rig) -> None:
        url = "ws://evil.example/ws/v2?service_id=1&ticket=canary"
        rig.feishu.faults.http_fail(f"*{ENDPOINT}", 200, body=json.dumps({"code": 0, "data": {"URL": url}}))
        adapter = rig.make()
        with pytest.raises(LinkError, match=r"evil\.example") as caught:
            await adapter.start()
        assert "canary" not in str(caught.value) + repr(rig.health)
        assert adapter.health is Health.FAILED


class TestHosts:
    """Without base_url: only wss, only the open platform's own hosts."""

    @pytest.mark.parametrize("domain", ["feishu", "lark"])
    @pytest.mark.parametrize(
        "url",
        ["wss://msg-frontier.feishu.cn/ws/v2?x=1", "wss://msg-frontier-sg.larksuite.com/ws/v2",
         "wss://MSG-FRONTIER.FEISHU.CN/ws", "wss://a.feishu.cn:443/"],
    )  # fmt: skip
    async def test_known(self, rig: Rig, domain: str, url: str) -> None:
        rig.make(base_url=None, domain=domain)._driver._check_host(url)

    @pytest.mark.parametrize(
        "url",
        ["ws://msg-frontier.feishu.cn/ws/v2", "wss://evilfeishu.cn/", "wss://feishu.cn.evil.example/",
         "wss://evil.example/?a.feishu.cn", "wss://evil.example#.feishu.cn", "wss://a.feishu.cn@evil.example/",
         "https://a.feishu.cn/", "wss://127.0.0.1/", "", "wss:///x", "nonsense", "wss://[::1", "wss://a.feishu.cn\\@e/"],
    )  # fmt: skip
    async def test_foreign(self, rig: Rig, url: str) -> None:
        with pytest.raises(LinkError):
            rig.make(base_url=None)._driver._check_host(url)

    async def test_domains_have_their_addresses(self, rig: Rig) -> None:
        addresses = {domain: rig.make(base_url=None, domain=domain).config.api_url for domain in ("feishu", "lark")}
        assert addresses == {"feishu": "https://open.feishu.cn", "lark": "https://open.larksuite.com"}

    async def test_a_private_deployment_may_use_any_host_by_wss(self, rig: Rig) -> None:
        driver = rig.make(base_url="https://open.feishu.corp.example")._driver
        driver._check_host("wss://frontier.corp.example/ws")
        with pytest.raises(LinkError, match="unencrypted"):
            driver._check_host("ws://frontier.corp.example/ws")


async def test_errors_that_nobody_foresaw_are_retried(rig: Rig) -> None:
    assert rig.make()._driver.classify(RuntimeError("?")) != LinkVerdict.FATAL
