"""Passive replies of every kind, by wechatpy's reply classes, and envelopes that are wrong."""

from typing import Any

import pytest
from aiohttp import web
from wechatpy.enterprise.replies import ArticlesReply, ImageReply, VideoReply, VoiceReply
from wecom_app_side import serving
from wecom_raw_api import Api

from imbridge.emulators.wecom import App, AppMessage, User, WeComEmulator


async def answered(wecom: WeComEmulator, app: App, alice: User, reply: Any) -> AppMessage | None:
    async with serving(app, reply) as server:
        await wecom.set_callback(app, server.url)
        return (await (await alice.says("hi")).delivered()).passive


async def test_pictures_sounds_and_films(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    ids = {kind: await api.media_id(kind) for kind in ("image", "voice", "video")}
    for kind, reply in {"image": ImageReply, "voice": VoiceReply}.items():
        shown = await answered(wecom, app, alice, lambda m, r=reply, k=kind: r(message=m, media_id=ids[k]).render())
        assert shown is not None
        assert (shown.kind, shown.content) == (kind, {"media_id": ids[kind]})

    def film(message: Any) -> str:
        return str(VideoReply(message=message, media_id=ids["video"], title="T", description="D").render())

    shown = await answered(wecom, app, alice, film)
    assert shown is not None
    assert (shown.kind, shown.text) == ("video", "T\nD")
    assert wecom.violations == []


async def test_articles(wecom: WeComEmulator, app: App, alice: User) -> None:
    def news(message: Any) -> str:
        reply = ArticlesReply(message=message)
        for number in (1, 2):
            reply.add_article({"title": f"T{number}", "description": "D", "url": "https://e.com", "image": "https://i"})
        return str(reply.render())

    shown = await answered(wecom, app, alice, news)
    assert shown is not None
    assert shown.text == "T1\nT2"
    assert shown.content["articles"][0] == {
        "title": "T1",
        "description": "D",
        "picurl": "https://i",
        "url": "https://e.com",
    }


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("done", "malformed"),
        ("<html></html>", "unknown"),
        ("<xml><Encrypt>x</Encrypt><Extra/></xml>", "Extra"),
        ("<xml><Encrypt>x</Encrypt></xml>", "missing"),
        ("<xml><Encrypt>x</Encrypt><Encrypt>y</Encrypt></xml>", "2 times"),
        ("<xml><Encrypt>x</Encrypt><TimeStamp>soon</TimeStamp><Nonce>n</Nonce></xml>", "missing"),
        ("<xml><Encrypt>x</Encrypt><TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>", "MsgSignature"),
        ("<!DOCTYPE xml><xml/>", "document type"),
    ],
)
async def test_a_wrong_envelope(wecom: WeComEmulator, app: App, alice: User, body: str, why: str) -> None:
    shown = await answered(wecom, app, alice, lambda message: web.Response(text=body))
    assert shown is None
    assert wecom.stats.callbacks_taken == 1
    assert [(one.kind, why in one.detail) for one in wecom.violations] == [("passive_reply", True)]


def head(to: str, time: str) -> str:
    who = f"<ToUserName>{to}</ToUserName><FromUserName>CORP</FromUserName>"
    return f"<xml>{who}<CreateTime>{time}</CreateTime><MsgType>text</MsgType><Content>x</Content></xml>"


@pytest.mark.parametrize("body", ["", "success", "success\n"])
async def test_an_empty_answer(wecom: WeComEmulator, app: App, alice: User, body: str) -> None:
    assert await answered(wecom, app, alice, lambda message: web.Response(text=body)) is None
    assert (wecom.stats.callbacks_empty, wecom.violations) == (1, [])


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        ("<reply><MsgType>text</MsgType></reply>", "<reply>"),
        ("<xml><MsgType>text</MsgType><Content>x</Content></xml>", "is missing"),
        (head("bob", "1"), "ToUserName"),
        (head("alice", "now"), "CreateTime"),
    ],
)
async def test_a_wrong_head(wecom: WeComEmulator, app: App, alice: User, xml: str, why: str) -> None:
    crypto = app.crypto
    encrypted = crypto.encrypt(xml.replace("CORP", app.corp_id).encode(), bytes(16))
    signed = f"<MsgSignature>{crypto.sign('1', 'n', encrypted)}</MsgSignature><TimeStamp>1</TimeStamp><Nonce>n</Nonce>"
    body = f"<xml><Encrypt>{encrypted}</Encrypt>{signed}</xml>"
    assert await answered(wecom, app, alice, lambda message: web.Response(text=body)) is None
    assert why in wecom.violations[0].detail


async def test_an_event_of_nobody_can_not_be_answered(wecom: WeComEmulator, app: App, alice: User) -> None:
    async with serving(app, lambda message: "x") as server:
        await wecom.set_callback(app, server.url)
        sent = wecom.push_event(app, {"Event": "click", "EventKey": "k"})
        assert (await sent.delivered()).passive is None
        assert "nobody" in wecom.violations[0].detail
        sent = wecom.push_event(app, {"Event": "click", "EventKey": "k"}, user=alice)
        assert (await sent.delivered()).passive is not None
    await alice.receives("x")
