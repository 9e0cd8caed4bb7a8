"""People's tokens: renewed once, stored before they are used, and calls as a person."""

import asyncio
from pathlib import Path

import pytest
from contract import until
from feishu_people import age, authorise, make_old
from feishu_rig import Rig

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.authorisation.user_token import FileUserTokens, MemoryUserTokens, UserToken
from imbridge.emulators.feishu import EmulatorSettings
from imbridge.protocol import DeliveryError, NotPermittedError
from imbridge.transport import HttpPool

USER_INFO = "/open-apis/authen/v1/user_info"


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(rate_limits=False)


@pytest.fixture
async def adapter(rig: Rig) -> FeishuAdapter:
    """Not started: people's tokens need no connection."""
    return rig.make()


class TestRefresh:
    async def test_ahead_of_its_end(self, rig: Rig, adapter: FeishuAdapter) -> None:
        old = await authorise(rig, adapter)
        await make_old(adapter, old)
        value = await adapter.oauth.token(old.open_id)
        assert value != old.access_token.get_secret_value()
        kept = await adapter.oauth.store.get(adapter.key, old.open_id)
        assert kept is not None
        assert kept.access_token.get_secret_value() == value
        assert kept.refresh_token != old.refresh_token
        assert (kept.name, kept.scopes) == (old.name, old.scopes)

    async def test_once_for_all_who_wait(self, rig: Rig, adapter: FeishuAdapter) -> None:
        old = await authorise(rig, adapter)
        await make_old(adapter, old, expires_in=-1)
        values = await asyncio.gather(*(adapter.oauth.token(old.open_id) for _ in range(50)))
        assert len(set(values)) == 1
        assert rig.feishu.stats.user_token_requests == 2

    async def test_one_who_gives_up_takes_nothing_from_the_others(self, rig: Rig, adapter: FeishuAdapter) -> None:
        old = await authorise(rig, adapter)
        await make_old(adapter, old, expires_in=-1)
        rig.feishu.faults.http_delay("*/oauth/token", 0.2)
        first = asyncio.create_task(adapter.oauth.token(old.open_id))
        second = asyncio.create_task(adapter.oauth.token(old.open_id))
        await until(lambda: adapter.oauth._renewing)
        first.cancel()
        assert await second != old.access_token.get_secret_value()

    async def test_it_is_stored_before_it_is_handed_out(self, rig: Rig, adapter: FeishuAdapter) -> None:
        order: list[str] = []

        class Slow(MemoryUserTokens):
            async def put(self, account: str, token: UserToken) -> None:
                await asyncio.sleep(0.05)
                await super().put(account, token)
                order.append("stored")

        adapter.oauth.store = Slow()
        old = await authorise(rig, adapter)
        await make_old(adapter, old, expires_in=-1)
        order.clear()
        await adapter.oauth.token(old.open_id)
        order.append("handed out")
        assert order == ["stored", "handed out"]

    async def test_a_store_that_fails_costs_nobody_their_authorisation(self, rig: Rig, adapter: FeishuAdapter) -> None:
        class Full(MemoryUserTokens):
            full = False

            async def put(self, account: str, token: UserToken) -> None:
                if self.full:
                    raise OSError("no space left")
                await super().put(account, token)

        store = adapter.oauth.store = Full()
        old = await authorise(rig, adapter)
        await make_old(adapter, old, expires_in=-1)
        store.full = True
        for _ in range(2):
            with pytest.raises(OSError, match="no space"):
                await adapter.oauth.token(old.open_id)
        store.full = False
        value = await adapter.oauth.token(old.open_id)
        assert value != old.access_token.get_secret_value()
        assert rig.feishu.stats.user_token_requests == 2, "the refresh token was used once"

    @pytest.mark.parametrize("code", [20026, 20037, 20064, 20073, 20024, 20008, 20010, 20066])
    async def test_when_the_person_has_to_authorise_again(self, rig: Rig, adapter: FeishuAdapter, code: int) -> None:
        old = await authorise(rig, adapter)
        await make_old(adapter, old)
        rig.feishu.faults.refuse_oauth(code, grant_type="refresh_token")
        with pytest.raises(NotPermittedError, match=f"{old.open_id} has to authorise again.*{code}") as caught:
            await adapter.oauth.token(old.open_id)
        assert caught.value.code == code
        with pytest.raises(NotPermittedError, match="has not authorised"):
            await adapter.oauth.token(old.open_id)
        await authorise(rig, adapter)
        assert await adapter.oauth.token(old.open_id)

    async def test_another_process_that_was_faster(self, rig: Rig, adapter: FeishuAdapter, tmp_path: Path) -> None:
        other = rig.make()
        adapter.oauth.store, other.oauth.store = FileUserTokens(tmp_path), FileUserTokens(tmp_path)
        old = await authorise(rig, adapter)
        await make_old(adapter, old, expires_in=-1)
        held = await adapter.oauth.store.get(adapter.key, old.open_id)
        assert held is not None
        value = await other.oauth.token(old.open_id)

        class Behind(FileUserTokens):
            """Has read just before the other process wrote."""

            stale = True

            async def get(self, account: str, open_id: str) -> UserToken | None:
                if self.stale and asyncio.current_task() in adapter.oauth._work:
                    self.stale = False
                    return held
                return await super().get(account, open_id) if not self.stale else held

        adapter.oauth.store = Behind(tmp_path)
        assert await adapter.oauth.token(old.open_id) == value

    @pytest.mark.parametrize("code", [20050, 20072])
    async def test_passing_trouble_is_tried_once_more(self, rig: Rig, adapter: FeishuAdapter, code: int) -> None:
        old = await authorise(rig, adapter)
        await make_old(adapter, old, expires_in=-1)
        fault = rig.feishu.faults.refuse_oauth(code)
        assert await adapter.oauth.token(old.open_id)
        assert fault.hits == 1
        await make_old(adapter, age(await self.kept(adapter, old)), expires_in=-1)
        fault = rig.feishu.faults.refuse_oauth(code, times=None)
        with pytest.raises(DeliveryError, match=str(code)):
            await adapter.oauth.token(old.open_id)
        assert fault.hits == 2
        fault.clear()
        assert await adapter.oauth.token(old.open_id), "nothing was forgotten"

    async def kept(self, adapter: FeishuAdapter, old: UserToken) -> UserToken:
        token = await adapter.oauth.store.get(adapter.key, old.open_id)
        assert token is not None
        return token

    @pytest.mark.parametrize("status", [200, 502])
    async def test_while_it_lasts_it_is_used(
        self, rig: Rig, adapter: FeishuAdapter, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        old = await authorise(rig, adapter)
        await make_old(adapter, old)
        rig.feishu.faults.http_fail("*/oauth/token", status, times=None, body="<html>")
        assert await adapter.oauth.token(old.open_id) == old.access_token.get_secret_value()
        assert "used while it lasts" in caplog.text
        await make_old(adapter, old, expires_in=-1)
        with pytest.raises(DeliveryError):
            await adapter.oauth.token(old.open_id)

    async def test_closing_waits_for_a_refresh(self, rig: Rig, adapter: FeishuAdapter) -> None:
        old = await authorise(rig, adapter)
        await make_old(adapter, old, expires_in=-1)
        rig.feishu.faults.http_delay("*/oauth/token", 0.2)
        asking = asyncio.create_task(adapter.oauth.token(old.open_id))
        await until(lambda: adapter.oauth._renewing)
        await adapter.close()
        assert await asking != old.access_token.get_secret_value()

    async def test_forgotten(self, rig: Rig, adapter: FeishuAdapter) -> None:
        token = await authorise(rig, adapter)
        await adapter.oauth.forget(token.open_id)
        with pytest.raises(NotPermittedError, match="has not authorised"):
            await adapter.oauth.token(token.open_id)

    async def test_forgotten_while_it_is_renewed(self, rig: Rig, adapter: FeishuAdapter) -> None:
        old = await authorise(rig, adapter)
        await make_old(adapter, old, expires_in=-1)
        rig.feishu.faults.http_delay("*/oauth/token", 0.1)
        asking = asyncio.create_task(adapter.oauth.token(old.open_id))
        await until(lambda: adapter.oauth._renewing)
        await adapter.oauth.forget(old.open_id)
        await asking
        assert await adapter.oauth.store.get(adapter.key, old.open_id) is None


class TestCall:
    async def test_as_the_person(self, rig: Rig, adapter: FeishuAdapter) -> None:
        token = await authorise(rig, adapter)
        assert (await adapter.oauth.call(token.open_id, "GET", USER_INFO))["name"] == "Alice"

    async def test_a_token_that_died_early_is_renewed(self, rig: Rig, adapter: FeishuAdapter) -> None:
        token = await authorise(rig, adapter)
        assert rig.feishu.faults.expire_user_tokens() == 1
        results = await asyncio.gather(*(adapter.oauth.call(token.open_id, "GET", USER_INFO) for _ in range(10)))
        assert [one["name"] for one in results] == ["Alice"] * 10
        assert rig.feishu.stats.user_token_requests == 2

    async def test_revoked(self, rig: Rig, adapter: FeishuAdapter) -> None:
        token = await authorise(rig, adapter)
        rig.feishu.revokes(rig.alice, rig.app)
        with pytest.raises(NotPermittedError, match="has to authorise again"):
            await adapter.oauth.call(token.open_id, "GET", USER_INFO)

    async def test_a_scope_that_is_missing_is_named(self, rig: Rig, adapter: FeishuAdapter) -> None:
        token = await authorise(rig, adapter)
        group = rig.feishu.add_group("team", members=[rig.alice], apps=[rig.app])
        path = f"/open-apis/im/v1/chats/{group.chat_id}"
        with pytest.raises(NotPermittedError, match="the person has to authorise im:chat or") as caught:
            await adapter.oauth.call(token.open_id, "GET", path)
        assert caught.value.code == 99991679
        await authorise(rig, adapter, "im:chat:readonly")
        assert (await adapter.oauth.call(token.open_id, "GET", path))["name"] == "team"

    async def test_an_api_that_takes_no_persons_token_is_asked_twice(self, rig: Rig, adapter: FeishuAdapter) -> None:
        token = await authorise(rig, adapter)
        with pytest.raises(DeliveryError, match="99991668"):
            await adapter.oauth.call(token.open_id, "GET", "/open-apis/bot/v3/info")
        assert len(rig.calls("/bot/v3/info")) == 2

    async def test_what_may_have_arrived_is_repeated_only_where_that_does_no_harm(
        self, rig: Rig, adapter: FeishuAdapter
    ) -> None:
        token = await authorise(rig, adapter)
        fault = rig.feishu.faults.http_fail("*/x", 502, times=None)
        for method, repeat in (("POST", None), ("PATCH", None), ("GET", False)):
            with pytest.raises(DeliveryError) as caught:
                await adapter.oauth.call(token.open_id, method, "/open-apis/x", repeat=repeat)
            assert caught.value.ambiguous
        assert fault.hits == 3
        fault.clear()
        fault = rig.feishu.faults.http_fail("*/user_info", 502, times=2)
        assert await adapter.oauth.call(token.open_id, "GET", USER_INFO)
        assert fault.hits == 2

    async def test_a_lost_post_is_not_repeated(self, rig: Rig) -> None:
        async with HttpPool(trust_env=False, timeout=0.2) as pool:
            rig.pool = pool
            adapter = rig.make()
            token = await authorise(rig, adapter)
            fault = rig.feishu.faults.http_delay("*/x", 5, times=None)
            with pytest.raises(DeliveryError) as caught:
                await adapter.oauth.call(token.open_id, "POST", "/open-apis/x", json={})
            assert caught.value.ambiguous
            assert fault.hits == 1
            await adapter.close()

    @pytest.mark.parametrize("path", ["@evil.example/open-apis/x", "https://evil.example", "open-apis/x", ""])
    async def test_the_token_goes_to_the_platform_only(self, adapter: FeishuAdapter, path: str) -> None:
        with pytest.raises(ValueError, match="begins with"):
            await adapter.oauth.call("ou_1", "GET", path)

    async def test_somebody_who_has_not_authorised(self, rig: Rig, adapter: FeishuAdapter) -> None:
        with pytest.raises(NotPermittedError, match=r"oauth\.authorize_url"):
            await adapter.oauth.call("ou_1", "GET", USER_INFO)
        assert rig.calls("user_info") == []
