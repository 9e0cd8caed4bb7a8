"""wechatpy's client over our connections: every method an awaitable, our token, its own errors."""

import asyncio
import inspect
import io
import logging
import subprocess
import sys
import threading
import traceback
from collections.abc import AsyncIterator
from typing import Any

import pytest
from contract import until
from wechatpy.enterprise import WeChatClient
from wechatpy.exceptions import APILimitedException, WeChatClientException
from wecom_corp_rig import CorpRig, corp_rig

from imbridge.adapters.wecom import WeComAdapter
from imbridge.adapters.wecom.services import sdk as sdk_module
from imbridge.protocol import ConfigError


@pytest.fixture
async def corp() -> AsyncIterator[CorpRig]:
    async with corp_rig() as rig:
        yield rig


@pytest.fixture
def adapter(corp: CorpRig) -> WeComAdapter:
    return corp.make()


@pytest.fixture
async def client(adapter: WeComAdapter) -> Any:
    return await adapter.sdk()


class TestLoading:
    def test_nothing_is_loaded_before_it_is_asked_for(self) -> None:
        code = (
            "import sys, imbridge.adapters.wecom, imbridge.adapters.wecom.services.sdk\n"
            "sys.exit('loaded' if 'wechatpy' in sys.modules or 'requests' in sys.modules else 0)"
        )
        done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    async def test_one_client_of_their_class(self, adapter: WeComAdapter) -> None:
        one, other = await asyncio.gather(adapter.sdk(), adapter.sdk())
        assert one is other
        assert isinstance(one, WeChatClient)

    async def test_it_is_loaded_off_the_loop(self, adapter: WeComAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
        threads: list[str] = []
        imported = sdk_module._imported

        def spy() -> Any:
            threads.append(threading.current_thread().name)
            return imported()

        monkeypatch.setattr(sdk_module, "_imported", spy)
        await adapter.sdk()
        assert threads == ["wechatpy-import_0"]

    async def test_not_installed(self, adapter: WeComAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sdk_module, "_MODULES", ("no_such_wechatpy",))
        with pytest.raises(ConfigError, match=r"imbridge\[wecom\]"):
            await adapter.sdk()
        monkeypatch.undo()
        assert await adapter.sdk()  # it is tried again

    async def test_loading_goes_on_when_who_waits_gives_up(self, adapter: WeComAdapter) -> None:
        waiting = asyncio.create_task(adapter.sdk())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await adapter.sdk()

    async def test_nothing_of_the_module_is_changed(self, client: Any) -> None:
        plain = WeChatClient("ww1", "secret")
        try:
            assert type(plain.user) is not type(client.user)
            assert not type(plain).__module__.startswith("imbridge")
            assert WeChatClient.API_BASE_URL == "https://qyapi.weixin.qq.com/cgi-bin/"
        finally:
            plain._http.close()


class TestCalls:
    async def test_get_and_post(self, corp: CorpRig, client: Any) -> None:
        assert (await client.user.get("alice"))["name"] == "Alice"
        sent = await client.message.send_text(corp.app.agent_id, ["alice"], "灾 hello")
        assert sent["errcode"] == 0
        assert (await corp.alice.receives()).text == "灾 hello"
        assert corp.wecom.violations == []
        assert len(corp.asked("gettoken")) == 1

    async def test_the_token_is_the_adapters(self, corp: CorpRig, adapter: WeComAdapter, client: Any) -> None:
        await adapter.contacts.user("alice")
        await client.user.get("alice")
        assert len(corp.asked("gettoken")) == 1

    async def test_methods_that_look_into_the_answer(self, corp: CorpRig, client: Any) -> None:
        assert [user["userid"] for user in await client.user.list(1)] == ["alice"]
        assert [one["id"] for one in await client.department.get()] == [1]
        assert await client.department.get_map_users(1) == {"Alice": "alice"}
        assert await client.tag.list() == []

    async def test_result_processors(self, corp: CorpRig, client: Any) -> None:
        page = '{"errcode": 0, "cal_id": "c1"}'
        corp.wecom.faults.http_fail("*/calendar/add", 200, 1, page, {"Content-Type": "application/json"})
        assert await client.calendar.add("alice", "summary", "#0000FF") == "c1"

    async def test_plain_requests(self, corp: CorpRig, client: Any) -> None:
        assert (await client.get("user/get", params={"userid": "alice", "none": None}))["userid"] == "alice"
        assert (await client.post("user/getuserid", data={"mobile": "13800000001"}))["userid"] == "alice"
        url = f"{corp.wecom.base_url}/cgi-bin/user/get"
        assert (await client._request("get", url, params={"userid": "alice"}))["userid"] == "alice"

    @pytest.mark.parametrize(
        "url", ["https://evil.example/x", "http://127.0.0.1:9/cgi-bin/x", "https://qyapi.weixin.qq.com/x"]
    )
    async def test_the_token_goes_nowhere_else(self, corp: CorpRig, client: Any, url: str) -> None:
        with pytest.raises(ValueError, match="the token is for"):
            await client.get(url)
        assert corp.calls == []

    async def test_files(self, corp: CorpRig, client: Any) -> None:
        picture = b"\x89PNG\r\n\x1a\n" + bytes(64)
        named = io.BytesIO(picture)
        named.name = "/tmp/folder/图.png"  # noqa: S108 - a name only
        for content in (named, ("图.png", picture), ("图.png", io.BytesIO(picture))):
            media_id = (await client.media.upload("image", content))["media_id"]
            kept = corp.wecom.world.uploads.get(media_id, "")
            assert kept is not None
            assert (kept.name, kept.data) == ("图.png", picture)
        answer = await client.media.download(media_id)
        assert answer.body == picture
        assert corp.wecom.violations == []

    async def test_addresses_are_at_our_api(self, corp: CorpRig, client: Any) -> None:
        url = await client.media.get_url("M")
        before, _, rest = url.partition("?access_token=")
        token, _, media_id = rest.partition("&media_id=")
        assert (before, media_id) == (f"{corp.wecom.base_url}/cgi-bin/media/get", "M")
        assert corp.wecom.world.tokens.find(token) is not None

    async def test_many_at_once(self, corp: CorpRig, client: Any) -> None:
        answers = await asyncio.gather(*(client.user.get("alice") for _ in range(100)))
        assert [answer["userid"] for answer in answers] == ["alice"] * 100
        assert len(corp.asked("gettoken")) == 1

    async def test_outside_its_methods_there_is_no_token(self, client: Any) -> None:
        assert client.access_token is None
        assert client.secret == ""


class TestRefusals:
    @pytest.mark.parametrize("fault", ["expire_tokens", "forget_tokens"])
    async def test_a_token_that_is_refused(self, corp: CorpRig, client: Any, fault: str) -> None:
        await client.user.get("alice")
        getattr(corp.wecom.faults, fault)()
        answers = await asyncio.gather(*(client.user.get("alice") for _ in range(20)))
        assert len(answers) == 20
        assert len(corp.asked("gettoken")) == 2

    async def test_one_retry_and_no_more(self, corp: CorpRig, client: Any) -> None:
        corp.wecom.faults.refuse("*/user/get", 42001, None)
        with pytest.raises(Exception, match="42001") as caught:
            await client.user.get("alice")
        assert type(caught.value).__name__ == "WeChatClientException"
        assert len(corp.asked("user/get")) == 2

    async def test_their_exceptions(self, corp: CorpRig, client: Any) -> None:
        with pytest.raises(WeChatClientException) as caught:
            await client.user.get("nobody")
        assert caught.value.errcode == 60111
        assert caught.value.client is client
        corp.wecom.faults.refuse("*/user/get", 45009)
        with pytest.raises(APILimitedException):
            await client.user.get("alice")

    @pytest.mark.parametrize("fault", ["cut_before", "html", "dead"])
    async def test_no_usable_answer(self, corp: CorpRig, client: Any, fault: str) -> None:
        await client.user.get("alice")
        if fault == "cut_before":
            corp.wecom.faults.cut_before("*/user/get")
        elif fault == "html":
            corp.wecom.faults.html_page("*/user/get", status=502)
        else:
            await corp.wecom.stop()
        with pytest.raises(WeChatClientException) as caught:
            await client.user.get("alice")
        assert caught.value.errcode is None
        shown = "".join(traceback.format_exception(caught.value))
        assert "access_token" not in shown
        assert "/cgi-bin/user/get" in shown or "502" in shown

    async def test_another_token_on_demand(self, corp: CorpRig, client: Any) -> None:
        await client.user.get("alice")
        corp.wecom.faults.forget_tokens()
        assert (await client.fetch_access_token())["access_token"]
        await client.user.get("alice")
        assert len(corp.asked("gettoken")) == 2


class TestEnds:
    async def test_who_gives_up_ends_the_request(self, corp: CorpRig, client: Any) -> None:
        await client.user.get("alice")
        corp.wecom.faults.http_delay("*/user/get", 30)
        waiting = asyncio.create_task(client.user.get("alice"))
        await until(lambda: corp.wecom.stats.http_requests >= 3)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await client.user.get("alice"))["userid"] == "alice"

    async def test_a_closed_account_ends_what_is_on_its_way(
        self, corp: CorpRig, adapter: WeComAdapter, client: Any
    ) -> None:
        await client.user.get("alice")
        corp.wecom.faults.http_delay("*/user/get", 30, None)
        waiting = [asyncio.create_task(client.user.get("alice")) for _ in range(40)]  # more than there are threads
        await until(lambda: corp.wecom.stats.http_requests >= 10)
        await adapter.close()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError | Exception) for result in results)
        with pytest.raises(RuntimeError, match="closed"):
            await client.user.get("alice")
        await until(lambda: not [one for one in threading.enumerate() if one.name.startswith("wechatpy_")])


async def test_every_method_is_awaitable(corp: CorpRig, client: Any) -> None:
    """With arguments that fit nothing: what is asked is not looked at, only that it is a coroutine."""
    count = 0
    for name, api in inspect.getmembers(client, lambda thing: hasattr(thing, "_client")):
        for method_name, method in inspect.getmembers(api, inspect.ismethod):
            if method_name.startswith("_"):
                continue
            made = method()
            assert inspect.iscoroutine(made), f"{name}.{method_name}"
            made.close()
            count += 1
    assert count > 100


async def test_nothing_secret_is_shown(corp: CorpRig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = await corp.make().sdk()
    await client.user.get("alice")
    shown = caplog.text + repr(client) + repr(vars(client))
    assert corp.app.secret not in shown
    assert corp.app.secret[:10] not in shown
