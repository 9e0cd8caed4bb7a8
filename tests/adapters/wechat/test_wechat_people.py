"""Followers, and people at a browser."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from contract import until
from served import served
from wechat_rig import SECRET, Rig

from imbridge.adapters.wechat import WeChatAdapter
from imbridge.adapters.wechat.services.followers import follower_of
from imbridge.adapters.wechat.services.oauth import Visitor
from imbridge.emulators.wechat import EmulatorSettings
from imbridge.protocol import NotPermittedError, TargetGoneError
from imbridge.transport import WebhookApp

BACK = "https://bot.example/wechat/work/oauth?from=menu"


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(followers_page=3)


@pytest.fixture
async def adapter(rig: Rig) -> WeChatAdapter:
    rig.account.authorised_domains = frozenset({"bot.example"})
    return await rig.start()


class TestFollowers:
    async def test_one(self, rig: Rig, adapter: WeChatAdapter) -> None:
        rig.alice.unionid, rig.alice.remark, rig.alice.qr_scene = "union_1", "a friend", "poster"
        alice = await adapter.user(rig.alice.openid)
        assert (alice.openid, alice.unionid, alice.remark, alice.code) == (
            rig.alice.openid, "union_1", "a friend", "poster",
        )  # fmt: skip
        assert alice.follows
        assert alice.since is not None
        assert int(alice.since.timestamp()) == rig.alice.subscribed_at
        assert alice.payload["subscribe_scene"] == "ADD_SCENE_SEARCH"

    async def test_who_has_left(self, rig: Rig, adapter: WeChatAdapter) -> None:
        rig.alice.subscribed = False
        alice = await adapter.user(rig.alice.openid)
        assert not alice.follows
        assert alice.since is None

    async def test_nobody(self, adapter: WeChatAdapter) -> None:
        with pytest.raises(TargetGoneError):
            await adapter.user("o_nobody")

    @pytest.mark.parametrize("others", [0, 2, 3, 7])
    async def test_all_page_by_page(self, rig: Rig, adapter: WeChatAdapter, others: int) -> None:
        people = [rig.alice, *(rig.wechat.add_follower(f"F{n}") for n in range(others))]
        assert [openid async for openid in adapter.followers.openids()] == [one.openid for one in people]

    async def test_without_the_right(self, rig: Rig, adapter: WeChatAdapter) -> None:
        rig.wechat.faults.refuse("/cgi-bin/user/info", 48001)
        with pytest.raises(NotPermittedError):
            await adapter.user(rig.alice.openid)

    def test_odd_facts(self) -> None:
        assert follower_of({}).openid == ""
        odd = follower_of({"openid": "o", "subscribe_time": "x", "tagid_list": [1, "2"], "qr_scene": 0})
        assert (odd.since, odd.tags, odd.code) == (None, (1,), "")


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


class TestOAuth:
    async def test_who_it_is_without_asking(self, rig: Rig, adapter: WeChatAdapter) -> None:
        url = adapter.oauth.authorize_url(BACK, note="for the form")
        assert url.startswith("https://open.weixin.qq.com/connect/oauth2/authorize?appid=")
        back = await rig.wechat.consents(rig.alice, url)
        visitor = await adapter.oauth.finish(query_of(back))
        assert (visitor.openid, visitor.note, visitor.scope) == (rig.alice.openid, "for the form", "snsapi_base")
        assert visitor.nickname == ""
        with pytest.raises(NotPermittedError):
            await adapter.oauth.userinfo(visitor)

    async def test_name_and_portrait_when_they_agree(self, rig: Rig, adapter: WeChatAdapter) -> None:
        rig.alice.unionid = "union_1"
        back = await rig.wechat.consents(rig.alice, adapter.oauth.authorize_url(BACK, profile=True))
        visitor = await adapter.oauth.finish(query_of(back))
        assert (visitor.nickname, visitor.unionid) == ("Alice", "union_1")
        again = await adapter.oauth.refresh(visitor)
        assert (await adapter.oauth.userinfo(again)).nickname == "Alice"
        token = visitor.access_token.get_secret_value()
        assert token
        assert token not in repr(visitor) + str(visitor.payload)
        assert "refresh_token" not in visitor.payload

    async def test_a_token_of_theirs_that_is_not_good_any_more(self, rig: Rig, adapter: WeChatAdapter) -> None:
        stranger = Visitor(openid=rig.alice.openid, access_token="made up", refresh_token="made up")
        with pytest.raises(NotPermittedError) as caught:
            await adapter.oauth.userinfo(stranger)
        assert "made up" not in str(caught.value)
        with pytest.raises(NotPermittedError):
            await adapter.oauth.refresh(stranger)

    async def test_a_state_counts_once(self, rig: Rig, adapter: WeChatAdapter) -> None:
        query = query_of(await rig.wechat.consents(rig.alice, adapter.oauth.authorize_url(BACK)))
        await adapter.oauth.finish(query)
        with pytest.raises(NotPermittedError, match="state"):
            await adapter.oauth.finish(query)
        with pytest.raises(NotPermittedError, match="state"):
            await adapter.oauth.finish({"code": "c", "state": "made up"})

    async def test_a_code_counts_once(self, rig: Rig, adapter: WeChatAdapter) -> None:
        query = query_of(await rig.wechat.consents(rig.alice, adapter.oauth.authorize_url(BACK)))
        await adapter.oauth.finish(query)
        other = query_of(adapter.oauth.authorize_url(BACK))
        with pytest.raises(NotPermittedError, match="used already") as caught:
            await adapter.oauth.finish({"code": query["code"], "state": other["state"]})
        assert SECRET not in str(caught.value)

    async def test_somebody_else(self, rig: Rig, adapter: WeChatAdapter) -> None:
        bob = rig.wechat.add_follower("Bob")
        url = adapter.oauth.authorize_url(BACK, user=rig.alice.openid)
        with pytest.raises(NotPermittedError, match="was asked"):
            await adapter.oauth.finish(query_of(await rig.wechat.consents(bob, url)))

    async def test_not_agreed(self, adapter: WeChatAdapter) -> None:
        state = query_of(adapter.oauth.authorize_url(BACK))["state"]
        with pytest.raises(NotPermittedError, match="without a code"):
            await adapter.oauth.finish({"state": state})

    @pytest.mark.parametrize("uri", ["http://bot.example/", "/back", "javascript:alert(1)", ""])
    async def test_an_address_that_no_code_may_be_sent_to(self, adapter: WeChatAdapter, uri: str) -> None:
        with pytest.raises(ValueError, match="https"):
            adapter.oauth.authorize_url(uri)

    async def test_the_route(self, rig: Rig, adapter: WeChatAdapter) -> None:
        came: list[Visitor] = []
        assert [route.path for route in adapter.routes()] == ["/wechat/work"]

        @adapter.oauth.on_authorized
        async def greet(visitor: Visitor) -> None:
            came.append(visitor)

        url = await rig.wechat.consents(rig.alice, adapter.oauth.authorize_url(BACK))
        async with served(WebhookApp(adapter.routes())) as base, aiohttp.ClientSession() as http:
            async with http.get(f"{base}/wechat/work/oauth", params=query_of(url)) as answer:
                assert answer.status == 200
                assert "Authorised" in await answer.text()
            async with http.get(f"{base}/wechat/work/oauth", params=query_of(url)) as answer:
                assert answer.status == 400
        await until(lambda: came)
        assert came[0].openid == rig.alice.openid

    async def test_a_handler_that_takes_long_ends_with_the_account(self, rig: Rig, adapter: WeChatAdapter) -> None:
        begun = asyncio.Event()

        @adapter.oauth.on_authorized
        async def wait(visitor: Visitor) -> None:
            begun.set()
            await asyncio.sleep(3600)

        query = query_of(await rig.wechat.consents(rig.alice, adapter.oauth.authorize_url(BACK)))
        await adapter.oauth._come_back(query["code"], query["state"])
        await begun.wait()
        await adapter.close()
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("oauth:")]
