"""Calls of both APIs when something is in the way: bans, rates, tokens that die, pages, answers that may be lost."""

import asyncio
import json
import traceback
from typing import Any

import pytest
from contract import until
from dingtalk_rig import Rig
from dingtalk_tables import ASK, SEND, ask, in_a_hurry, say_hi
from rigs import text

from backoffs import SoOften
from imbridge.adapters.base import Health
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.calls import HOST, api_of
from imbridge.protocol import DeliveryError, NotPermittedError, RateLimitedError
from leap import Leap

JSON = {"Content-Type": "application/json"}
BANS = [
    '<html><style>p {}</style><script>var data={"status":1111,"wait":5,"punish":"deny"}</script></html>',
    '{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"1"}',
]
RECALL = "*/batchRecall"


def page(rig: Rig, path: str, said: Any, *, status: int = 200, times: int = 1) -> None:
    """The next calls are answered with this JSON."""
    rig.ding.faults.http_fail(path, status, times, json.dumps(said), JSON)


class TestBan:
    @pytest.mark.parametrize("body", BANS)
    @pytest.mark.parametrize("status", [200, 403])
    async def test_everything_of_this_address_waits(self, rig: Rig, body: str, status: int) -> None:
        adapter = rig.make()
        await adapter.api.caller.token(patience=1)
        rig.ding.faults.http_fail(SEND, status, 1, body)
        with pytest.raises(RateLimitedError, match="banned") as caught:
            await say_hi(rig, adapter)
        assert (caught.value.code, caught.value.retry_after, caught.value.ambiguous) == (1111, 300.0, False)
        before = rig.ding.stats.http_requests
        for call in (say_hi, ask):  # both APIs, at once: it is of no use to wait
            with pytest.raises(RateLimitedError, match="held it back") as caught:
                await call(rig, adapter)
            assert 200 < (caught.value.retry_after or 0) <= 300
        adapter.api.caller.tokens.invalidate(await adapter.api.caller.token(patience=1))  # type: ignore[union-attr]
        with pytest.raises(RateLimitedError, match="banned"):
            await say_hi(rig, adapter)
        assert rig.ding.stats.http_requests == before

    @pytest.mark.parametrize("body", BANS)
    async def test_the_older_api(self, rig: Rig, body: str) -> None:
        adapter = rig.make()
        rig.ding.faults.http_fail(ASK, 200, 1, body)
        with pytest.raises(RateLimitedError, match="banned"):
            await ask(rig, adapter)
        with pytest.raises(RateLimitedError, match="held it back"):
            await say_hi(rig, adapter)

    async def test_it_ends(self, rig: Rig, leap: Leap) -> None:
        adapter = rig.make(send_timeout=600)
        await adapter.api.caller.token(patience=30)
        with rig.ding.faults.ban_ip(300):  # until then nothing is on its way that the leap could end
            answer = await leap.over(301, say_hi(rig, adapter), lambda: adapter.api.caller.retries)
        assert answer.attempts > 1
        assert [message.text for message in rig.sent()] == ["hi"]

    async def test_while_a_token_is_asked_for(self, rig: Rig) -> None:
        adapter = rig.make()
        rig.ding.faults.http_fail("*/accessToken", 200, 1, BANS[0])
        with pytest.raises(RateLimitedError, match="banned"):
            await say_hi(rig, adapter)
        assert adapter.api.caller.pacer.paused(HOST) > 200
        assert rig.ding.stats.token_requests == 0

    @pytest.mark.parametrize("body", BANS)
    @pytest.mark.parametrize("status", [200, 403])
    async def test_a_stream_is_not_opened_meanwhile(self, rig: Rig, body: str, status: int) -> None:
        adapter = rig.make()
        with rig.ding.faults.http_fail("*/connections/open", status, None, body):
            starting = asyncio.create_task(adapter.start())
            await until(lambda: adapter.health is Health.DOWN)
            assert any("banned" in reason for _, reason in rig.health)
            asked = rig.ding.stats.http_requests
            await asyncio.sleep(1.5)  # longer than other trouble makes it wait the first times
        assert rig.ding.stats.http_requests == asked
        assert not starting.done()
        await adapter.close()
        starting.cancel()
        await asyncio.wait((starting,))

    async def test_an_answer_in_which_the_number_stands_is_none(self, rig: Rig) -> None:
        adapter = rig.make()
        page(rig, "*/api/read", {"result": {"status": 1111}, "status": 1111})
        assert (await adapter.call("GET", "/v1.0/api/read"))["status"] == 1111


class TestRate:
    async def test_one_api_pauses_the_others_do_not(self, rig: Rig) -> None:
        adapter = rig.make()
        began = asyncio.get_running_loop().time()
        rig.ding.faults.over_qps(SEND)
        sending = asyncio.create_task(say_hi(rig, adapter))
        while adapter.api.caller.retries == 0:
            await asyncio.sleep(0.01)
        assert 0 < adapter.api.caller.pacer.paused("api:/v1.0/robot/oToMessages/batchSend") <= 1.0
        assert adapter.api.caller.pacer.paused(HOST) == 0
        await adapter.api.recall_from_users(["one"])
        assert not sending.done()
        assert (await sending).attempts == 2
        assert asyncio.get_running_loop().time() - began >= 1.0

    @pytest.mark.parametrize(
        ("path", "api"),
        [
            ("/v1.0/robot/oToMessages/batchSend", "/v1.0/robot/oToMessages/batchSend"),
            ("/v1.0/contact/users/iiPGx1", "/v1.0/contact/users/*"),
            ("/v1.0/card/instances/spaces", "/v1.0/card/instances/spaces"),
            ("/topapi/v2/user/get", "/topapi/v2/user/get"),
            ("/v2.0/doc/" + "a" * 40 + "/blocks", "/v2.0/doc/*/blocks"),
        ],
    )
    def test_ids_in_a_path_make_no_other_api(self, path: str, api: str) -> None:
        assert api_of(path) == api


class TestToken:
    async def test_one_that_dies_early_is_asked_for_once_by_all(self, rig: Rig) -> None:
        adapter = rig.make()
        await say_hi(rig, adapter)
        rig.ding.faults.expire_tokens()
        await asyncio.gather(*(say_hi(rig, adapter) for _ in range(5)), *(ask(rig, adapter) for _ in range(5)))
        assert rig.ding.stats.token_requests == 2
        assert len(rig.sent()) == 6
        assert adapter.counters()["token_refreshes"] == rig.ding.stats.tokens_refused

    async def test_both_apis_take_the_same(self, rig: Rig) -> None:
        adapter = rig.make()
        await ask(rig, adapter)
        await say_hi(rig, adapter)
        assert rig.ding.stats.token_requests == 1
        assert rig.ding.violations == []

    async def test_a_platform_with_passing_trouble_is_asked_again(self, rig: Rig) -> None:
        adapter = in_a_hurry(rig)
        rig.ding.faults.http_fail("*/accessToken", 503, 1)
        await say_hi(rig, adapter)
        assert len(rig.sent()) == 1

    @pytest.mark.parametrize("answer", [{}, {"accessToken": ""}, {"accessToken": 7, "expireIn": 7200}])
    async def test_an_answer_without_one(self, rig: Rig, answer: dict[str, Any]) -> None:
        adapter = in_a_hurry(rig)
        adapter.api.caller.backoff = SoOften(2)
        page(rig, "*/accessToken", answer)
        with pytest.raises(DeliveryError, match="base_url"):
            await say_hi(rig, adapter)

    @pytest.mark.parametrize("lifetime", [None, 0, -1, True, "7200"])
    async def test_a_lifetime_that_makes_no_sense(self, rig: Rig, lifetime: Any) -> None:
        adapter = rig.make()
        token = await adapter.api.caller.token(patience=1)
        page(rig, "*/accessToken", {"accessToken": token, "expireIn": lifetime})
        adapter.api.caller.tokens.invalidate(token)  # type: ignore[union-attr]
        assert await adapter.api.fetch_token() == (token, 7200.0)


class TestSuccessThatIsNone:
    """An error in an answer whose HTTP status says success."""

    @pytest.mark.parametrize(
        ("answer", "code", "said"),
        [
            ({"success": False}, "success: false", "without a reason"),
            ({"success": False, "errorCode": "1002", "errorMsg": "no such thing"}, 1002, "no such thing"),
            ({"success": False, "code": "new.code", "message": "no such thing"}, "new.code", "no such thing"),
            ({"errcode": 40035, "errmsg": "no such thing"}, 40035, "no such thing"),
            ({"code": "staff.not.found", "message": "no such thing", "requestid": "1"}, "staff.not.found", "thing"),
        ],
    )
    async def test_the_newer_api(self, rig: Rig, answer: dict[str, Any], code: Any, said: str) -> None:
        adapter = rig.make()
        page(rig, SEND, answer)
        with pytest.raises(DeliveryError, match=said) as caught:
            await say_hi(rig, adapter)
        assert (caught.value.code, caught.value.ambiguous) == (code, False)

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            ({"errcode": 60121, "errmsg": "nobody", "success": True}, 60121),
            ({"success": False, "message": "nobody"}, "success: false"),
            ({"success": False, "errorCode": 7, "errorMsg": "nobody"}, 7),
        ],
    )
    async def test_the_older_api(self, rig: Rig, answer: dict[str, Any], code: Any) -> None:
        adapter = rig.make()
        page(rig, ASK, answer)
        with pytest.raises(DeliveryError, match="nobody") as caught:
            await ask(rig, adapter)
        assert caught.value.code == code

    @pytest.mark.parametrize(
        "answer",
        [
            {"success": True, "code": "200", "message": "OK", "requestid": "1"},
            {"success": True, "code": "of the thing", "message": "of the thing", "requestid": "1"},
            {"code": "OK", "message": "OK", "requestid": "1"},
            {"code": "what a field is called", "message": "as well"},
            {"result": False},
            {"errcode": 0, "errmsg": "ok"},
        ],
    )
    async def test_success_that_looks_like_one(self, rig: Rig, answer: dict[str, Any]) -> None:
        adapter = rig.make()
        page(rig, "*/api/read", answer)
        assert await adapter.call("GET", "/v1.0/api/read") == answer


class TestDoubt:
    """What may have arrived is not sent again."""

    async def lose(self, rig: Rig, adapter: DingTalkAdapter) -> DeliveryError:
        with pytest.raises(DeliveryError) as caught:
            await say_hi(rig, adapter)
        assert caught.value.ambiguous
        return caught.value

    async def test_an_answer_that_is_lost(self, rig: Rig) -> None:
        adapter = in_a_hurry(rig)
        rig.ding.faults.cut_after_accept(SEND)
        await self.lose(rig, adapter)
        assert len(rig.sent()) == 1

    @pytest.mark.parametrize("status", [200, 502, 504])
    async def test_a_page_of_html(self, rig: Rig, status: int) -> None:
        adapter = in_a_hurry(rig)
        rig.ding.faults.html_page(SEND, status=status)
        await self.lose(rig, adapter)
        assert rig.sent() == []

    async def test_an_answer_that_is_too_long(self, rig: Rig) -> None:
        adapter = in_a_hurry(rig)
        rig.ding.faults.http_fail(SEND, 200, 1, "x" * (9 << 20))
        assert "answer" in str(await self.lose(rig, adapter))

    async def test_a_call_that_can_be_repeated_is(self, rig: Rig) -> None:
        adapter = in_a_hurry(rig)
        rig.ding.faults.cut_after_accept(RECALL)
        rig.ding.faults.html_page(RECALL, status=502)
        assert (await adapter.api.recall_from_users(["one"])).attempts == 3

    async def test_a_page_with_a_refusing_status_is_a_refusal(self, rig: Rig) -> None:
        adapter = in_a_hurry(rig)
        rig.ding.faults.html_page(SEND, status=403)
        with pytest.raises(DeliveryError, match="403") as caught:
            await say_hi(rig, adapter)
        assert not caught.value.ambiguous

    async def test_what_did_not_arrive_is_sent_again(self, rig: Rig) -> None:
        adapter = in_a_hurry(rig)
        rig.ding.faults.http_fail(SEND, 429, 2)
        assert (await say_hi(rig, adapter)).attempts == 3
        assert len(rig.sent()) == 1


class TestAnyCall:
    """`adapter.call`: the rest of the platform."""

    async def test_both_apis(self, rig: Rig) -> None:
        adapter = rig.make()
        said = await adapter.call("post", "/v1.0/robot/oToMessages/batchSend", json={
            "robotCode": rig.app.robot_code, "userIds": [rig.alice.userid],
            "msgKey": "sampleText", "msgParam": '{"content": "from a call"}',
        })  # fmt: skip
        assert [message.text for message in rig.sent()] == ["from a call"]
        params = {"robotCode": rig.app.robot_code, "processQueryKey": said["processQueryKey"]}
        read = await adapter.call("GET", "/v1.0/robot/oToMessages/readStatus", params=params)
        assert read["sendStatus"] == "SUCCESS"
        user = await adapter.call("POST", "/topapi/v2/user/get", json={"userid": rig.alice.userid}, once=False)
        assert user["result"]["name"] == "Alice"
        assert rig.ding.violations == []
        assert adapter.counters()["month_calls"] == rig.ding.stats.billed_calls == 2

    async def test_errors_are_the_adapter_s(self, rig: Rig) -> None:
        adapter = rig.make()
        code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
        page(rig, "*/todo/*", {"code": code, "requestid": "1", "message": "no right"}, status=403)
        with pytest.raises(NotPermittedError, match="Permissions") as caught:
            await adapter.call("POST", "/v1.0/todo/users/x1/tasks", json={"subject": "buy milk"})
        token = await adapter.api.caller.token(patience=1)
        assert token not in "".join(traceback.format_exception(caught.value))

    @pytest.mark.parametrize(("method", "once", "repeated"), [
        ("GET", None, True), ("PUT", None, True), ("DELETE", None, True), ("POST", None, False), ("PATCH", None, False),
        ("POST", False, True), ("PUT", True, False),
    ])  # fmt: skip
    async def test_what_is_repeated(self, rig: Rig, method: str, once: bool | None, repeated: bool) -> None:
        adapter = in_a_hurry(rig)
        rig.ding.faults.http_fail("*/api/thing", 502, 1)
        page(rig, "*/api/thing", {"done": True})
        if repeated:
            assert await adapter.call(method, "/v1.0/api/thing", once=once) == {"done": True}
        else:
            with pytest.raises(DeliveryError) as caught:
                await adapter.call(method, "/v1.0/api/thing", once=once)
            assert caught.value.ambiguous

    async def test_answers_of_any_form(self, rig: Rig) -> None:
        adapter = rig.make()
        page(rig, "*/api/list", [{"a": 1}])
        rig.ding.faults.http_fail("*/api/nothing", 204, 1, "")
        assert await adapter.call("GET", "/v1.0/api/list") == [{"a": 1}]
        assert await adapter.call("DELETE", "/v1.0/api/nothing") == {}

    @pytest.mark.parametrize(
        "path",
        [
            "v1.0/x",
            "https://evil.example/v1.0/x",
            "//evil.example/x",
            "/v1.0/x?access_token=1",
            "/v1.0/../x",
            "",
            "/x#y",
        ],
    )
    async def test_a_path_that_is_none(self, rig: Rig, path: str) -> None:
        with pytest.raises(ValueError, match="no path of the API"):
            await rig.make().call("GET", path)
        assert rig.ding.stats.http_requests == 0

    async def test_a_method_that_is_none(self, rig: Rig) -> None:
        with pytest.raises(ValueError, match="no HTTP method"):
            await rig.make().call("GET / HTTP/1.1\r\nX: y", "/v1.0/x")


async def test_a_call_that_was_held_back_leaves_with_the_token_of_then(rig: Rig) -> None:
    """The token dies while it waits; another call finds that out, and this one is not refused for it."""
    adapter = await rig.start(api_rate="1/400ms")
    await adapter.send(rig.target(), text("one"), "k1")
    waiting = asyncio.create_task(adapter.send(rig.target(), text("two"), "k2"))
    await asyncio.sleep(0.05)
    rig.ding.faults.expire_tokens()
    await ask(rig, adapter)
    await waiting
    assert rig.ding.stats.tokens_refused == 1
