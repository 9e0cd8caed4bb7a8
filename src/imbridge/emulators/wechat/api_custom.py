"""Customer-service messages: `message/custom/send`.

Source: https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage.html
"""

from typing import Any

from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.follower import Follower
from imbridge.emulators.wechat.gateway import Call, Routes
from imbridge.emulators.wechat.message import BotMessage
from imbridge.emulators.wechat.readable import readable

OK = {"errcode": 0, "errmsg": "ok"}


def add_routes(routes: Routes) -> None:
    """Adds the routes."""
    routes.add("POST", "/cgi-bin/message/custom/send", send)


def send(call: Call) -> dict[str, Any]:
    """Sends a message to somebody who did something lately."""
    body = call.json()
    follower = receiver(call, body.get("touser"))
    kind = body.get("msgtype")
    if kind != "text":
        raise ApiError(40008)
    content = body.get("text")
    if not isinstance(content, dict) or not content.get("content"):
        raise ApiError(44004)
    if len(str(content["content"]).encode()) > call.world.settings.text_limit:
        raise ApiError(45002)
    spend(call, follower)
    call.world.stats.sends += 1
    call.world.show(
        BotMessage(
            account=call.account,
            follower=follower,
            kind=kind,
            how="customer_service",
            body=content,
            text=readable(kind, content),
        )
    )
    return OK


def receiver(call: Call, openid: object) -> Follower:
    """The follower with this openid of the token's account.

    Raises:
        ApiError: 41009 none given, 40003 it is no openid of this account.
    """
    if not openid:
        raise ApiError(41009)
    follower = call.world.followers.get(str(openid))
    if follower is None or follower.account is not call.account:
        raise ApiError(40003)
    return follower


def spend(call: Call, follower: Follower) -> None:
    """Uses up one of the messages that the follower's actions allow.

    Raises:
        ApiError: 45015 the window is closed or (by `settings.not_a_follower`) the person does not follow any more,
            45047 none is left.
    """
    if not follower.subscribed:
        raise ApiError(call.world.settings.not_a_follower)
    verdict = follower.quota.take()
    if verdict == "closed":
        call.world.stats.out_of_window += 1
        raise ApiError(45015)
    if verdict == "used_up":
        call.world.stats.out_of_quota += 1
        raise ApiError(45047)
