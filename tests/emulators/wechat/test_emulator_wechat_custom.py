"""Customer-service messages and typing, sent by wechatpy."""

import asyncio
from typing import Any

import pytest
from wechat_official import access_token, call, code_of
from wechatpy import WeChatClient

from imbridge.emulators.wechat import Account, Follower, WeChatEmulator
from imbridge.emulators.wechat.sending import AMR, JPEG, MP4


async def test_the_window_and_the_quota(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    async def send(text: str) -> int:
        return await code_of(wechat, account, alice, msgtype="text", text={"content": text})

    assert await send("nothing was said yet") == 45015
    await alice.says("hi")
    assert [await send(str(number)) for number in range(6)] == [0, 0, 0, 0, 0, 45047]
    await alice.clicks_menu("more")
    assert [await send(str(number)) for number in range(4)] == [0, 0, 0, 45047]
    await alice.says("go on")
    assert await send("more") == 0
    alice.quota.close()
    assert await send("two days later") == 45015
    assert (wechat.stats.out_of_window, wechat.stats.out_of_quota) == (2, 2)


async def test_who_cannot_be_reached(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    other = wechat.add_account("Other")
    bob = wechat.add_follower("Bob", account=other)
    text = {"msgtype": "text", "text": {"content": "hi"}}
    assert await code_of(wechat, account, alice, **{**text, "touser": ""}) == 41009
    assert await code_of(wechat, account, alice, **{**text, "touser": "o" * 28}) == 40003
    assert await code_of(wechat, account, bob, **text) == 40003
    await alice.unfollows()
    assert await code_of(wechat, account, alice, **text) == 45015
    wechat.settings.not_a_follower = 43004
    assert await code_of(wechat, account, alice, **text) == 43004


async def test_every_kind(wechat: WeChatEmulator, account: Account, alice: Follower, client: WeChatClient) -> None:
    wechat.settings.message_quota = 20
    await alice.says("hi")
    media: dict[str, str] = {}
    for kind, data in (("image", JPEG), ("voice", AMR), ("video", MP4), ("thumb", JPEG)):
        answer = await asyncio.to_thread(client.media.upload, kind, (f"f.{kind}", data))
        media[kind] = answer["thumb_media_id" if kind == "thumb" else "media_id"]
    news = wechat.add_material(account, "news", b"article").media_id
    article = {"title": "T", "description": "D", "url": "https://e.cn/", "picurl": "https://e.cn/p.jpg"}
    menu = {
        "head_content": "Content?",
        "list": [{"id": "101", "content": "Yes"}, {"id": "102", "content": "No"}],
        "tail_content": "Thanks",
    }
    page = {"title": "P", "appid": "wx1", "pagepath": "pages/index", "thumb_media_id": media["thumb"]}
    sends = client.message
    openid = alice.openid
    calls: list[tuple[Any, ...]] = [
        (sends.send_image, openid, media["image"]),
        (sends.send_voice, openid, media["voice"]),
        (sends.send_video, openid, media["video"], "T", "D"),
        (sends.send_music, openid, "https://e.cn/a", "https://e.cn/b", media["thumb"], "Song", "Singer"),
        (sends.send_articles, openid, [article]),
        (sends.send_articles, openid, news),
        (sends.send_msg_menu, openid, menu),
        (sends.send_card, openid, "card-1"),
        (sends.send_mini_program_page, openid, page),
        (sends.send_text, openid, "from the staff", "kf2001@gh_1"),
    ]
    shown = []
    for method, *args in calls:
        await asyncio.to_thread(method, *args)
        shown.append(await alice.receives())
    kinds = ["image", "voice", "video", "music", "news", "mpnews", "msgmenu", "wxcard", "miniprogrampage", "text"]
    assert [one.kind for one in shown] == kinds
    assert [shown[index].text for index in (2, 3, 4, 6)] == [
        "[video] T D",
        "[music] Song Singer",
        "T D https://e.cn/",
        "Content?\nYes\nNo\nThanks",
    ]
    assert shown[-1].staff == "kf2001@gh_1"
    chosen = await alice.chooses(shown[6], "102")
    assert (chosen.fields["Content"], chosen.fields["bizmsgmenuid"]) == ("No", "102")
    with pytest.raises(ValueError, match="no line '103'"):
        await alice.chooses(shown[6], "103")
    assert await code_of(wechat, account, alice, msgtype="mpnewsarticle", mpnewsarticle={"article_id": "a1"}) == 0
    assert wechat.violations == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "text"}, 44004),
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "text", "text": {"content": "a" * 2049}}, 45002),
        ({"msgtype": "markdown", "markdown": {"content": "a"}}, 40008),
        ({"msgtype": "image"}, 40035),
        ({"msgtype": "image", "image": {}}, 41006),
        ({"msgtype": "image", "image": {"media_id": "unknown"}}, 40007),
        ({"msgtype": "news", "news": {"articles": []}}, 44003),
        ({"msgtype": "news", "news": {"articles": [{"title": "a"}, {"title": "b"}]}}, 45008),
        ({"msgtype": "msgmenu", "msgmenu": {"list": []}}, 40035),
        ({"msgtype": "msgmenu", "msgmenu": {"list": [{"id": "1"}]}}, 40035),
        ({"msgtype": "music", "music": {"musicurl": "a", "hqmusicurl": "b"}}, 40035),
        ({"msgtype": "miniprogrampage", "miniprogrampage": {"title": "P"}}, 40035),
    ],
)
async def test_wrong_messages(
    wechat: WeChatEmulator, account: Account, alice: Follower, body: dict[str, Any], code: int
) -> None:
    await alice.says("hi")
    assert await code_of(wechat, account, alice, **body) == code
    assert len(wechat.messages) == 0


async def test_media_of_the_wrong_sort(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    await alice.says("hi")
    voice = wechat.add_material(account, "voice", AMR).media_id
    assert await code_of(wechat, account, alice, msgtype="image", image={"media_id": voice}) == 40004
    foreign = wechat.add_material(wechat.add_account("Other"), "image", JPEG).media_id
    assert await code_of(wechat, account, alice, msgtype="image", image={"media_id": foreign}) == 40007


async def test_escaped_characters_are_shown_as_they_are(
    wechat: WeChatEmulator, account: Account, alice: Follower
) -> None:
    await alice.says("hi")
    assert await code_of(wechat, account, alice, msgtype="text", text={"content": "你\\u好"}) == 0
    await alice.receives("\\u4f60\\u\\u597d")
    assert [one.kind for one in wechat.violations] == ["escaped_characters"]


async def test_a_note_that_an_ai_wrote_it(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    await alice.says("hi")
    body = {"msgtype": "text", "text": {"content": "hi"}, "aimsgcontext": {"is_ai_msg": 1}}
    assert await code_of(wechat, account, alice, **body) == 0
    assert (await alice.receives("hi")).marked_as_ai


async def test_typing(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    token = await access_token(wechat, account)

    async def typing(command: str = "Typing") -> int:
        body = {"touser": alice.openid, "command": command}
        code: int = (await call(wechat, "POST", "/cgi-bin/message/custom/typing", body, access_token=token))["errcode"]
        return code

    assert await typing() == 45015
    await alice.says("hi")
    assert await typing("Type") == 45072
    assert (await typing(), await typing(), alice.sees_typing) == (0, 45081, True)
    assert (await typing("CancelTyping"), alice.sees_typing) == (0, False)
    assert await typing() == 0
    assert await code_of(wechat, account, alice, msgtype="text", text={"content": "there"}) == 0
    assert not alice.sees_typing
    wechat.settings.typing_window = 0.0
    assert await typing() == 45080


async def test_what_a_click_in_a_message_allows(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    await alice.says("hi")
    menu = {"list": [{"id": "1", "content": "Yes"}]}
    assert await code_of(wechat, account, alice, msgtype="msgmenu", msgmenu=menu) == 0
    shown = await alice.receives()
    alice.quota.close()
    await alice.chooses(shown, "1")
    text = {"msgtype": "text", "text": {"content": "a"}}
    assert [await code_of(wechat, account, alice, **text) for _ in range(4)] == [0, 0, 0, 45047]


async def test_who_leaves_takes_what_was_allowed_along(
    wechat: WeChatEmulator, account: Account, alice: Follower
) -> None:
    await alice.says("hi")
    await alice.unfollows()
    await alice.follows()
    text = {"msgtype": "text", "text": {"content": "a"}}
    assert [await code_of(wechat, account, alice, **text) for _ in range(4)] == [0, 0, 0, 45047]
