"""The emulated API, called by wechatpy."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from wechat_rig import access_token, call, client_of
from wechatpy.exceptions import WeChatClientException

from imbridge.emulators.wechat import Account, Follower, WeChatEmulator


@pytest.fixture
async def wechat() -> AsyncIterator[WeChatEmulator]:
    async with WeChatEmulator() as emulator:
        yield emulator


@pytest.fixture
def account(wechat: WeChatEmulator) -> Account:
    return wechat.add_account()


@pytest.fixture
def alice(wechat: WeChatEmulator, account: Account) -> Follower:
    return wechat.add_follower("Alice")


async def test_wechatpy_sends_a_text(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    await alice.says("hi")
    async with client_of(wechat, account) as client:
        answer = await asyncio.to_thread(client.message.send_text, alice.openid, "你好")
        assert answer["errcode"] == 0
        message = await alice.receives("你好")
        assert (message.how, message.body) == ("customer_service", {"content": "你好"})

        wechat.faults.expire_tokens()
        await asyncio.to_thread(client.message.send_text, alice.openid, "again")
        await alice.receives("again")
    assert (wechat.stats.token_requests, wechat.stats.tokens_refused, wechat.stats.sends) == (2, 1, 2)
    assert wechat.violations == []


async def test_the_window_and_the_quota(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    async def send(text: str) -> int:
        body = {"touser": alice.openid, "msgtype": "text", "text": {"content": text}}
        token = await access_token(wechat, account)
        code: int = (await call(wechat, "POST", "/cgi-bin/message/custom/send", body, access_token=token))["errcode"]
        return code

    assert await send("nothing was said yet") == 45015
    await alice.says("hi")
    assert [await send(str(number)) for number in range(6)] == [0, 0, 0, 0, 0, 45047]
    await alice.says("go on")
    assert await send("more") == 0
    alice.quota.close()
    assert await send("two days later") == 45015


async def test_wechatpy_sees_refusals(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    await alice.says("hi")
    async with client_of(wechat, account) as client:
        with pytest.raises(WeChatClientException) as caught:
            await asyncio.to_thread(client.message.send_text, "o" * 28, "hi")
        assert caught.value.errcode == 40003
        wechat.faults.refuse_send(45009)
        with pytest.raises(WeChatClientException) as caught:
            await asyncio.to_thread(client.message.send_text, alice.openid, "hi")
        assert caught.value.errcode == 45009
