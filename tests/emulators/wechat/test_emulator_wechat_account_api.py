"""The emulated API around messages: media, followers, templates, menu, codes, web authorisation."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from wechat_official import access_token, call, refusal, wechatpy_bot
from wechatpy import WeChatClient, WeChatOAuth

from imbridge.emulators.wechat import Account, ConsentPageError, Follower, WeChatEmulator
from imbridge.emulators.wechat.sending import AMR, JPEG

BACK = "https://bot.example/back"


@pytest.fixture
def alice(wechat: WeChatEmulator, account: Account) -> Follower:
    return wechat.add_follower("Alice", unionid="u1")


async def test_uploads(wechat: WeChatEmulator, client: WeChatClient) -> None:
    upload = client.media.upload
    answer = await asyncio.to_thread(upload, "image", ("p.jpg", JPEG))
    assert (answer["type"], len(answer["media_id"])) == ("image", 64)
    got = await asyncio.to_thread(client.media.download, answer["media_id"])
    assert (got.content, got.headers["Content-Type"]) == (JPEG, "image/jpeg")
    assert got.headers["Content-disposition"] == f'attachment; filename="{answer["media_id"]}.jpg"'
    assert await refusal(upload, "file", ("f", b"x")) == 40004
    assert await refusal(upload, "image", ("f", b"")) == 44001
    assert await refusal(upload, "image", ("f", b"no picture")) == 40005
    assert await refusal(upload, "voice", ("f", JPEG)) == 40005
    assert await refusal(upload, "thumb", ("f", JPEG + b"x" * 65536)) == 40012
    assert await refusal(upload, "voice", ("f", AMR + b"x" * 2 * 1024 * 1024)) == 40010
    assert await refusal(client.media.download, "unknown") == 40007
    wechat.settings.media_lifetime = 0.0
    old = await asyncio.to_thread(upload, "image", ("p.jpg", JPEG))
    assert await refusal(client.media.download, old["media_id"]) == 40007
    address = await asyncio.to_thread(client.media.upload_image, ("p.jpg", JPEG))
    assert (await asyncio.to_thread(client._http.get, address)).content == JPEG
    assert (wechat.stats.uploads, wechat.stats.downloads) == (3, 1)


async def test_followers(wechat: WeChatEmulator, account: Account, alice: Follower, client: WeChatClient) -> None:
    known = await asyncio.to_thread(client.user.get, alice.openid)
    assert (known["subscribe"], known["unionid"], known["nickname"]) == (1, "u1", "")
    await asyncio.to_thread(client.user.update_remark, alice.openid, "VIP")
    assert (await asyncio.to_thread(client.user.get_batch, [alice.openid]))[0]["remark"] == "VIP"
    assert await refusal(client.user.get, "o" * 28) == 40003
    assert await refusal(client.user.get_batch, [alice.openid] * 101) == 40032
    await alice.unfollows()
    assert await asyncio.to_thread(client.user.get, alice.openid) == {
        "subscribe": 0,
        "openid": alice.openid,
        "tagid_list": [],
    }


async def test_pages_of_followers(wechat: WeChatEmulator, account: Account, client: WeChatClient) -> None:
    wechat.settings.followers_page = 2
    assert await asyncio.to_thread(lambda: list(client.user.iter_followers())) == []
    people = [wechat.add_follower(str(number)) for number in range(5)]
    openids = await asyncio.to_thread(lambda: list(client.user.iter_followers()))
    assert openids == [one.openid for one in people]
    assert await refusal(client.user.get_followers, "o" * 28) == 40003


async def test_template_messages(
    wechat: WeChatEmulator, account: Account, alice: Follower, client: WeChatClient
) -> None:
    template = wechat.add_template(account, "{{first.DATA}} at {{time.DATA}}", title="Meeting")
    data = {"first": {"value": "Review"}, "time": {"value": "9:00"}}
    async with wechatpy_bot(account) as bot:
        await wechat.set_callback(account, bot.url)
        answer = await asyncio.to_thread(client.message.send_template, alice.openid, template.template_id, data)
        message = await alice.receives("Review at 9:00")
        assert (message.how, message.msg_id) == ("template", answer["msgid"])
        alice.blocks_templates = True
        await asyncio.to_thread(client.message.send_template, alice.openid, template.template_id, data)
        while len(bot.seen) < 2:
            await asyncio.sleep(0.01)
    assert [(one.event, one.status) for one in bot.seen] == [
        ("templatesendjobfinish", "success"),
        ("templatesendjobfinish", "failed:user block"),
    ]
    assert bot.seen[0].id == answer["msgid"]
    assert (len(wechat.messages), wechat.stats.templates) == (1, 2)
    assert await refusal(client.message.send_template, alice.openid, "unknown", data) == 40037
    await alice.unfollows()
    assert await refusal(client.message.send_template, alice.openid, template.template_id, data) == 43004
    listed = await asyncio.to_thread(client.template.get_all_private_template)
    assert listed["template_list"][0]["title"] == "Meeting"


async def test_a_template_message_once(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    template = wechat.add_template(account, "{{first.DATA}}")
    token = await access_token(wechat, account)
    body = {"touser": alice.openid, "template_id": template.template_id, "data": {"first": {"value": "x"}}}
    send = "/cgi-bin/message/template/send"
    first = await call(wechat, "POST", send, {**body, "client_msg_id": "1"}, access_token=token)
    again = await call(wechat, "POST", send, {**body, "client_msg_id": "1"}, access_token=token)
    other = await call(wechat, "POST", send, {**body, "client_msg_id": "2"}, access_token=token)
    assert first["msgid"] == again["msgid"] != other["msgid"]
    assert (len(wechat.messages), wechat.stats.duplicates_absorbed) == (2, 1)
    wechat.settings.client_id_window = 0.0
    late = await call(wechat, "POST", send, {**body, "client_msg_id": "1"}, access_token=token)
    assert late["msgid"] != first["msgid"]


async def test_the_menu(account: Account, alice: Follower, client: WeChatClient) -> None:
    assert await asyncio.to_thread(client.menu.get) is None
    below = [{"type": "view", "name": "Site", "url": "https://e.cn/"}, {"type": "click", "name": "赞", "key": "like"}]
    menu = {"button": [{"type": "click", "name": "歌曲", "key": "song"}, {"name": "菜单", "sub_button": below}]}
    await asyncio.to_thread(client.menu.create, menu)
    got = (await asyncio.to_thread(client.menu.get))["menu"]
    assert [one["name"] for one in got["button"]] == ["歌曲", "菜单"]
    assert got["button"][0]["sub_button"] == []
    await alice.clicks_menu("like")
    await asyncio.to_thread(client.menu.delete)
    assert account.menu is None


@pytest.mark.parametrize(
    ("button", "code"),
    [
        ([], 40016),
        ([{"type": "click", "name": "a", "key": "k"}] * 4, 40016),
        ([{"type": "click", "name": "a" * 17, "key": "k"}], 40018),
        ([{"type": "dance", "name": "a"}], 40017),
        ([{"type": "click", "name": "a", "key": ""}], 40019),
        ([{"type": "view", "name": "a", "url": "u" * 1025}], 40020),
        ([{"name": "a", "sub_button": [{"type": "click", "name": "b", "key": "k"}] * 6}], 40023),
        ([{"name": "a", "sub_button": [{"type": "dance", "name": "b"}]}], 40024),
        ([{"name": "a", "sub_button": [{"type": "click", "name": "", "key": "k"}]}], 40025),
        ([{"type": "media_id", "name": "a"}], 40035),
        ([{"type": "miniprogram", "name": "a", "url": "u", "appid": "wx1"}], 40035),
    ],
)
async def test_wrong_menus(client: WeChatClient, account: Account, button: list[dict[str, Any]], code: int) -> None:
    assert await refusal(client.menu.create, {"button": button}) == code
    assert account.menu is None


async def test_a_menu_with_escaped_characters(wechat: WeChatEmulator, account: Account) -> None:
    token = await access_token(wechat, account)
    menu = {"button": [{"type": "click", "name": "歌曲", "key": "song"}]}  # written as \uXXXX by aiohttp
    assert (await call(wechat, "POST", "/cgi-bin/menu/create", menu, access_token=token))["errcode"] == 40033


async def test_codes_with_a_scene(alice: Follower, client: WeChatClient) -> None:
    body = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "table-7"}}, "expire_seconds": 60}
    code = await asyncio.to_thread(client.qrcode.create, body)
    assert (code["expire_seconds"], bool(code["url"])) == (60, True)
    assert (await alice.scans("table-7")).fields["Ticket"] == code["ticket"]
    assert await refusal(client.qrcode.create, {"action_name": "QR_SCENE", "action_info": {}}) == 40035


# --- web authorisation ----------------------------------------------------------------------------------------------


def oauth_of(wechat: WeChatEmulator, account: Account, scope: str = "snsapi_base") -> WeChatOAuth:
    oauth = WeChatOAuth(account.app_id, account.secret, BACK, scope, "s1")
    oauth.API_BASE_URL = f"{wechat.base_url}/"
    return oauth


def code_in(address: str) -> str:
    query = parse_qs(urlsplit(address).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


async def test_web_authorisation(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    oauth = oauth_of(wechat, account, "snsapi_userinfo")
    try:
        address = await wechat.consents(alice, oauth.authorize_url)
        assert address.startswith(f"{BACK}?code=")
        tokens = await asyncio.to_thread(oauth.fetch_access_token, code_in(address))
        assert (tokens["openid"], tokens["scope"], tokens["unionid"]) == (alice.openid, "snsapi_userinfo", "u1")
        who = await asyncio.to_thread(oauth.get_user_info)
        assert (who["nickname"], who["openid"]) == ("Alice", alice.openid)
        assert await asyncio.to_thread(oauth.check_access_token)
        renewed = await asyncio.to_thread(oauth.refresh_access_token, tokens["refresh_token"])
        assert renewed["access_token"] != tokens["access_token"]
        assert await refusal(oauth.fetch_access_token, code_in(address)) == 40163
        assert await refusal(oauth.fetch_access_token, "made up") == 40029
        assert await refusal(oauth.refresh_access_token, "made up") == 40030
        assert await refusal(oauth.get_user_info, "o" * 28) == 40003
        wechat.settings.code_lifetime = 0.0
        assert (
            await refusal(oauth.fetch_access_token, code_in(await wechat.consents(alice, oauth.authorize_url))) == 42003
        )
    finally:
        oauth._http.close()


async def test_the_silent_scope_tells_no_name(wechat: WeChatEmulator, account: Account, alice: Follower) -> None:
    oauth = oauth_of(wechat, account)
    try:
        tokens = await asyncio.to_thread(
            oauth.fetch_access_token, code_in(await wechat.consents(alice, oauth.authorize_url))
        )
        assert "unionid" not in tokens
        assert await refusal(oauth.get_user_info) == 48001
    finally:
        oauth._http.close()


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("#wechat_redirect", "", "wechat_redirect"),
        ("snsapi_base", "snsapi_all", "10005"),
        ("response_type=code", "response_type=token", "response_type"),
        ("bot.example", "evil.example", "10003"),
        ("state=s1", f"state={'s' * 129}", "128 bytes"),
    ],
)
async def test_the_page_shows_an_error(
    wechat: WeChatEmulator, account: Account, alice: Follower, old: str, new: str, shown: str
) -> None:
    account.authorised_domains = frozenset({"bot.example"})
    oauth = oauth_of(wechat, account)
    oauth._http.close()
    url = oauth.authorize_url
    assert await wechat.consents(alice, url)
    assert old in url
    with pytest.raises(ConsentPageError, match=shown):
        await wechat.consents(alice, url.replace(old, new))
