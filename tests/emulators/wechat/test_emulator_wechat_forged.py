"""Callback requests that are not as the platform makes them, checked against wechatpy."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from wechat_official import WechatpyBot, wechatpy_bot
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException

from imbridge.emulators.wechat import Account, Follower, Forged, WeChatEmulator


class Strict(WechatpyBot):
    """Answers 403 for what wechatpy finds forged."""

    async def handle(self, request: web.Request) -> web.Response:
        try:
            return await super().handle(request)
        except (InvalidSignatureException, InvalidAppIdException, KeyError, ValueError):
            return web.Response(status=403)


@pytest.fixture
async def bot(wechat: WeChatEmulator, account: Account, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WechatpyBot]:
    monkeypatch.setattr("wechat_official.WechatpyBot", Strict)
    async with wechatpy_bot(account) as running:
        await wechat.set_callback(account, running.url)
        yield running


def text(wechat: WeChatEmulator, alice: Follower) -> dict[str, Any]:
    return {**wechat.world.envelope(alice, "text"), "Content": "hi", "MsgId": 1}


async def test_a_proper_request_passes(wechat: WeChatEmulator, account: Account, alice: Follower, bot: Strict) -> None:
    callback = wechat.callback(account)
    assert (await callback.send(text(wechat, alice))).status == 200
    assert (await callback.replay()).status == 200
    assert bot.bodies[-1] == bot.bodies[-2]
    assert bot.queries[-1] == bot.queries[-2]


@pytest.mark.parametrize(
    "forged",
    [
        Forged(signature="wrong"),
        Forged(signature="missing"),
        Forged(msg_signature="wrong"),
        Forged(msg_signature="missing"),
        Forged(without="nonce"),
        Forged(token="another"),
        Forged(app_id="wx0000000000000000"),
        Forged(encrypt="AAAA"),
    ],
)
async def test_a_forged_request_is_refused(
    wechat: WeChatEmulator, account: Account, alice: Follower, bot: Strict, forged: Forged
) -> None:
    assert (await wechat.callback(account).send(text(wechat, alice), forged)).status == 403
    assert bot.seen == []


async def test_what_is_forged_arrives_as_asked(
    wechat: WeChatEmulator, account: Account, alice: Follower, bot: Strict
) -> None:
    callback = wechat.callback(account)
    await callback.send(text(wechat, alice), Forged(timestamp="yesterday"))
    assert bot.queries[-1]["timestamp"] == "yesterday"
    await callback.send(text(wechat, alice), Forged(age=1000.0))
    age = int(bot.seen[-1].time) - int(bot.queries[-1]["timestamp"])
    assert 999 <= age <= 1001
    await callback.send(text(wechat, alice), Forged(mode="plain"))
    assert "encrypt_type" not in bot.queries[-1]
    await callback.send(text(wechat, alice), Forged(body=b"<xml>"))
    assert bot.bodies[-1] == "<xml>"
