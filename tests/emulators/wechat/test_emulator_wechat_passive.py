"""Passive replies: every kind wechatpy makes, and what is none."""

import asyncio
from typing import Any

import pytest
from wechat_official import WechatpyBot, client_of, wechatpy_bot
from wechatpy import create_reply
from wechatpy.crypto import WeChatCrypto
from wechatpy.replies import (
    ImageReply,
    MusicReply,
    TransferCustomerServiceReply,
    VideoReply,
    VoiceReply,
)

from imbridge.emulators.wechat import Account, EmulatorSettings, Follower, WeChatEmulator
from imbridge.emulators.wechat.sending import AMR, JPEG, MP4


async def test_media(wechat: WeChatEmulator, account: Account, alice: Follower, bot: WechatpyBot) -> None:
    async with client_of(wechat, account) as client:
        ids = {
            kind: (await asyncio.to_thread(client.media.upload, kind, (f"f.{kind}", data)))
            for kind, data in (("image", JPEG), ("voice", AMR), ("video", MP4), ("thumb", JPEG))
        }
    replies: list[Any] = [
        lambda message: ImageReply(message=message, media_id=ids["image"]["media_id"]),
        lambda message: VoiceReply(message=message, media_id=ids["voice"]["media_id"]),
        lambda message: VideoReply(message=message, media_id=ids["video"]["media_id"], title="T", description="D"),
        lambda message: MusicReply(
            message=message,
            title="Song",
            description="Singer",
            music_url="https://e.cn/a.mp3",
            hq_music_url="https://e.cn/b.mp3",
            thumb_media_id=ids["thumb"]["thumb_media_id"],
        ),
    ]
    shown = []
    for reply in replies:
        bot.respond = reply
        await alice.says("hi")
        shown.append(await alice.receives())
    assert [one.kind for one in shown] == ["image", "voice", "video", "music"]
    assert [one.text for one in shown] == [
        "[image]",
        "[voice]",
        "[video] T D",
        "[music] Song Singer https://e.cn/a.mp3",
    ]
    assert wechat.violations == []


async def test_articles(wechat: WeChatEmulator, alice: Follower, bot: WechatpyBot) -> None:
    articles = [
        {"title": f"T{number}", "description": "D", "image": "https://e.cn/p.jpg", "url": f"https://e.cn/{number}"}
        for number in range(3)
    ]
    bot.respond = lambda message: create_reply(articles, message)
    await alice.says("hi")
    assert (await alice.receives()).text == "T0 D https://e.cn/0"
    await alice.clicks_menu("news")
    assert (await alice.receives()).text.count("\n") == 2
    assert wechat.stats.articles_cut == 2


async def test_handing_over_to_the_staff(wechat: WeChatEmulator, alice: Follower, bot: WechatpyBot) -> None:
    bot.respond = lambda message: TransferCustomerServiceReply(message=message)
    assert await (await alice.says("hi")).settled() == "answered"
    assert (wechat.stats.transfers, len(wechat.messages)) == (1, 0)


@pytest.mark.parametrize(
    "answer",
    [
        "{}",
        "<xml></xml>",
        "<html></html>",
        "<xml",
        "ok",
        '<!DOCTYPE x [<!ENTITY a "b">]><xml></xml>',
        b"\xff\xfe",
        "<xml><Encrypt>AAAA</Encrypt></xml>",
        "<xml><Encrypt>AAAA</Encrypt><MsgSignature>0</MsgSignature><TimeStamp>1</TimeStamp><Nonce>1</Nonce></xml>",
    ],
)
async def test_what_is_no_reply_shows_the_fault(
    wechat: WeChatEmulator, alice: Follower, bot: WechatpyBot, answer: str | bytes
) -> None:
    bot.respond = lambda message: answer
    sent = await alice.says("hi")
    assert (await sent.settled(), sent.attempts) == ("fault", 1)
    assert (len(alice.service_faults), wechat.stats.service_faults) == (1, 1)
    assert [one.kind for one in wechat.violations] == ["passive_reply"]


def changed(name: str, value: Any) -> Any:
    def respond(message: Any) -> Any:
        reply = create_reply("hi", message)
        setattr(reply, name, value)
        return reply

    return respond


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("source", "wx0123456789abcdef", "FromUserName"),
        ("target", "somebody", "ToUserName"),
        ("content", "", "Content is empty"),
        ("content", "好" * 683, "2049 bytes"),
    ],
)
async def test_wrong_fields_show_the_fault(
    alice: Follower, bot: WechatpyBot, name: str, value: str, reason: str
) -> None:
    bot.respond = changed(name, value)
    sent = await alice.says("hi")
    assert await sent.settled() == "fault"
    assert reason in sent.reason


async def test_media_of_nobody_shows_the_fault(alice: Follower, bot: WechatpyBot) -> None:
    bot.respond = lambda message: ImageReply(message=message, media_id="unknown")
    sent = await alice.says("hi")
    assert (await sent.settled(), sent.reason) == ("fault", "MediaId is no media of the account")


async def test_a_field_twice_shows_the_fault(wechat: WeChatEmulator, alice: Follower, bot: WechatpyBot) -> None:
    plain = wechat.add_account(mode="plain")
    bob = wechat.add_follower("Bob", account=plain)

    def respond(message: Any) -> str:
        xml = create_reply("hi", message, render=True)
        return str(xml).replace("</xml>", "<Content><![CDATA[forged]]></Content></xml>")

    async with wechatpy_bot(plain, respond) as second:
        await wechat.set_callback(plain, second.url)
        sent = await bob.says("hi")
        assert (await sent.settled(), sent.reason) == ("fault", "<Content> is there 2 times")


async def test_a_plain_reply_to_an_encrypted_callback(
    wechat: WeChatEmulator, alice: Follower, bot: WechatpyBot
) -> None:
    bot.respond = lambda message: create_reply("hi", message, render=True)
    assert await (await alice.says("hi")).settled() == "fault"
    wechat.settings.plain_answers = "shown"
    await alice.says("hi")
    await alice.receives("hi")


async def test_replies_to_events_that_have_none(wechat: WeChatEmulator, alice: Follower, bot: WechatpyBot) -> None:
    bot.respond = lambda message: create_reply("bye", message)
    await (await alice.unfollows()).settled()
    await alice.receives_nothing(within=0.05)
    bot.respond = lambda message: "nonsense"
    await (await alice.views("https://e.cn/")).settled()
    assert (wechat.stats.answers_ignored, alice.service_faults) == (1, [])


async def test_a_late_answer_is_asked_again() -> None:
    async with WeChatEmulator(settings=EmulatorSettings(callback_timeout=0.5, callback_attempts=20)) as wechat:
        account = wechat.add_account()
        alice = wechat.add_follower("Alice")
        async with wechatpy_bot(account, lambda message: create_reply("at last", message)) as bot:
            await wechat.set_callback(account, bot.url, verify=False)
            bot.delay = 60.0
            sent = await alice.says("hi")
            while sent.attempts < 2:
                await asyncio.sleep(0.01)
            bot.delay = 0.0
            await alice.receives("at last", timeout=20)
            assert await sent.settled() == "answered"
        assert wechat.stats.callbacks_timed_out >= 1
        assert {query["openid"] for query in bot.queries} == {alice.openid}


async def test_a_reply_with_a_wrong_signature(alice: Follower, account: Account, bot: WechatpyBot) -> None:
    def respond(message: Any) -> str:
        crypto = WeChatCrypto("another token", account.aes_key, account.app_id)
        return str(crypto.encrypt_message(create_reply("hi", message), "1", "2"))

    bot.respond = respond
    sent = await alice.says("hi")
    assert (await sent.settled(), sent.reason) == ("fault", "MsgSignature is wrong")


async def test_an_encrypted_reply_to_a_plain_callback(wechat: WeChatEmulator, alice: Follower) -> None:
    plain = wechat.add_account(mode="plain")
    bob = wechat.add_follower("Bob", account=plain)

    def respond(message: Any) -> str:
        crypto = WeChatCrypto(plain.token, plain.aes_key, plain.app_id)
        return str(crypto.encrypt_message(create_reply("hi", message), "1", "2"))

    async with wechatpy_bot(plain, respond) as bot:
        await wechat.set_callback(plain, bot.url)
        sent = await bob.says("hi")
        assert await sent.settled() == "fault"
        assert sent.reason.startswith("it is encrypted")
