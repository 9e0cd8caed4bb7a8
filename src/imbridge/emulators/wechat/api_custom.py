"""Customer-service messages: `message/custom/send` and `message/custom/typing`.

Sources: https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage.html and
.../api_typing.html
"""

import time
from typing import Any

from imbridge.emulators.wechat.custom_kinds import checked
from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.follower import Follower
from imbridge.emulators.wechat.gateway import Call, Routes
from imbridge.emulators.wechat.message import BotMessage
from imbridge.emulators.wechat.readable import readable

OK = {"errcode": 0, "errmsg": "ok"}


def add_routes(routes: Routes) -> None:
    """Adds the routes."""
    routes.add("POST", "/cgi-bin/message/custom/send", send)
    routes.add("POST", "/cgi-bin/message/custom/typing", typing)


def send(call: Call) -> dict[str, Any]:
    """Sends a message to somebody who did something lately."""
    body = call.json_as_shown()
    follower = receiver(call, body.get("touser"))
    kind = body.get("msgtype")
    shown = checked(call, kind, body)
    staff = body.get("customservice")
    context = body.get("aimsgcontext")
    spend(call, follower)
    call.world.stats.sends += 1
    call.world.show(
        BotMessage(
            account=call.account,
            follower=follower,
            kind=str(kind),
            how="customer_service",
            body=shown,
            text=readable(str(kind), shown),
            staff=str(staff.get("kf_account", "")) if isinstance(staff, dict) else "",
            marked_as_ai=isinstance(context, dict) and context.get("is_ai_msg") == 1,
        )
    )
    return OK


def typing(call: Call) -> dict[str, Any]:
    """Shows, or shows no more, that somebody types.

    Raises:
        ApiError: 45072 no such command, 45015 a message could not be sent either, 45080 no message went either way
            lately, 45081 it is shown already.
    """
    body = call.json()
    follower = receiver(call, body.get("touser"))
    command = body.get("command")
    if command not in ("Typing", "CancelTyping"):
        raise ApiError(45072)
    if not follower.subscribed or not follower.quota.open:
        raise ApiError(45015)
    now = time.monotonic()
    if now - follower.last_contact > call.world.settings.typing_window:
        raise ApiError(45080)
    if command == "CancelTyping":
        follower.typing_until = float("-inf")
        return OK
    if follower.sees_typing:
        raise ApiError(45081)
    follower.typing_until = now + call.world.settings.typing_lifetime
    call.world.stats.typings += 1
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
