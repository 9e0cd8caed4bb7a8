"""Starting, stopping and filling the emulated Official Account platform."""

import asyncio
import re

import pytest
from wechat_official import wechatpy_bot
from wechatpy import create_reply

from imbridge.emulators.wechat import EmulatorSettings, WeChatEmulator


async def test_the_same_seed_gives_the_same_ids() -> None:
    def ids(seed: int) -> tuple[str, ...]:
        wechat = WeChatEmulator(seed=seed)
        account = wechat.add_account()
        alice = wechat.add_follower("Alice")
        return (account.app_id, account.original_id, account.secret, account.token, account.aes_key, alice.openid)

    assert ids(1) == ids(1) != ids(2)
    shapes = (r"wx[0-9a-f]{16}", r"gh_[0-9a-f]{12}", r"[0-9a-f]{32}", r"\w{16}", r"\w{43}", r"o[\w-]{27}")
    assert all(re.fullmatch(shape, value) for shape, value in zip(shapes, ids(1), strict=True))


async def test_secrets_are_not_in_the_repr() -> None:
    account = WeChatEmulator().add_account()
    assert account.app_id in repr(account)
    for secret in (account.secret, account.token, account.aes_key):
        assert secret not in repr(account)


async def test_accounts_and_followers_that_cannot_be() -> None:
    wechat = WeChatEmulator()
    with pytest.raises(ValueError, match="which account"):
        wechat.add_follower("Alice")
    account = wechat.add_account(app_id="wx1")
    wechat.add_account()
    with pytest.raises(ValueError, match="already"):
        wechat.add_account(app_id="wx1")
    with pytest.raises(ValueError, match="which account"):
        wechat.add_follower("Alice")
    assert wechat.add_follower("Alice", account=account).account is account
    with pytest.raises(RuntimeError, match="set_callback"):
        wechat.callback(account)


async def test_starting_and_stopping() -> None:
    wechat = WeChatEmulator()
    with pytest.raises(RuntimeError, match="not started"):
        _ = wechat.base_url
    await wechat.start()
    with pytest.raises(RuntimeError, match="already"):
        await wechat.start()
    await wechat.stop()
    await wechat.stop()


async def test_without_an_address_nothing_is_sent() -> None:
    async with WeChatEmulator() as wechat:
        wechat.add_account()
        alice = wechat.add_follower("Alice")
        assert await (await alice.says("hi")).settled() == "no_address"
        assert (wechat.stats.callbacks, wechat.stats.callbacks_without_address) == (0, 1)


async def test_an_address_where_nobody_listens() -> None:
    async with WeChatEmulator() as wechat:
        account = wechat.add_account()
        alice = wechat.add_follower("Alice")
        await wechat.set_callback(account, "http://127.0.0.1:9/wechat", verify=False)
        sent = await alice.says("hi")
        assert (await sent.settled(), sent.attempts) == ("given_up", 3)
        assert alice.service_faults == ["no connection: ClientConnectorError"]


async def test_a_new_address_takes_the_place_of_the_old() -> None:
    async with WeChatEmulator() as wechat:
        account = wechat.add_account()
        alice = wechat.add_follower("Alice")
        async with wechatpy_bot(account) as first, wechatpy_bot(account) as second:
            await wechat.set_callback(account, first.url)
            await wechat.set_callback(account, second.url)
            await (await alice.says("hi")).settled()
            assert (len(first.seen), len(second.seen)) == (0, 1)


async def test_the_same_callback_twice() -> None:
    async with WeChatEmulator() as wechat:
        account = wechat.add_account()
        alice = wechat.add_follower("Alice")
        async with wechatpy_bot(account, lambda message: create_reply("hi", message)) as bot:
            await wechat.set_callback(account, bot.url)
            wechat.faults.duplicate_callbacks(2, times=1)
            sent = await alice.says("hi")
            for _ in range(3):
                await alice.receives("hi")
            assert {one.id for one in bot.seen} == {sent.msg_id}
            assert len({query["nonce"] for query in bot.queries}) == 4


async def test_stopping_while_a_callback_waits() -> None:
    async with WeChatEmulator(settings=EmulatorSettings(callback_timeout=60)) as wechat:
        account = wechat.add_account()
        alice = wechat.add_follower("Alice")
        async with wechatpy_bot(account) as bot:
            await wechat.set_callback(account, bot.url)
            wechat.faults.delay_callbacks(60, times=1)
            sent = await alice.says("hi")
            await asyncio.sleep(0)
            await wechat.stop()
    assert (sent.outcome, sent.attempts, bot.seen) == ("waiting", 0, [])


async def test_waiting_for_messages_says_what_came_instead() -> None:
    async with WeChatEmulator() as wechat:
        account = wechat.add_account()
        alice = wechat.add_follower("Alice")
        async with wechatpy_bot(account, lambda message: create_reply("hello", message)) as bot:
            await wechat.set_callback(account, bot.url)
            await (await alice.says("hi")).settled()
            with pytest.raises(AssertionError, match=r"a message like 'bye' [\s\S]*passive[\s\S]*'hello'"):
                await alice.receives("bye", timeout=0.01)
            with pytest.raises(AssertionError, match="should have received nothing"):
                await alice.receives_nothing(within=0.01)
            assert (await alice.receives(re.compile("^hel"))).text == "hello"
            await alice.says("hi")
            assert (await alice.receives(lambda message: message.kind == "text")).how == "passive"
            with pytest.raises(AssertionError, match="Received nothing"):
                await alice.receives(timeout=0.01)
