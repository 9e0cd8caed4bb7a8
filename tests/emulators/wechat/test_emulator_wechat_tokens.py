"""Access tokens of the emulated platform, and calls that are none."""

import asyncio

from wechat_official import SEND, access_token, call
from wechatpy import WeChatClient

from imbridge.emulators.wechat import Account, EmulatorSettings, Follower, WeChatEmulator


async def test_wechatpy_sends_a_text(wechat: WeChatEmulator, alice: Follower, client: WeChatClient) -> None:
    await alice.says("hi")
    answer = await asyncio.to_thread(client.message.send_text, alice.openid, "你好")
    assert answer == {"errcode": 0, "errmsg": "ok"}
    message = await alice.receives("你好")
    assert (message.how, message.body) == ("customer_service", {"content": "你好"})

    for code in (42001, 40001, 40014):
        wechat.faults.expire_tokens(code)
        await asyncio.to_thread(client.message.send_text, alice.openid, f"after {code}")
        await alice.receives(f"after {code}")
    assert (wechat.stats.token_requests, wechat.stats.tokens_refused, wechat.stats.sends) == (4, 3, 4)
    assert wechat.violations == []


async def test_refused_credentials(wechat: WeChatEmulator, account: Account) -> None:
    async def ask(**changes: str) -> int:
        params = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret, **changes}
        code: int = (await call(wechat, "GET", "/cgi-bin/token", **params)).get("errcode", 0)
        return code

    assert await ask() == 0
    assert await ask(grant_type="password") == 40002
    assert await ask(appid="") == 41002
    assert await ask(appid="wx0") == 40013
    assert await ask(secret="") == 41004
    assert await ask(secret="wrong") == 40125
    account.allowed_ips = frozenset({"192.0.2.1"})
    assert await ask() == 40164
    account.allowed_ips = frozenset({"127.0.0.1"})
    assert await ask() == 0
    wechat.faults.refuse_token(45009)
    assert (await ask(), await ask()) == (45009, 0)


async def test_a_new_token_ends_the_last_after_the_grace() -> None:
    async with WeChatEmulator(settings=EmulatorSettings(token_grace=0.0)) as wechat:
        account = wechat.add_account()
        tokens = [await access_token(wechat, account) for _ in range(2)]
        answers = [await call(wechat, "GET", "/cgi-bin/user/get", access_token=one) for one in tokens]
    assert [answer.get("errcode", 0) for answer in answers] == [40001, 0]


async def test_the_last_but_one_token_is_dead_at_once(wechat: WeChatEmulator, account: Account) -> None:
    tokens = [await access_token(wechat, account) for _ in range(3)]
    codes = [(await call(wechat, "GET", "/cgi-bin/user/get", access_token=one)).get("errcode", 0) for one in tokens]
    assert codes == [40001, 0, 0]


async def test_the_stable_token(wechat: WeChatEmulator, account: Account) -> None:
    async def stable(*, force: bool = False) -> str:
        body = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
        answer = await call(wechat, "POST", "/cgi-bin/stable_token", {**body, "force_refresh": force})
        assert answer["expires_in"] <= 7200
        token: str = answer["access_token"]
        return token

    first = await stable()
    assert await stable() == first
    await access_token(wechat, account)
    await access_token(wechat, account)
    assert (await call(wechat, "GET", "/cgi-bin/user/get", access_token=first))["total"] == 0
    forced = await stable(force=True)
    assert forced != first
    assert await stable(force=True) == forced
    assert await stable() == forced


async def test_a_token_that_dies_early(wechat: WeChatEmulator, account: Account) -> None:
    with wechat.faults.token_lifetime(0.0):
        token = await access_token(wechat, account)
        assert (await call(wechat, "GET", "/cgi-bin/user/get", access_token=token))["errcode"] == 42001
    token = await access_token(wechat, account)
    assert (await call(wechat, "GET", "/cgi-bin/user/get", access_token=token))["total"] == 0


async def test_calls_that_are_none(wechat: WeChatEmulator, account: Account) -> None:
    token = await access_token(wechat, account)
    assert (await call(wechat, "GET", "/cgi-bin/user/get"))["errcode"] == 41001
    assert (await call(wechat, "GET", "/cgi-bin/user/get", access_token="made up"))["errcode"] == 40001
    assert (await call(wechat, "GET", "/cgi-bin/nothing", access_token=token))["errcode"] == 40066
    assert (await call(wechat, "GET", SEND, access_token=token))["errcode"] == 43002
    assert (await call(wechat, "POST", "/cgi-bin/user/get", access_token=token))["errcode"] == 43001
    assert (await call(wechat, "POST", SEND, access_token=token))["errcode"] == 44002
    assert (await call(wechat, "POST", SEND, [], access_token=token))["errcode"] == 47001
    assert [one.kind for one in wechat.violations] == ["no_token"]
