"""People who authorise the app: the link, the exchange, tokens that are renewed once, calls as a person."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from contract import until
from feishu_people import BACK, authorise, make_old, query_of
from feishu_rig import Rig
from served import served

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.authorisation.oauth import Authorized
from imbridge.adapters.feishu.errors import OAUTH_ERRORS
from imbridge.adapters.oauth_state import LIFETIME, PendingAuthorisations
from imbridge.protocol import AuthError, DeliveryError, NotPermittedError
from imbridge.transport import Reaction, WebhookApp


@pytest.fixture
async def adapter(rig: Rig) -> FeishuAdapter:
    """Not started: people's tokens need no connection."""
    return rig.make()


class TestUrl:
    def test_what_is_in_it(self, rig: Rig, adapter: FeishuAdapter) -> None:
        url = adapter.oauth.authorize_url(BACK, ["im:chat:readonly", "im:chat:readonly"])
        assert url.startswith(f"{rig.feishu.base_url}/open-apis/authen/v1/authorize?")
        query = query_of(url)
        assert query["client_id"] == rig.app.app_id
        assert query["response_type"] == "code"
        assert query["redirect_uri"] == BACK
        assert query["scope"] == "im:chat:readonly offline_access"
        assert query["code_challenge_method"] == "S256"
        assert len(query["code_challenge"]) == 43
        assert len(query["state"]) >= 43
        assert rig.app.app_secret not in url

    def test_no_two_are_alike(self, adapter: FeishuAdapter) -> None:
        queries = [query_of(adapter.oauth.authorize_url(BACK)) for _ in range(50)]
        assert len({query["state"] for query in queries}) == len({query["code_challenge"] for query in queries}) == 50

    def test_on_the_real_platforms(self, rig: Rig) -> None:
        for domain, host in (("feishu", "accounts.feishu.cn"), ("lark", "accounts.larksuite.com")):
            url = rig.make(domain=domain, base_url=None).oauth.authorize_url(BACK)
            assert url.startswith(f"https://{host}/open-apis/authen/v1/authorize?")

    @pytest.mark.parametrize("uri", ["http://bot.example/x", "/x", "", "javascript:alert(1)", "http://localhost.evil/"])
    def test_codes_do_not_cross_the_network_in_the_clear(self, adapter: FeishuAdapter, uri: str) -> None:
        with pytest.raises(ValueError, match="https"):
            adapter.oauth.authorize_url(uri)
        assert adapter.oauth.authorize_url("http://127.0.0.1:8000/x")

    def test_too_many_scopes(self, adapter: FeishuAdapter) -> None:
        with pytest.raises(ValueError, match="at most 50"):
            adapter.oauth.authorize_url(BACK, [f"a:{n}" for n in range(50)])


class TestPending:
    def test_bounded_and_short(self) -> None:
        now = [0.0]
        pending = PendingAuthorisations("feishu", lambda: now[0])
        first = pending.ask(BACK, "", "")
        for _ in range(1000):
            pending.ask(BACK, "", "")
        assert len(pending) == 1000
        with pytest.raises(NotPermittedError):
            pending.take(first.state)
        now[0] = LIFETIME + 1
        last = pending.ask(BACK, "", "")
        assert len(pending) == 1
        now[0] += LIFETIME
        with pytest.raises(NotPermittedError, match="10 minutes"):
            pending.take(last.state)

    @pytest.mark.parametrize("state", ["", "x", "\ud800", "é" * 4000])
    def test_anything_may_come(self, state: str) -> None:
        with pytest.raises(NotPermittedError):
            PendingAuthorisations("feishu").take(state)

    def test_it_shows_no_secret(self) -> None:
        one = PendingAuthorisations("feishu").ask(BACK, "ou_1", "")
        assert one.state not in repr(one)
        assert one.verifier not in repr(one)


class TestFinish:
    async def test_the_whole_way(self, rig: Rig, adapter: FeishuAdapter) -> None:
        token = await authorise(rig, adapter, "im:chat:readonly")
        assert token.open_id == rig.alice.open_id_for(rig.app)
        assert token.name == "Alice"
        assert "im:chat:readonly" in token.scopes
        assert token.refresh_token is not None
        assert token.lasts(7000)
        assert not token.lasts(7300)
        assert await adapter.oauth.token(token.open_id) == token.access_token.get_secret_value()
        assert rig.feishu.stats.user_token_requests == 1
        assert rig.feishu.violations == []

    async def test_a_state_counts_once(self, rig: Rig, adapter: FeishuAdapter) -> None:
        back = query_of(await rig.feishu.consents(rig.alice, adapter.oauth.authorize_url(BACK)))
        await adapter.oauth.finish(back["code"], back["state"])
        with pytest.raises(NotPermittedError, match="begin again"):
            await adapter.oauth.finish(back["code"], back["state"])
        assert rig.feishu.stats.user_token_requests == 1

    async def test_a_code_that_is_none_uses_the_state_up(self, rig: Rig, adapter: FeishuAdapter) -> None:
        back = query_of(await rig.feishu.consents(rig.alice, adapter.oauth.authorize_url(BACK)))
        with pytest.raises(NotPermittedError, match="20003"):
            await adapter.oauth.finish("guess", back["state"])
        with pytest.raises(NotPermittedError, match="unknown, used"):
            await adapter.oauth.finish(back["code"], back["state"])

    async def test_a_code_with_anothers_state_is_refused_by_its_verifier(
        self, rig: Rig, adapter: FeishuAdapter
    ) -> None:
        mine = query_of(await rig.feishu.consents(rig.alice, adapter.oauth.authorize_url(BACK)))
        other = query_of(adapter.oauth.authorize_url(BACK))
        with pytest.raises(NotPermittedError, match="PKCE"):
            await adapter.oauth.finish(mine["code"], other["state"])

    async def test_somebody_else_agrees(self, rig: Rig, adapter: FeishuAdapter) -> None:
        bob = rig.feishu.add_user("Bob")
        url = adapter.oauth.authorize_url(BACK, user=rig.alice.open_id_for(rig.app))
        back = query_of(await rig.feishu.consents(bob, url))
        with pytest.raises(NotPermittedError, match="nothing is kept"):
            await adapter.oauth.finish(back["code"], back["state"])
        assert await adapter.oauth.store.get(adapter.key, bob.open_id_for(rig.app)) is None
        assert (await authorise(rig, adapter, user=rig.alice.open_id_for(rig.app))).name == "Alice"

    async def test_without_offline_access(self, rig: Rig, adapter: FeishuAdapter) -> None:
        token = await authorise(rig, adapter, offline=False)
        assert token.refresh_token is None
        await make_old(adapter, token, expires_in=30)
        assert await adapter.oauth.token(token.open_id)
        await make_old(adapter, token, expires_in=-1)
        with pytest.raises(NotPermittedError, match=r"has to authorise again.*offline_access"):
            await adapter.oauth.token(token.open_id)

    async def test_two_accounts_keep_their_people_apart(self, rig: Rig, adapter: FeishuAdapter) -> None:
        other = rig.make(name="other")
        other.oauth.store = adapter.oauth.store
        token = await authorise(rig, adapter)
        with pytest.raises(NotPermittedError, match="has not authorised"):
            await other.oauth.token(token.open_id)

    async def test_a_browser_that_goes_away_loses_nothing(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.feishu.faults.http_delay("*/user_info", 0.2)
        back = query_of(await rig.feishu.consents(rig.alice, adapter.oauth.authorize_url(BACK)))
        finishing = asyncio.create_task(adapter.oauth.finish(back["code"], back["state"]))
        await until(lambda: rig.feishu.stats.user_token_requests == 1)
        finishing.cancel()
        await asyncio.wait((finishing,))
        await adapter.oauth.close()
        assert await adapter.oauth.token(rig.alice.open_id_for(rig.app))


class TestErrors:
    REFUSED = (20003, 20004, 20065, 20049, 20071, 20009, 20069, 20074)
    STOPPED = (20002, 20048)

    def test_every_row_is_tested_and_nothing_else(self) -> None:
        ended = {rule.code for rule in OAUTH_ERRORS if rule.reaction is Reaction.DEAD}
        assert ended == {20026, 20037, 20064, 20073, 20024, 20008, 20010, 20066}
        assert {rule.code for rule in OAUTH_ERRORS} == ended | {20050, 20072, *self.REFUSED, *self.STOPPED}

    @pytest.mark.parametrize("code", [*REFUSED, 20024, 20010])
    async def test_refused(self, rig: Rig, adapter: FeishuAdapter, code: int) -> None:
        rig.feishu.faults.refuse_oauth(code)
        with pytest.raises(NotPermittedError, match=str(code)) as caught:
            await authorise(rig, adapter)
        rule = OAUTH_ERRORS.lookup(code)
        assert rule.meaning in str(caught.value)
        assert rule.hint in str(caught.value)
        assert rig.app.app_secret not in str(caught.value)

    @pytest.mark.parametrize("code", STOPPED)
    async def test_the_apps_credentials(self, rig: Rig, adapter: FeishuAdapter, code: int) -> None:
        rig.feishu.faults.refuse_oauth(code)
        with pytest.raises(AuthError, match=str(code)):
            await authorise(rig, adapter)

    @pytest.mark.parametrize(("status", "body"), [(404, "no"), (200, "[]"), (400, '{"code": []}'), (500, "")])
    async def test_junk(self, rig: Rig, adapter: FeishuAdapter, status: int, body: str) -> None:
        rig.feishu.faults.http_fail("*/oauth/token", status, times=None, body=body)
        with pytest.raises(DeliveryError, match="feishu oauth"):
            await authorise(rig, adapter)

    async def test_nobody_there(self, rig: Rig) -> None:
        adapter = rig.make(base_url="http://127.0.0.1:9")
        state = query_of(adapter.oauth.authorize_url(BACK))["state"]
        with pytest.raises(DeliveryError, match="cannot connect"):
            await adapter.oauth.finish("code", state)


class TestWayBack:
    @pytest.fixture
    async def page(self, rig: Rig, adapter: FeishuAdapter) -> AsyncIterator[str]:
        """The adapter's routes on a real server; its address."""
        async with served(WebhookApp(adapter.routes())) as url:
            yield f"{url}/feishu/work/oauth"

    @pytest.fixture
    def told(self, adapter: FeishuAdapter) -> list[Authorized]:
        told: list[Authorized] = []

        @adapter.oauth.on_authorized
        async def handle(authorized: Authorized) -> None:
            told.append(authorized)

        return told

    async def visit(self, url: str) -> tuple[int, str, Any]:
        async with aiohttp.ClientSession() as browser, browser.get(url) as response:
            return response.status, await response.text(), response.headers

    async def test_the_whole_way(
        self, rig: Rig, adapter: FeishuAdapter, told: list[Authorized], page: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "imbridge")
        url = adapter.oauth.authorize_url(page, ["im:chat:readonly"], note="feishu:work/group/oc_1")
        back = await rig.feishu.consents(rig.alice, url)
        status, text, headers = await self.visit(back)
        assert status == 200
        assert "You can close this page" in text
        assert "授权成功" in text
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        await until(lambda: told)
        assert (told[0].note, told[0].token.name) == ("feishu:work/group/oc_1", "Alice")
        status, text, _ = await self.visit(back)
        assert status == 400
        assert "ask the bot for a new link" in text
        assert len(told) == 1
        query = query_of(back)
        assert query["code"] not in caplog.text
        assert query["state"] not in caplog.text
        assert told[0].token.access_token.get_secret_value() not in caplog.text

    async def test_somebody_refuses(self, rig: Rig, adapter: FeishuAdapter, told: list[Authorized], page: str) -> None:
        back = await rig.feishu.denies(rig.alice, adapter.oauth.authorize_url(page))
        status, text, _ = await self.visit(back)
        assert (status, "Not authorised" in text) == (200, True)
        assert told == []
        assert len(adapter.oauth._pending) == 0

    @pytest.mark.parametrize("query", ["", "?state=x&code=y", "?code=<script>&state=<script>", "?error=<script>"])
    async def test_strangers(self, rig: Rig, told: list[Authorized], page: str, query: str) -> None:
        status, text, _ = await self.visit(page + query)
        assert status == 400
        assert "script" not in text
        assert rig.feishu.stats.user_token_requests == 0

    async def test_strangers_cannot_fill_the_log(
        self, told: list[Authorized], page: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(50):
            assert (await self.visit(f"{page}?state={number}&code=x"))[0] == 400
        assert len([record for record in caplog.records if record.levelno >= logging.INFO]) <= 3

    async def test_a_handler_that_fails_is_logged(
        self, rig: Rig, adapter: FeishuAdapter, told: list[Authorized], page: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        @adapter.oauth.on_authorized
        async def fails(authorized: Authorized) -> None:
            raise KeyError(authorized.note)

        back = await rig.feishu.consents(rig.alice, adapter.oauth.authorize_url(page))
        assert (await self.visit(back))[0] == 200
        await until(lambda: "on_authorized failed" in caplog.text)

    async def test_a_handler_that_hangs_ends_with_the_account(
        self, rig: Rig, adapter: FeishuAdapter, told: list[Authorized], page: str
    ) -> None:
        began = asyncio.Event()

        @adapter.oauth.on_authorized
        async def hangs(authorized: Authorized) -> None:
            began.set()
            await asyncio.Event().wait()

        back = await rig.feishu.consents(rig.alice, adapter.oauth.authorize_url(page))
        assert (await self.visit(back))[0] == 200
        await began.wait()
        await adapter.close()
        assert not adapter.oauth._told._tasks

    async def test_no_handler_no_route(self, rig: Rig, adapter: FeishuAdapter) -> None:
        assert adapter.routes() == ()

        @adapter.oauth.on_authorized
        async def handle(authorized: Authorized) -> None:
            """Told of."""

        assert [route.path for route in adapter.routes()] == ["/feishu/work/oauth"]
