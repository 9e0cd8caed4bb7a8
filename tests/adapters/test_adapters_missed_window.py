"""Which refusals say that it can be said as soon as somebody writes, and which do not."""

import pytest

from imbridge.adapters.dingtalk.sent.recipients import OUTSIDE, users_of
from imbridge.adapters.errcode_refusals import Api, failure_of
from imbridge.adapters.wechat.errors import API_ERRORS, KINDS
from imbridge.adapters.wecom.bot.calls import _failure
from imbridge.adapters.wecom.bot.errors import BOT_ERRORS
from imbridge.adapters.wecom.bot.frames import Frame
from imbridge.protocol import Channel, ChannelKind, TargetGoneError
from imbridge.transport import HttpResponse


@pytest.mark.parametrize(("code", "closed"), [(45015, True), (45047, True), (40003, False), (48001, False)])
def test_wechat(code: int, closed: bool) -> None:
    api = Api("wechat", "wechat:work", "https://api.weixin.qq.com", API_ERRORS, KINDS)
    response = HttpResponse(200, {}, b"{}")
    assert failure_of(api, "send", response, {}, code, API_ERRORS.lookup(code)).window_closed is closed


@pytest.mark.parametrize(("code", "closed"), [(93006, True), (86001, False), (45009, False)])
def test_smart_bots(code: int, closed: bool) -> None:
    ack = Frame("", "r", code=code, said="no")
    assert _failure("aibot_send_msg", ack, BOT_ERRORS.lookup(code)).window_closed is closed


@pytest.mark.parametrize(("kind", "identity", "closed"), [("private", f"{OUTSIDE}x", True), ("guild", "x", False)])
def test_dingtalk(kind: str, identity: str, closed: bool) -> None:
    with pytest.raises(TargetGoneError) as caught:
        users_of(Channel(platform="dingtalk", account="work", kind=ChannelKind(kind), id=identity))
    assert caught.value.window_closed is closed
