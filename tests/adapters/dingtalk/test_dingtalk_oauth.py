"""Who somebody at a browser is: the link, the way back, the code inside DingTalk, and what does not count."""

import asyncio
import logging
from urllib.parse import parse_qsl, quote, urlsplit

import aiohttp
import pytest
from contract import until
from dingtalk_rig import SECRET, Rig
from served import served

from imbridge import Bridge
from imbridge.adapters.dingtalk import DingTalkAdapter, DingTalkConfig
from imbridge.adapters.dingtalk.services.person import Visitor
from imbridge.adapters.oauth_state import UnknownStateError
from imbridge.protocol import AuthError, DeliveryError, NotPermittedError

BACK = "https://bot.example/back?keep=1"
TOKEN = "/v1.0/oauth2/userAccessToken"
ME = "/v1.0/contact/users/me"


@pytest.fixture
def adapter(rig: Rig) -> DingTalkAdapter:
    """Not started: logins need no connection."""
    return rig.make()


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


async def came_back(rig: Rig, adapter: DingTalkAdapter, **asked: object) -> Visitor:
    """Alice, after she has agreed."""
    url = adapter.oauth.authorize_url(BACK, **asked)  # type: ignore[arg-type]  # as the test says
    return await adapter.oauth.finish(query_of(await rig.ding.consents(rig.alice, url)))


class TestLink:
    def test_the_page(self, rig: Rig) -> None:
        url = rig.make(login_url=DingTalkConfig.model_fields["login_url"].default).oauth.authorize_url(BACK)
        assert url.startswith("https://login.dingtalk.com/oauth2/auth?")
        query = query_of(url)
        state = query.pop("state")
        assert query == {
            "redirect_uri": BACK, "response_type": "code", "client_id": rig.app.client_id, "scope": "openid",
            "prompt": "consent",
        }  # fmt: skip
        assert len(state) >= 32
        assert quote(BACK, safe="") in url

    def test_with_the_organisation(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        url = adapter.oauth.authorize_url(BACK, corp=True)
        assert "scope=openid%20corpid" in url
        assert query_of(url)["corpId"] == rig.ding.corp_id
        assert "corpId" not in query_of(rig.make(corp_id="").oauth.authorize_url(BACK, corp=True))

    @pytest.mark.parametrize("address", ["http://bot.example/back", "/back", "javascript:alert(1)", "ftp://x/y", ""])
    def test_where_no_code_may_be_sent(self, adapter: DingTalkAdapter, address: str) -> None:
        with pytest.raises(ValueError, match="https"):
            adapter.oauth.authorize_url(address)

    def test_states_differ(self, adapter: DingTalkAdapter) -> None:
        assert len({query_of(adapter.oauth.authorize_url(BACK))["state"] for _ in range(50)}) == 50


class TestWayBack:
    async def test_a_member(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        visitor = await came_back(rig, adapter, note="ticket 7")
        assert (visitor.userid, visitor.union_id, visitor.name) == (rig.alice.userid, rig.alice.union_id, "Alice")
        assert (visitor.note, visitor.corp_id, visitor.mobile) == ("ticket 7", "", rig.alice.mobile)
        assert visitor.open_id
        assert visitor.access_token.get_secret_value()
        assert visitor.payload["visitor"] is False
        assert not {"accessToken", "refreshToken"} & set(visitor.payload)
        shown = repr(visitor)
        assert visitor.access_token.get_secret_value() not in shown
        assert not rig.alice.mobile or rig.alice.mobile not in shown
        assert adapter.counters()["month_calls"] == 0
        assert rig.ding.violations == []

    async def test_and_the_organisation(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        assert (await came_back(rig, adapter, corp=True)).corp_id == rig.ding.corp_id

    async def test_another_organisation(self, rig: Rig) -> None:
        adapter = rig.make(corp_id="dingother")
        with pytest.raises(NotPermittedError, match="another organisation"):
            await came_back(rig, adapter, corp=True)

    async def test_somebody_outside(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        bob = rig.ding.add_user("Bob", external=True)
        back = await rig.ding.consents(bob, adapter.oauth.authorize_url(BACK))
        visitor = await adapter.oauth.finish(query_of(back))
        assert (visitor.userid, visitor.union_id, visitor.name) == ("", bob.union_id, "Bob")

    async def test_somebody_else(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        for who in (rig.ding.add_user("Bob"), rig.ding.add_user("Eve", external=True)):
            back = await rig.ding.consents(who, adapter.oauth.authorize_url(BACK, user=rig.alice.userid))
            with pytest.raises(NotPermittedError, match=f"{rig.alice.userid} was asked"):
                await adapter.oauth.finish(query_of(back))
        assert (await came_back(rig, adapter, user=rig.alice.userid)).userid == rig.alice.userid

    async def test_a_link_counts_once(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        url = adapter.oauth.authorize_url(BACK)
        await adapter.oauth.finish(query_of(await rig.ding.consents(rig.alice, url)))
        with pytest.raises(UnknownStateError):
            await adapter.oauth.finish(query_of(await rig.ding.consents(rig.alice, url)))

    @pytest.mark.parametrize("query", [{}, {"authCode": "x"}, {"authCode": "x", "state": "y"}, {"state": "ü" * 9}])
    async def test_a_stranger(self, adapter: DingTalkAdapter, query: dict[str, str]) -> None:
        adapter.oauth.authorize_url(BACK)
        with pytest.raises(UnknownStateError, match="begin again"):
            await adapter.oauth.finish(query)
        assert adapter.counters()["calls"] == 0

    async def test_without_a_code_nobody_has_agreed(self, adapter: DingTalkAdapter) -> None:
        state = query_of(adapter.oauth.authorize_url(BACK))["state"]
        with pytest.raises(NotPermittedError, match="without a code"):
            await adapter.oauth.finish({"state": state})
        with pytest.raises(UnknownStateError):
            await adapter.oauth.finish({"state": state, "authCode": "x"})

    async def test_a_code_counts_once(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        used = query_of(await rig.ding.consents(rig.alice, adapter.oauth.authorize_url(BACK)))
        await adapter.oauth.finish(used)
        again = {**used, "state": query_of(adapter.oauth.authorize_url(BACK))["state"]}
        with pytest.raises(NotPermittedError, match="authCode"):
            await adapter.oauth.finish(again)

    async def test_wrong_credentials(self, rig: Rig) -> None:
        adapter = rig.make(client_secret="canary-wrong")
        with pytest.raises((AuthError, NotPermittedError)) as caught:
            await came_back(rig, adapter)
        assert "canary" not in str(caught.value)

    async def test_what_is_secret_is_not_repeated(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        """A proxy may repeat what it was asked."""
        url = adapter.oauth.authorize_url(BACK)
        back = query_of(await rig.ding.consents(rig.alice, url))
        rig.ding.faults.refuse(TOKEN, "some.code", message=f"you sent {SECRET} and {back['authCode']}", status=400)
        with pytest.raises(DeliveryError) as caught:
            await adapter.oauth.finish(back)
        assert "you sent *** and ***" in str(caught.value)

    async def test_an_address_book_that_is_closed(
        self, rig: Rig, adapter: DingTalkAdapter, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Who they are is known without it; which member that is, is not."""
        rig.ding.faults.refuse("/topapi/user/getbyunionid", 60011, times=None)
        visitor = await came_back(rig, adapter)
        assert (visitor.userid, visitor.union_id) == ("", rig.alice.union_id)
        assert "not looked up" in caplog.text
        with pytest.raises(NotPermittedError, match="60011"):
            await came_back(rig, adapter, user=rig.alice.userid)


class TestTokens:
    async def test_refreshed(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        visitor = await came_back(rig, adapter)
        renewed = await adapter.oauth.refresh(visitor)
        assert renewed.access_token != visitor.access_token
        assert renewed.refresh_token != visitor.refresh_token
        assert renewed.userid == visitor.userid
        rig.alice.name = "Alice B."
        assert (await adapter.oauth.userinfo(renewed)).name == "Alice B."

    async def test_a_refresh_token_counts_once(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        visitor = await came_back(rig, adapter)
        await adapter.oauth.refresh(visitor)
        with pytest.raises(NotPermittedError) as caught:
            await adapter.oauth.refresh(visitor)
        assert visitor.refresh_token.get_secret_value() not in str(caught.value)

    async def test_nothing_to_refresh(self, adapter: DingTalkAdapter) -> None:
        with pytest.raises(NotPermittedError, match="log in again"):
            await adapter.oauth.refresh(Visitor())

    async def test_a_token_that_is_over(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        visitor = await came_back(rig, adapter)
        rig.ding.faults.refuse(ME, "InvalidAuthentication", status=401)
        with pytest.raises(NotPermittedError, match="refresh it, or ask them again"):
            await adapter.oauth.userinfo(visitor)


class TestInsideDingTalk:
    async def test_a_member(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        visitor = await adapter.oauth.identify(rig.ding.login_code(rig.alice))
        assert (visitor.userid, visitor.union_id, visitor.name) == (rig.alice.userid, rig.alice.union_id, "Alice")
        assert visitor.corp_id == rig.ding.corp_id
        assert rig.ding.violations == []

    async def test_a_code_counts_once(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        code = rig.ding.login_code(rig.alice)
        await adapter.oauth.identify(code)
        with pytest.raises(NotPermittedError, match="40078"):
            await adapter.oauth.identify(code)


class TestRoute:
    async def test_it_is_there_only_for_who_waits(self, adapter: DingTalkAdapter) -> None:
        assert adapter.routes() == ()

    async def test_a_person_comes_back(self, rig: Rig) -> None:
        came: list[Visitor] = []

        async def welcome(visitor: Visitor) -> None:
            came.append(visitor)

        async with Bridge([rig.config()]) as bridge:
            adapter = bridge.adapter("dingtalk:work")
            assert isinstance(adapter, DingTalkAdapter)
            adapter.oauth.on_authorized(welcome)
            async with served(bridge.asgi()) as url, aiohttp.ClientSession() as session:
                here = f"{url}/dingtalk/work/oauth"
                back = await rig.ding.consents(rig.alice, adapter.oauth.authorize_url(here))
                async with session.get(back) as answer:
                    assert answer.status == 200
                    assert "Authorised" in await answer.text()
                await until(lambda: came, "a visitor")
                async with session.get(back) as answer:
                    assert answer.status == 400
                state = query_of(adapter.oauth.authorize_url(here))["state"]
                async with session.get(f"{here}?state={state}") as answer:
                    assert "Not authorised" in await answer.text()
        assert [visitor.userid for visitor in came] == [rig.alice.userid]

    async def test_a_handler_that_fails_is_told(
        self, rig: Rig, adapter: DingTalkAdapter, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.ERROR)

        @adapter.oauth.on_authorized
        async def fails(visitor: Visitor) -> None:
            raise RuntimeError("no")

        back = query_of(await rig.ding.consents(rig.alice, adapter.oauth.authorize_url(BACK)))
        await adapter.oauth._come_back(back["authCode"], back["state"])
        await until(lambda: "on_authorized failed" in caplog.text)

    async def test_close_ends_what_it_is_doing(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        begun, ended = asyncio.Event(), asyncio.Event()

        @adapter.oauth.on_authorized
        async def waits(visitor: Visitor) -> None:
            begun.set()
            try:
                await asyncio.sleep(3600)
            finally:
                ended.set()

        back = query_of(await rig.ding.consents(rig.alice, adapter.oauth.authorize_url(BACK)))
        await adapter.oauth._come_back(back["authCode"], back["state"])
        await begun.wait()
        await adapter.close()
        assert ended.is_set()
