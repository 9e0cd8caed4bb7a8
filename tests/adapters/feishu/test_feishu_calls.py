"""Calls under trouble: tokens, rates, gateways, time limits, and accounts that share nothing."""

import asyncio
import time
from typing import Any

import pytest
from contract import RecordingIntake, until
from feishu_rig import Rig, text

from backoffs import SoOften
from imbridge.adapters.feishu import FeishuAdapter, FeishuConfig
from imbridge.emulators.feishu import EmulatorSettings, FeishuEmulator
from imbridge.protocol import AuthError, DeliveryError, RateLimitedError
from leap import Leap
from windows import most_in_any_window

TOKEN = "*tenant_access_token*"
MESSAGES = "*/messages"


class TestRates:
    @pytest.mark.parametrize(
        ("header", "body"),
        [
            ("x-ogw-ratelimit-reset", '{"code": 99991400, "msg": "request trigger frequency limit"}'),
            ("Retry-After", ""),
            (None, '{"code": 99991400, "msg": "request trigger frequency limit"}'),
            (None, ""),
            (None, "<html>slow</html>"),
        ],
    )
    async def test_429(self, rig: Rig, adapter: FeishuAdapter, header: str | None, body: str) -> None:
        rig.feishu.faults.http_fail(MESSAGES, 429, body=body, headers={header: "1"} if header else {})
        started = time.monotonic()
        result = await adapter.send(rig.target(), text("x"), "k")
        assert result.attempts == 2
        if header:
            assert time.monotonic() - started >= 0.99, "waited as long as the platform asked for"

    async def test_the_whole_api_pauses(self, rig: Rig, adapter: FeishuAdapter) -> None:
        other = rig.feishu.private_chat(rig.feishu.add_user("Bob"), rig.app)
        rig.feishu.faults.http_fail(MESSAGES, 429, headers={"x-ogw-ratelimit-reset": "1"})
        first = asyncio.create_task(adapter.send(rig.target(), text("x"), "k1"))
        await until(lambda: adapter.counters()["retries"] == 1)
        started = time.monotonic()
        await adapter.send(rig.target(other), text("y"), "k2")
        assert time.monotonic() - started > 0.5
        await first

    async def test_a_wait_beyond_the_time_limit_is_told_at_once(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.feishu.faults.http_fail(MESSAGES, 429, headers={"x-ogw-ratelimit-reset": "3000"})
        with pytest.raises(RateLimitedError) as caught:
            await adapter.send(rig.target(), text("x"), "k")
        assert caught.value.retry_after is not None
        assert 3000 <= caught.value.retry_after <= 3002
        assert not caught.value.ambiguous

    async def test_230020_pauses_that_chat_only(self, rig: Rig, adapter: FeishuAdapter) -> None:
        other = rig.feishu.private_chat(rig.feishu.add_user("Bob"), rig.app)
        rig.feishu.faults.refuse_send(230020, headers={"x-ogw-ratelimit-reset": "1"})
        first = asyncio.create_task(adapter.send(rig.target(), text("x"), "k1"))
        await until(lambda: adapter.counters()["retries"] == 1)
        second = asyncio.create_task(adapter.send(rig.target(), text("same chat"), "k2"))
        await adapter.send(rig.target(other), text("other chat"), "k3")
        assert not first.done()
        assert not second.done()
        await asyncio.gather(first, second)
        assert rig.feishu.messages[0].text == "other chat"


class TestPacing:
    @pytest.fixture
    def settings(self) -> EmulatorSettings:
        return EmulatorSettings(reconnect_nonce=0, rate_limits=False)

    async def test_no_rate_is_ever_broken(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """Thirty messages into one chat and 120 answers over many, all at once, the token not even there yet.

        What counts is when they leave: while this process stands still, they wait for the platform in its socket.
        """
        adapter = rig.make(chat_rate=FeishuConfig.model_fields["chat_rate"].default)
        left: dict[str, list[float]] = {"messages": [], "reply": []}
        request, clock = rig.pool.request, asyncio.get_running_loop().time

        async def leaving(method: str, url: Any, **options: Any) -> Any:
            if (what := str(url).partition("?")[0].rpartition("/")[2]) in left:
                left[what].append(clock())
            return await request(method, url, **options)

        monkeypatch.setattr(rig.pool, "request", leaving)
        users = [rig.feishu.add_user(f"U{number}") for number in range(40)]
        asked = [await user.says("?") for user in users]
        sends = [adapter.send(rig.target(), text(str(number)), f"k{number}") for number in range(30)]
        for number in range(120):
            question = asked[number % 40]
            sends.append(adapter.send(rig.target(question.chat, reply_to=question.message_id), text("!"), f"m{number}"))
        results = await asyncio.gather(*sends)
        assert most_in_any_window(left["messages"], 1.0) <= 5  # into one chat
        assert most_in_any_window(left["reply"], 1.0) <= 50
        assert (len(left["messages"]), len(left["reply"])) == (30, 120)
        assert {result.attempts for result in results} == {1}
        assert rig.feishu.stats.sends == 150
        in_one = [message.text for message in rig.feishu.messages if message.chat is rig.chat]
        assert in_one == [str(number) for number in range(30)]


class TestGateways:
    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    async def test_a_page_instead_of_an_answer(self, rig: Rig, adapter: FeishuAdapter, status: int) -> None:
        rig.feishu.faults.http_fail(MESSAGES, status, times=2, body="<html>trouble</html>")
        assert (await adapter.send(rig.target(), text("x"), "k")).attempts == 3
        assert rig.feishu.stats.sends == 1

    async def test_one_that_stays(self, rig: Rig) -> None:
        """Nobody knows whether a 502 was made before or after the message was taken."""
        adapter = await rig.start()
        adapter.caller._backoff = SoOften(2)
        rig.feishu.faults.http_fail(MESSAGES, 502, times=None, body="<html>secret gateway page</html>")
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(rig.target(), text("x"), "k")
        assert caught.value.ambiguous
        assert caught.value.code == 502
        assert not isinstance(caught.value, RateLimitedError)
        assert "gateway page" not in str(caught.value)

    async def test_html_with_403_is_not_tried_again(self, rig: Rig, adapter: FeishuAdapter) -> None:
        fault = rig.feishu.faults.http_fail(MESSAGES, 403, times=None, body="<html>blocked</html>")
        with pytest.raises(DeliveryError, match="HTTP 403"):
            await adapter.send(rig.target(), text("x"), "k")
        assert fault.hits == 1

    async def test_redirects_are_not_followed(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.feishu.faults.http_fail(MESSAGES, 302, headers={"Location": "https://evil.example/?x"})
        with pytest.raises(DeliveryError, match=r"refused to follow a redirect"):
            await adapter.send(rig.target(), text("x"), "k")

    async def test_the_platform_goes_away_and_comes_back(self, rig: Rig, adapter: FeishuAdapter) -> None:
        await rig.feishu.stop()
        sending = asyncio.create_task(adapter.send(rig.target(), text("x"), "k"))
        await until(lambda: adapter.counters()["retries"] >= 2)
        await rig.feishu.start()
        result = await sending
        assert result.attempts >= 3
        assert rig.feishu.stats.sends == 1

    async def test_nothing_there(self, rig: Rig) -> None:
        adapter = await rig.start()
        adapter.caller._backoff = SoOften(2)
        await rig.feishu.stop()
        with pytest.raises(DeliveryError, match="cannot connect") as caught:
            await adapter.send(rig.target(), text("x"), "k")
        assert not caught.value.ambiguous, "it surely never left"

    async def test_doubt_stays(self, rig: Rig) -> None:
        """The first attempt may have arrived, whatever the last one says."""
        adapter = await rig.start()
        rig.feishu.faults.cut_after_accept()
        rig.feishu.faults.http_fail(MESSAGES, 429, times=None)
        rig.feishu.faults.clear()
        rig.feishu.faults.cut_after_accept()
        calls: list[Any] = []
        request = adapter.caller.pool.request

        async def then_429(*args: Any, **options: Any) -> Any:
            calls.append(args)
            if len(calls) == 2:
                rig.feishu.faults.http_fail(MESSAGES, 429, times=None)
            return await request(*args, **options)

        adapter.caller.pool.request = then_429  # type: ignore[method-assign]
        adapter.caller._backoff = SoOften(2)
        try:
            with pytest.raises(RateLimitedError) as caught:
                await adapter.send(rig.target(), text("x"), "k")
        finally:
            del adapter.caller.pool.request
        assert caught.value.ambiguous
        assert rig.feishu.stats.sends == 1

    async def test_send_timeout(self, rig: Rig, leap: Leap) -> None:
        adapter = await rig.start(send_timeout=5)
        late = rig.feishu.faults.http_delay(MESSAGES, 30.0, times=None)
        loop = asyncio.get_running_loop()
        started = loop.time()
        with pytest.raises(DeliveryError, match="no complete answer in time") as caught:
            await leap.over(5, adapter.send(rig.target(), text("x"), "k"), lambda: late.hits)
        assert loop.time() - started < 10, "not the ten seconds of any other call"
        assert caught.value.ambiguous
        rig.feishu.faults.clear()


class TestTokens:
    @pytest.mark.parametrize("status", [200, 400, 401])
    async def test_a_dead_token(self, rig: Rig, adapter: FeishuAdapter, status: int) -> None:
        rig.feishu.faults.http_fail(MESSAGES, status, body='{"code": 99991663, "msg": "Invalid access token"}')
        assert (await adapter.send(rig.target(), text("x"), "k")).attempts == 2
        assert rig.feishu.stats.token_requests == 2

    async def test_all_tokens_expire_at_once(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.feishu.faults.expire_tokens()
        chats = [rig.feishu.private_chat(rig.feishu.add_user(f"U{number}"), rig.app) for number in range(20)]
        await asyncio.gather(*(adapter.send(rig.target(chat), text("x"), chat.chat_id) for chat in chats))
        assert rig.feishu.stats.sends == 20
        assert rig.feishu.stats.token_requests == 2, "one new token for all"

    async def test_a_token_that_is_refused_for_ever(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        adapter = await rig.start(send_timeout=2)
        adapter.caller.tokens._backoff = 0.5  # as it is outside of these tests
        rig.feishu.faults.http_fail(MESSAGES, 400, times=None, body='{"code": 99991663, "msg": "no"}')
        with pytest.raises(DeliveryError, match="99991663"):
            await adapter.send(rig.target(), text("x"), "k")
        assert rig.feishu.stats.token_requests <= 5, "no storm"

    async def test_fifty_first_sends_make_one_token_request(self, rig: Rig) -> None:
        adapter = rig.make()
        chats = [rig.feishu.private_chat(rig.feishu.add_user(f"U{number}"), rig.app) for number in range(50)]
        await asyncio.gather(*(adapter.send(rig.target(chat), text("x"), chat.chat_id) for chat in chats))
        assert rig.feishu.stats.token_requests == 1

    @pytest.mark.parametrize(
        ("status", "body"),
        [(500, ""), (502, "<html>"), (429, ""), (400, '{"code": 99991400, "msg": "slow down"}'), (200, "<html>"),
         (404, '{"message": "no Route matched"}')],
    )  # fmt: skip
    async def test_the_token_endpoint_has_trouble(self, rig: Rig, status: int, body: str) -> None:
        adapter = rig.make()
        rig.feishu.faults.http_fail(TOKEN, status, times=1, body=body)
        if status in (200, 404):
            with pytest.raises(DeliveryError, match="check the domain, base_url and any proxy"):
                await adapter.send(rig.target(), text("x"), "k")
        await adapter.send(rig.target(), text("x"), "k")
        assert rig.feishu.stats.sends == 1

    @pytest.mark.parametrize("expire", ["7200", '"soon"', "null", "-5", "0", "1e999", "[]", "true"])
    async def test_odd_lifetimes(self, rig: Rig, expire: str) -> None:
        adapter = rig.make()
        rig.feishu.faults.http_fail(
            TOKEN, 200, body=f'{{"code": 0, "tenant_access_token": "t-odd", "expire": {expire}}}'
        )  # fmt: skip
        rig.feishu.faults.http_fail(MESSAGES, 200, body='{"code": 0, "data": {"message_id": "om_x"}}')
        assert (await adapter.send(rig.target(), text("x"), "k")).part.message_id == "om_x"

    async def test_a_wrong_secret_makes_no_storm(self, rig: Rig) -> None:
        adapter = rig.make(app_secret="canary-wrong")
        sends = [adapter.send(rig.target(), text("x"), f"k{number}") for number in range(20)]
        results = await asyncio.gather(*sends, return_exceptions=True)
        assert {type(result) for result in results} == {AuthError}
        assert all("canary" not in str(result) for result in results)
        assert rig.feishu.stats.token_requests == 1

    async def test_nothing_secret_in_any_error(self, rig: Rig, adapter: FeishuAdapter) -> None:
        token = await adapter.caller.tokens.get()
        rig.feishu.faults.refuse_send(230001)
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(rig.target(), text("x"), "k")
        assert token not in str(caught.value) + repr(caught.value)
        assert token not in repr(adapter.caller.tokens.__dict__)


class TestTwoAccounts:
    async def test_share_nothing_but_the_pool(self, rig: Rig) -> None:
        other_app = rig.feishu.add_app("cli_other", "other-secret", name="Other")
        inbox = RecordingIntake()
        first, second = await rig.start(), await rig.start(other_app, name="other", intake=inbox)
        assert first.caller.pool is second.caller.pool
        assert await first.caller.tokens.get() != await second.caller.tokens.get()
        group = rig.feishu.add_group("Team", members=[rig.alice], apps=[rig.app, other_app])
        said = await rig.alice.says("hi", chat=group)
        await until(lambda: inbox.offered and rig.intake.offered)
        (one,), (two,) = rig.intake.items, inbox.items
        assert one.id == two.id == said.message_id
        assert (one.channel.account, two.channel.account) == ("work", "other")
        assert one.sender.id != two.sender.id, "an open_id belongs to one app"
        first.caller.tokens.invalidate(await first.caller.tokens.get())
        before = rig.feishu.stats.token_requests
        await second.send(rig.target(group), text("x"), "same-key")
        assert rig.feishu.stats.token_requests == before
        first.caller.pacer.pause("api:message.create", 60)
        await second.send(rig.target(group), text("y"), "other-key")
        await first.stop_reading()
        assert second.counters()["connects"] == 1
        await rig.alice.says("still there?", chat=group)
        await inbox.has("still there?")


async def test_the_emulator_has_seen_no_broken_rule(rig: Rig, adapter: FeishuAdapter) -> None:
    feishu: FeishuEmulator = rig.feishu
    question = await rig.alice.says("?")
    await adapter.send(rig.target(reply_to=question.message_id), text("!"), "k")
    await until(lambda: feishu.stats.acks_ok == 1)
    assert feishu.violations == []
