"""Fixtures of the WeChat emulator's tests."""

from collections.abc import AsyncIterator

import pytest
from wechat_official import WechatpyBot, client_of, wechatpy_bot
from wechatpy import WeChatClient

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


@pytest.fixture
async def client(wechat: WeChatEmulator, account: Account) -> AsyncIterator[WeChatClient]:
    async with client_of(wechat, account) as opened:
        yield opened


@pytest.fixture
async def bot(wechat: WeChatEmulator, account: Account) -> AsyncIterator[WechatpyBot]:
    async with wechatpy_bot(account) as running:
        await wechat.set_callback(account, running.url)
        yield running
