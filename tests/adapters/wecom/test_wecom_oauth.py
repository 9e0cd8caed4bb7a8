"""Who somebody at a browser is: the links, the way back, and what does not count."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from contract import until
from served import served
from wecom_corp_rig import CorpRig, corp_rig

from imbridge import Bridge
from imbridge.adapters.oauth_state import LIFETIME, PendingAuthorisations, UnknownStateError
from imbridge.adapters.wecom import WeComAdapter, WeComConfig
from imbridge.adapters.wecom.authorisation.visitor import Visitor
from imbridge.emulators.wecom import EmulatorSettings
from imbridge.protocol import DeliveryError, NotPermittedError

BACK = "https://bot.example/back?keep=1"


@pytest.fixture
async def corp() -> AsyncIterator[CorpRig]:
    async with corp_rig() as rig:
        yield rig


@pytest.fixture
def adapter(corp: CorpRig) -> WeComAdapter:
    return corp.make()


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


class TestLinks:
    def test_the_page_inside_wecom(self, corp: CorpRig) -> None:
        url = corp.make(oauth_url=WeComConfig.model_fields["oauth_url"].default).oauth.authorize_url(BACK)
        assert url.startswith("https://open.weixin.qq.com/connect/oauth2/authorize?")
        assert url.endswith("#wechat_redirect")
        query = query_of(url)
        state = query.pop("state")
        assert query == {
            "appid": corp.app.corp_id, "redirect_uri": BACK, "response_type": "code", "scope": "snsapi_base",
            "agentid": "1000002",
        }  # fmt: skip
        assert state.isascii()
        assert state.isalnum()
        assert len(state) >= 32

    def test_private_facts_are_asked_for(self, adapter: WeComAdapter) -> None:
        assert query_of(adapter.oauth.authorize_url(BACK, private=True))["scope"] == "snsapi_privateinfo"

    def test_the_page_for_any_browser(self, corp: CorpRig) -> None:
        url = corp.make(login_url=WeComConfig.model_fields["login_url"].default).oauth.login_url(BACK, language="en")
        assert url.startswith("https://login.work.weixin.qq.com/wwlogin/sso/login?")
        query = query_of(url)
        del query["state"]
        assert query == {
            "login_type": "CorpApp", "appid": corp.app.corp_id, "agentid": "1000002", "redirect_uri": BACK, "lang": "en"
        }  # fmt: skip

    @pytest.mark.parametrize("address", ["http://bot.example/back", "/back", "javascript:alert(1)", "ftp://x/y"])
    def test_where_no_code_may_be_sent(self, adapter: WeComAdapter, address: str) -> None:
        for ask in (adapter.oauth.authorize_url, adapter.oauth.login_url):
            with pytest.raises(ValueError, match="https"):
                ask(address)

    def test_states_differ(self, adapter: WeComAdapter) -> None:
        assert len({query_of(adapter.oauth.authorize_url(BACK))["state"] for _ in range(50)}) == 50


class TestWayBack:
    async def test_a_member(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        back = await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(BACK, note="ticket 7"))
        assert back.startswith("https://bot.example/back?keep=1&code=")
        visitor = await adapter.oauth.finish(query_of(back))
        assert visitor == Visitor(userid="alice", note="ticket 7", payload={"userid": "alice"})
        assert corp.wecom.violations == []

    async def test_by_the_login_page(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        back = await corp.wecom.consents(corp.alice, adapter.oauth.login_url(BACK))
        assert (await adapter.oauth.finish(query_of(back))).userid == "alice"

    async def test_what_they_agree_to_tell(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        back = await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(BACK, private=True))
        visitor = await adapter.oauth.finish(query_of(back))
        assert visitor.private is not None
        assert (visitor.userid, visitor.private.mobile, visitor.private.email) == (
            "alice", "13800000001", "alice@example.com"
        )  # fmt: skip
        assert "13800000001" not in repr(visitor)
        assert "user_ticket" not in visitor.payload

    async def test_somebody_outside_the_corp(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        back = await corp.wecom.consents("oAbc123", adapter.oauth.authorize_url(BACK))
        visitor = await adapter.oauth.finish(query_of(back))
        assert (visitor.userid, visitor.openid, visitor.private) == ("", "oAbc123", None)

    async def test_a_link_counts_once(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        url = adapter.oauth.authorize_url(BACK)
        await adapter.oauth.finish(query_of(await corp.wecom.consents(corp.alice, url)))
        with pytest.raises(UnknownStateError):
            await adapter.oauth.finish(query_of(await corp.wecom.consents(corp.alice, url)))

    @pytest.mark.parametrize("query", [{}, {"code": "x"}, {"code": "x", "state": "y"}, {"state": "ü" * 9}])
    async def test_a_stranger(self, corp: CorpRig, adapter: WeComAdapter, query: dict[str, str]) -> None:
        adapter.oauth.authorize_url(BACK)
        with pytest.raises(UnknownStateError, match="begin again"):
            await adapter.oauth.finish(query)
        assert corp.calls == []

    async def test_without_a_code_nobody_has_agreed(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        state = query_of(adapter.oauth.authorize_url(BACK))["state"]
        with pytest.raises(NotPermittedError, match="without a code"):
            await adapter.oauth.finish({"state": state})
        with pytest.raises(UnknownStateError):
            await adapter.oauth.finish({"state": state, "code": "x"})

    async def test_somebody_else(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        bob = corp.wecom.add_user("Bob")
        for who in (bob, "oAbc123"):
            back = await corp.wecom.consents(who, adapter.oauth.authorize_url(BACK, user="alice", private=True))
            with pytest.raises(NotPermittedError, match="alice was asked"):
                await adapter.oauth.finish(query_of(back))
        assert corp.asked("getuserdetail") == []
        back = await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(BACK, user="ALICE"))
        assert (await adapter.oauth.finish(query_of(back))).userid == "alice"

    async def test_a_code_that_is_used_up_or_none(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        back = query_of(await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(BACK)))
        await adapter.oauth.finish(back)
        for code in (back["code"], "made up & odd"):
            state = query_of(adapter.oauth.authorize_url(BACK))["state"]
            with pytest.raises(NotPermittedError, match="begin again") as caught:
                await adapter.oauth.finish({"code": code, "state": state})
            assert caught.value.code == 40029
            assert code not in str(caught.value)

    async def test_a_code_that_came_too_late(self) -> None:
        async with corp_rig(EmulatorSettings(code_lifetime=0.0)) as corp:
            adapter = corp.make()
            back = query_of(await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(BACK)))
            await asyncio.sleep(0.01)
            with pytest.raises(NotPermittedError, match="42003"):
                await adapter.oauth.finish(back)

    async def test_an_expired_token_costs_nobody_their_code(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        await adapter.contacts.user("alice")
        corp.wecom.faults.expire_tokens()
        back = query_of(await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(BACK)))
        assert (await adapter.oauth.finish(back)).userid == "alice"

    async def test_a_platform_that_does_not_say_who(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        corp.wecom.faults.http_fail("*/getuserinfo", 200, 1, '{"errcode": 0}', {"Content-Type": "application/json"})
        back = query_of(await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(BACK)))
        with pytest.raises(DeliveryError, match="does not say who"):
            await adapter.oauth.finish(back)

    async def test_the_old_names_of_the_fields(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        page = '{"errcode": 0, "UserId": "alice", "DeviceId": "d"}'
        corp.wecom.faults.http_fail("*/getuserinfo", 200, 1, page, {"Content-Type": "application/json"})
        back = query_of(await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(BACK)))
        assert (await adapter.oauth.finish(back)).userid == "alice"


def test_a_link_is_good_for_ten_minutes() -> None:
    now = [0.0]
    pending = PendingAuthorisations("wecom", lambda: now[0])
    state = pending.ask(BACK, "", "").state
    now[0] = LIFETIME
    with pytest.raises(UnknownStateError, match="wecom oauth"):
        pending.take(state)


class TestRoute:
    """The address that people come back to, on the bridge's own server."""

    @asynccontextmanager
    async def open(
        self, corp: CorpRig, handler: object = None
    ) -> AsyncIterator[tuple[str, WeComAdapter, list[Visitor]]]:
        config = WeComConfig(
            name="work", corp_id=corp.app.corp_id, secret=corp.app.secret, agent_id=corp.app.agent_id,
            base_url=corp.wecom.base_url, oauth_url=corp.wecom.base_url,
        )  # fmt: skip
        told: list[Visitor] = []

        async def note(visitor: Visitor) -> None:
            told.append(visitor)
            if handler is not None:
                raise RuntimeError("canary: the handler failed")

        async with Bridge([config]) as bridge:
            adapter = bridge.adapter("wecom:work")
            assert isinstance(adapter, WeComAdapter)
            adapter.oauth.on_authorized(note)
            async with served(bridge.asgi()) as url:
                yield f"{url}/wecom/work/oauth", adapter, told

    async def test_there_is_none_unless_somebody_waits(self, adapter: WeComAdapter) -> None:
        assert adapter.routes() == ()

    async def test_told(self, corp: CorpRig) -> None:
        async with self.open(corp) as (url, adapter, told), aiohttp.ClientSession() as browser:
            back = await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(url, note="n"))
            async with browser.get(back) as answer:
                assert answer.status == 200
                assert "Authorised" in await answer.text()
                assert answer.headers["Cache-Control"] == "no-store"
            await until(lambda: told)
            assert (told[0].userid, told[0].note) == ("alice", "n")
            async with browser.get(back) as answer:
                assert answer.status == 400
        assert len(told) == 1

    @pytest.mark.parametrize(("query", "status"), [("", 400), ("?code=1&state=2", 400), ("?state=2", 400)])
    async def test_strangers(self, corp: CorpRig, query: str, status: int) -> None:
        async with self.open(corp) as (url, _, told), aiohttp.ClientSession() as browser:
            async with browser.get(url + query) as answer:
                assert answer.status == status
                assert "2" not in (await answer.text()).replace("utf-8", "")
            assert told == []

    async def test_who_does_not_agree(self, corp: CorpRig) -> None:
        async with self.open(corp) as (url, adapter, told), aiohttp.ClientSession() as browser:
            state = query_of(adapter.oauth.authorize_url(url))["state"]
            async with browser.get(f"{url}?state={state}") as answer:
                assert answer.status == 200
                assert "Not authorised" in await answer.text()
            assert told == []

    async def test_a_handler_that_fails_is_logged(self, corp: CorpRig, caplog: pytest.LogCaptureFixture) -> None:
        async with self.open(corp, handler=True) as (url, adapter, told), aiohttp.ClientSession() as browser:
            back = await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(url))
            async with browser.get(back) as answer:
                assert answer.status == 200
            await until(lambda: told)
        assert "on_authorized failed for alice" in caplog.text

    async def test_a_handler_that_hangs_is_ended(self, corp: CorpRig, adapter: WeComAdapter) -> None:
        began, ended = asyncio.Event(), asyncio.Event()

        async def hang(visitor: Visitor) -> None:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        adapter.oauth.on_authorized(hang)
        back = query_of(await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(BACK)))
        await adapter.oauth._come_back(back["code"], back["state"])
        await began.wait()
        await adapter.oauth.close()
        assert ended.is_set()


async def test_nothing_secret_is_shown(corp: CorpRig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    adapter = corp.make()
    back = query_of(await corp.wecom.consents(corp.alice, adapter.oauth.authorize_url(BACK, private=True)))
    visitor = await adapter.oauth.finish(back)
    shown = caplog.text + repr(visitor) + repr(adapter.oauth)
    assert back["code"] not in shown
    assert back["state"] not in shown
    assert corp.app.secret not in shown
