"""Every kind of message and event a person causes, read by wechatpy."""

import asyncio
from typing import Any

import pytest
from wechat_official import WechatpyBot, client_of, wechatpy_bot
from wechatpy import parse_message

from imbridge.emulators.wechat import Account, EmulatorSettings, Follower, SentMessage, WeChatEmulator


async def read(bot: WechatpyBot, sent: SentMessage) -> Any:
    """What wechatpy made of it."""
    assert await sent.settled() == "taken"
    message = bot.seen[-1]
    assert (message.source, message.target) == (sent.follower.openid, sent.follower.account.original_id)
    return message


async def test_pictures_voices_and_videos(
    wechat: WeChatEmulator, account: Account, alice: Follower, bot: WechatpyBot
) -> None:
    picture = await read(bot, await alice.sends_image(b"\xff\xd8\xffpicture"))
    voice = await read(bot, await alice.sends_voice(b"#!AMR\nvoice", recognition="你好"))
    video = await read(bot, await alice.sends_video(b"\0\0\0\x18ftypvideo"))
    short = await read(bot, await alice.sends_short_video())
    assert [one.type for one in (picture, voice, video, short)] == ["image", "voice", "video", "shortvideo"]
    assert (voice.format, voice.recognition) == ("amr", "你好")
    assert short.thumb_media_id
    async with client_of(wechat, account) as client:
        downloads = [
            (await asyncio.to_thread(client.media.download, media_id)).content
            for media_id in (picture.media_id, voice.media_id, video.thumb_media_id)
        ]
        assert downloads[:2] == [b"\xff\xd8\xffpicture", b"#!AMR\nvoice"]
        by_address = await asyncio.to_thread(client._http.get, picture.image)
        assert by_address.content == downloads[0]
        address = (await asyncio.to_thread(client.media.download, video.media_id))["video_url"]
        assert (await asyncio.to_thread(client._http.get, address)).content == b"\0\0\0\x18ftypvideo"


async def test_voices_without_recognition(account: Account, alice: Follower, bot: WechatpyBot) -> None:
    account.recognises_voice = False
    voice = await read(bot, await alice.sends_voice(recognition="你好"))
    assert "Recognition" not in voice._data


async def test_places_links_and_files(alice: Follower, bot: WechatpyBot) -> None:
    place = await read(bot, await alice.sends_location(23.134521, 113.358803, scale=20, label="位置"))
    assert (place.location, place.scale, place.label) == (("23.134521", "113.358803"), "20", "位置")
    link = await read(bot, await alice.sends_link("https://e.cn/?a=1&b=2", title="T", description="D"))
    assert (link.url, link.title, link.description) == ("https://e.cn/?a=1&b=2", "T", "D")
    file = await read(bot, await alice.sends_file("plan.pdf", b"12345"))
    assert (file._data["MsgType"], file._data["Title"], file._data["FileTotalLen"]) == ("file", "plan.pdf", "5")
    page = await read(bot, await alice.sends_mini_program("wx1", "pages/index", title="P"))
    assert (page.type, page.app_id, page.page_path) == ("miniprogrampage", "wx1", "pages/index")
    sticker = await read(bot, await alice.sends_sticker())
    assert sticker.content == "【收到不支持的消息类型，暂无法显示】"
    said = await read(bot, await alice.says("from an article", article=("data-1", 1)))
    assert (said._data["MsgDataId"], said._data["Idx"]) == ("data-1", "1")


async def test_following_and_scanning(alice: Follower, bot: WechatpyBot) -> None:
    gone = await read(bot, await alice.unfollows())
    assert gone.event == "unsubscribe"
    back = await read(bot, await alice.scans("table-7"))
    assert (back.event, back.scene_id, alice.subscribed) == ("subscribe_scan", "table-7", True)
    again = await read(bot, await alice.scans("table-7"))
    assert (again.event, again.scene_id, again.ticket) == ("scan", "table-7", back.ticket)
    with pytest.raises(ValueError, match="follow the account already"):
        await alice.follows()
    await read(bot, await alice.unfollows())
    followed = await read(bot, await alice.follows())
    assert (followed.event, followed.key) == ("subscribe", "")


async def test_the_menu(account: Account, alice: Follower, bot: WechatpyBot) -> None:
    click = await read(bot, await alice.clicks_menu("help"))
    assert (click.event, click.key) == ("click", "help")
    view = await read(bot, await alice.views("https://e.cn/", menu_id=7))
    assert (view.event, view.url, view._data["MenuId"]) == ("view", "https://e.cn/", "7")
    scan = await read(bot, await alice.scans_by_menu("scan", "result", waits=True))
    assert (scan.event, scan.key, scan.scan_type, scan.scan_result) == ("scancode_waitmsg", "scan", "qrcode", "result")
    photos = await read(bot, await alice.takes_photos("photos", ["a" * 32, "b" * 32]))
    assert (photos.event, photos.count, len(photos.pictures)) == ("pic_sysphoto", 2, 2)
    place = await read(bot, await alice.selects_location("where", 23.0, 113.0, label="L", poi="P"))
    assert (place.event, place.location, place.poiname) == ("location_select", ("23.0", "113.0"), "P")
    account.menu = {"button": [{"type": "click", "name": "Help", "key": "help", "sub_button": []}]}
    with pytest.raises(ValueError, match="no button"):
        await alice.clicks_menu("nothing")


async def test_where_somebody_is(alice: Follower, bot: WechatpyBot) -> None:
    event = await read(bot, await alice.reports_location(23.137466, 113.352425, precision=119.385040))
    assert (event.event, event.latitude, event.longitude) == ("location", 23.137466, 113.352425)


async def test_any_event(wechat: WeChatEmulator, account: Account, alice: Follower, bot: WechatpyBot) -> None:
    sent = wechat.push_event(account, {"Event": "MASSSENDJOBFINISH", "MsgID": 1, "Status": "send success"})
    assert await sent.settled() == "taken"
    assert (bot.seen[-1].event, bot.seen[-1].source) == ("masssendjobfinish", "mphelper")
    nested = {"Event": "subscribe_msg_popup_event", "SubscribeMsgPopupEvent": {"List": {"TemplateId": "t1"}}}
    await read(bot, wechat.push_event(account, nested, follower=alice))
    assert bot.seen[-1]._data["SubscribeMsgPopupEvent"]["List"]["TemplateId"] == "t1"


@pytest.mark.parametrize("mode", ["plain", "encrypted"])
async def test_the_end_of_a_section_in_a_text_is_split_over_two(mode: str) -> None:
    async with WeChatEmulator() as wechat:
        account = wechat.add_account(mode=mode)  # type: ignore[arg-type]
        alice = wechat.add_follower("Alice")
        async with wechatpy_bot(account) as bot:
            await wechat.set_callback(account, bot.url)
            forged = "hi]]></Content><FromUserName><![CDATA[mallory]]></FromUserName><Content><![CDATA["
            assert (await read(bot, await alice.says(forged))).content == forged


async def test_a_platform_that_escapes_nothing() -> None:
    async with WeChatEmulator(settings=EmulatorSettings(cdata="raw")) as wechat:
        account = wechat.add_account(mode="plain")
        alice = wechat.add_follower("Alice")
        async with wechatpy_bot(account) as bot:
            await wechat.set_callback(account, bot.url)
            await (await alice.says("hi]]></Content><Forged>1</Forged><Content><![CDATA[")).settled()
    assert parse_message(bot.bodies[-1])._data["Forged"] == "1"
