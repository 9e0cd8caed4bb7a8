"""Messages of apps: every kind, who gets them, what is cut, what is refused, what is dropped."""

import re
from typing import Any

import aiohttp
import pytest
from wechatpy.exceptions import WeChatClientException
from wecom_app_side import Client, in_thread
from wecom_raw_api import AMR, MP4, PNG, Api

from imbridge.emulators.wecom import App, EmulatorSettings, User, WeComEmulator


async def test_wechatpy_sends_every_kind_it_knows(wecom: WeComEmulator, app: App, alice: User, client: Client) -> None:
    agent, messages = app.agent_id, client.message
    media = {}
    for kind, data in {"image": PNG, "voice": AMR, "video": MP4, "file": b"123456"}.items():
        media[kind] = (await in_thread(client.media.upload, kind, (f"a.{kind}", data)))["media_id"]
    article = {"title": "News", "description": "D", "url": "https://example.com", "image": "https://example.com/a.png"}
    page = {
        "thumb_media_id": media["image"],
        "author": "A",
        "title": "Page",
        "content": "<p>x</p>",
        "content_source_url": "https://example.com",
        "digest": "d",
        "show_cover_pic": 1,
    }
    await in_thread(messages.send_text, agent, "alice", "hello")
    await in_thread(messages.send_markdown, agent, ["alice"], "**hello**")
    await in_thread(messages.send_text_card, agent, "alice", "Title", "Description", "https://example.com")
    await in_thread(messages.send_image, agent, "alice", media["image"])
    await in_thread(messages.send_voice, agent, "alice", media["voice"])
    await in_thread(messages.send_video, agent, "alice", media["video"], "Film", "About")
    await in_thread(messages.send_file, agent, "alice", media["file"])
    await in_thread(messages.send_articles, agent, "alice", [article])
    await in_thread(messages.send_mp_articles, agent, "alice", [page])
    kinds = ["text", "markdown", "textcard", "image", "voice", "video", "file", "news", "mpnews"]
    assert [message.kind for message in wecom.messages] == kinds
    texts = [(await alice.receives(app=app)).text for _ in kinds]
    assert texts == ["hello", "**hello**", "Title\nDescription", "", "", "Film\nAbout", "", "News", "Page"]
    assert wecom.messages[2].content["btntxt"] == "详情"
    assert wecom.stats.sends == wecom.stats.deliveries == 9
    assert wecom.violations == []


async def test_the_answer_names_who_did_not_get_it(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    bob = wecom.add_user("Bob", licensed=False)
    answer = await api.send("text", {"content": "x"}, "ALICE|Nobody| bob ", toparty="1|99", totag="7|x")
    assert (answer["errcode"], answer["errmsg"]) == (0, "ok")
    assert answer["invaliduser"] == "nobody"
    assert (answer["invalidparty"], answer["invalidtag"], answer["unlicenseduser"]) == ("99", "7|x", "bob")
    assert answer["msgid"]
    message = await alice.receives("x")
    assert message.recipients == (alice,)
    await bob.receives_nothing(within=0)
    nobody = await api.send("text", {"content": "x"}, "nobody")
    assert (nobody["errcode"], nobody["invaliduser"]) == (81013, "nobody")
    assert nobody["errmsg"].startswith("user & party & tag all invalid, hint: [")
    assert re.search(r"from ip: 127\.0\.0\.1, more info at \S+e=81013$", nobody["errmsg"])
    assert api.headers["Error-Code"] == "81013"


async def test_departments_tags_and_everybody(wecom: WeComEmulator, app: App, alice: User, bob: User, api: Api) -> None:
    below = wecom.add_department("Below", wecom.add_department("Sales").id)
    carol = wecom.add_user("Carol", department=below.id)
    tag = wecom.add_tag("Tag", [bob], parties=[below.id])
    await api.send("text", {"content": "party"}, "", toparty=str(below.parent_id))
    await api.send("text", {"content": "tag"}, "", totag=str(tag.id))
    await api.send("text", {"content": "all"}, "@all", toparty="99")
    assert [[user.userid for user in message.recipients] for message in wecom.messages] == [
        ["carol"],
        ["bob", "carol"],
        ["alice", "bob", "carol"],
    ]
    await carol.receives("party")


async def test_an_app_reaches_whom_it_sees_only(
    wecom: WeComEmulator, app: App, alice: User, bob: User, api: Api
) -> None:
    app.visible = {"alice"}
    answer = await api.send("text", {"content": "x"}, "alice|bob")
    assert answer["invaliduser"] == "bob"
    await api.send("text", {"content": "all"}, "@all")
    assert wecom.messages[-1].recipients == (alice,)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"touser": ""}, 82001),
        ({"touser": "|".join(f"u{number}" for number in range(1001))}, 40032),
        ({"toparty": "|".join(str(number) for number in range(101))}, 82002),
        ({"totag": "|".join(str(number) for number in range(101))}, 82003),
        ({"touser": ["alice"]}, 40058),
        ({"agentid": None}, 41011),
        ({"agentid": "x"}, 40056),
        ({"agentid": 1}, 40056),
        ({"agentid": 1000003}, 301002),
        ({"msgtype": "sms"}, 40008),
        ({"msgtype": None}, 40008),
        ({"text": None}, 44004),
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": 1}}, 44004),
        ({"safe": 3}, 40058),
        ({"enable_duplicate_check": 2}, 40058),
    ],
)
async def test_a_wrong_request_is_refused(
    wecom: WeComEmulator, app: App, alice: User, api: Api, changes: dict[str, Any], code: int
) -> None:
    wecom.add_app("Other")
    body = {"touser": "alice", "msgtype": "text", "agentid": app.agent_id, "text": {"content": "x"}, **changes}
    assert (await api.call("message/send", body))["errcode"] == code
    assert wecom.messages == ()


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("markdown", {"content": ""}, 44004),
        ("markdown", {"content": "字" * 683}, 45002),
        ("image", {}, 41006),
        ("image", {"media_id": "never"}, 40007),
        ("image", {"media_id": "VOICE"}, 40007),
        ("file", None, 40058),
        ("textcard", {"title": "t", "description": "d"}, 41010),
        ("textcard", {"title": "t", "description": "d", "url": "javascript:x"}, 40058),
        ("textcard", {"title": "t", "description": "d", "url": "https://e.com/" + "x" * 2048}, 40058),
        ("textcard", {"description": "d", "url": "https://e.com"}, 41016),
        ("news", {"articles": []}, 45008),
        ("news", {"articles": [{"title": "t", "url": "https://e.com"}] * 9}, 45008),
        ("news", {"articles": [{"title": "t"}]}, 41010),
        ("news", {"articles": [{"title": "t", "appid": "a"}]}, 40058),
        ("news", {"articles": "x"}, 40058),
        ("mpnews", {"articles": [{"title": "t", "thumb_media_id": "never", "content": "c"}]}, 40007),
    ],
)
async def test_wrong_content_is_refused(
    wecom: WeComEmulator, alice: User, api: Api, kind: str, content: Any, code: int
) -> None:
    if isinstance(content, dict) and content.get("media_id") == "VOICE":
        content = {"media_id": await api.media_id("voice")}
    assert (await api.send(kind, content))["errcode"] == code
    assert wecom.messages == ()


async def test_what_is_too_long_is_cut(wecom: WeComEmulator, alice: User, api: Api) -> None:
    long = "字" * 1000
    await api.send("text", {"content": long})
    card = {"title": long, "description": long, "url": "https://e.com", "btntxt": "五个字的字"}
    await api.send("textcard", card)
    await api.send("news", {"articles": [{"title": long, "description": long, "url": "https://e.com"}]})
    text, textcard, news = wecom.messages
    assert text.content["content"] == "字" * 682
    assert text.body["text"]["content"] == long
    assert (len(textcard.content["title"]), len(textcard.content["description"])) == (42, 170)
    assert textcard.content["btntxt"] == "五个字的"
    assert len(news.content["articles"][0]["title"]) == 42
    assert wecom.stats.texts_cut == 5
    assert {violation.kind for violation in wecom.violations} == {"text_cut"}


async def test_fields_that_no_document_has_are_noted(wecom: WeComEmulator, alice: User, api: Api) -> None:
    article = {"title": "t", "url": "https://e.com", "image": "https://e.com/a.png"}
    await api.send("news", {"articles": [article]}, tousers="bob")
    await api.send("text", {"content": "x", "mentioned_list": ["bob"]})
    assert [violation.detail.partition(" ")[0] for violation in wecom.violations] == [
        "news.articles.image",
        "tousers",
        "text.mentioned_list",
    ]
    assert len(wecom.messages) == 2


async def test_a_repeated_request_is_held_back(wecom: WeComEmulator, alice: User, api: Api) -> None:
    check = {"enable_duplicate_check": 1, "duplicate_check_interval": 1800}
    first = await api.send("text", {"content": "x"}, **check)
    second = await api.send("text", {"content": "x"}, **check)
    other = await api.send("text", {"content": "x"}, enable_duplicate_check=1, duplicate_check_interval=1801)
    assert first["msgid"] == second["msgid"] != other["msgid"]
    await api.send("text", {"content": "y"})
    await api.send("text", {"content": "y"})
    assert [message.text for message in wecom.messages] == ["x", "x", "y", "y"]
    assert wecom.stats.duplicates_absorbed == 1


async def test_what_is_beyond_a_members_rate_is_dropped_and_nobody_is_told(
    wecom: WeComEmulator, alice: User, bob: User, api: Api
) -> None:
    for number in range(31):
        answer = await api.send("text", {"content": str(number)}, "alice|bob" if number == 30 else "alice")
        assert answer["errcode"] == 0
    assert wecom.messages[-1].recipients == (bob,)
    assert wecom.stats.silently_dropped == 1
    assert [violation.kind for violation in wecom.violations] == ["member_rate"]


async def test_the_rates_of_the_day_and_of_an_api(settings: EmulatorSettings) -> None:
    settings.account_limit, settings.api_rate_minute = 0, 3
    async with WeComEmulator(settings=settings) as wecom, aiohttp.ClientSession() as session:
        api = Api(session, wecom.base_url, wecom.add_app())
        wecom.add_user("Alice")
        codes = [(await api.send("text", {"content": "x"}))["errcode"] for _ in range(4)]
        assert codes == [45009] * 4
        assert wecom.stats.rate_limited == 4
        settings.rate_limits = False
        assert (await api.send("text", {"content": "x"}))["errcode"] == 0


async def test_a_message_is_recalled(
    wecom: WeComEmulator, settings: EmulatorSettings, alice: User, client: Client, api: Api
) -> None:
    msgid = (await in_thread(client.message.send_text, api.app.agent_id, "alice", "x"))["msgid"]
    assert (await api.call("message/recall", {"msgid": msgid}))["errcode"] == 0
    assert (await alice.receives(lambda message: message.recalled)).msgid == msgid
    assert (await api.call("message/recall", {"msgid": msgid}))["errcode"] == 40058
    assert (await api.call("message/recall", {"msgid": "never"}))["errcode"] == 40058
    settings.recall_window = 0
    late = (await api.send("text", {"content": "y"}))["msgid"]
    assert (await api.call("message/recall", {"msgid": late}))["errcode"] == 40058
    assert wecom.stats.recalls == 1


async def test_wechatpy_tells_what_was_refused(app: App, alice: User, client: Client) -> None:
    with pytest.raises(WeChatClientException) as caught:
        await in_thread(client.message.send_text, app.agent_id, "nobody", "x")
    assert caught.value.errcode == 81013


async def test_the_wrong_method_and_no_json(wecom: WeComEmulator, alice: User, api: Api) -> None:
    assert (await api.call("message/send"))["errcode"] == 43002
    assert (await api.call("user/get", {}))["errcode"] == 43001
    assert (await api.call("message/send", [1]))["errcode"] == 47001
    async with api.session.get(f"{wecom.base_url}/cgi-bin/never") as answer:
        assert answer.status == 404
