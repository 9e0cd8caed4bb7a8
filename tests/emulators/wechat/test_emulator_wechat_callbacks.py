"""Callbacks of the emulated Official Account platform, received by wechatpy."""

from typing import Literal

import pytest
from wechat_official import wechatpy_bot
from wechatpy import create_reply

from imbridge.emulators.wechat import CallbackRefusedError, WeChatEmulator

Mode = Literal["plain", "compatible", "encrypted"]
MODES: tuple[Mode, ...] = ("plain", "compatible", "encrypted")


@pytest.mark.parametrize("mode", MODES)
async def test_a_text_is_read_and_answered(wechat: WeChatEmulator, mode: Mode) -> None:
    account = wechat.add_account(mode=mode)
    alice = wechat.add_follower("Alice")
    async with wechatpy_bot(account, lambda message: create_reply(f"echo: {message.content}", message)) as bot:
        await wechat.set_callback(account, bot.url)
        sent = await alice.says("你好 <&> hi")
        answer = await alice.receives("echo: 你好 <&> hi")
        assert (answer.how, answer.kind, answer.answers) == ("passive", "text", sent)
        assert await sent.settled() == "answered"
    (message,) = bot.seen
    assert (message.type, message.id, message.source) == ("text", sent.msg_id, alice.openid)
    assert (message.target, message.content) == (account.original_id, "你好 <&> hi")
    assert ("Encrypt" in bot.bodies[1]) == (mode != "plain")
    assert ("你好" in bot.bodies[1]) == (mode != "encrypted")
    assert wechat.violations == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("answer", ["", "success"])
async def test_an_empty_answer_takes_it(wechat: WeChatEmulator, mode: Mode, answer: str) -> None:
    account = wechat.add_account(mode=mode)
    alice = wechat.add_follower("Alice")
    async with wechatpy_bot(account, lambda message: answer) as bot:
        await wechat.set_callback(account, bot.url)
        sent = await alice.says("hi")
        assert await sent.settled() == "taken"
    assert (sent.attempts, wechat.stats.callbacks_taken, alice.service_faults) == (1, 1, [])


async def test_what_is_not_answered_comes_three_times(wechat: WeChatEmulator) -> None:
    account = wechat.add_account()
    alice = wechat.add_follower("Alice")
    async with wechatpy_bot(account) as bot:
        await wechat.set_callback(account, bot.url)
        bot.status = 500
        sent = await alice.says("hi")
        assert await sent.settled() == "given_up"
    assert sent.attempts == 3
    assert alice.service_faults == ["HTTP 500"]
    assert (wechat.stats.callbacks, wechat.stats.callbacks_repeated, wechat.stats.callbacks_given_up) == (3, 2, 1)


async def test_an_address_that_does_not_echo_is_refused(wechat: WeChatEmulator) -> None:
    account = wechat.add_account()
    async with wechatpy_bot(account) as bot:
        bot.status = 403
        with pytest.raises(CallbackRefusedError):
            await wechat.set_callback(account, bot.url)


async def test_an_echo_with_something_around_it_is_refused(
    wechat: WeChatEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = wechat.add_account()
    async with wechatpy_bot(account) as bot:
        proper = bot._answer
        monkeypatch.setattr(bot, "_answer", lambda method, query, body: f'"{proper(method, query, body)}"')
        with pytest.raises(CallbackRefusedError):
            await wechat.set_callback(account, bot.url)
        with pytest.raises(RuntimeError, match="no callback address"):
            wechat.callback(account)
