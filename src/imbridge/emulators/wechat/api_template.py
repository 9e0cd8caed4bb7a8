"""Template messages: `message/template/send`, `template/get_all_private_template`.

Source: https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage.html. Whether the
message arrived is told by the event `TEMPLATESENDJOBFINISH`. What a repeated `client_msg_id` is answered is not
documented: the first message's number here.
"""

from typing import Any

from imbridge.emulators.wechat.api_custom import receiver
from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.gateway import Call, Routes
from imbridge.emulators.wechat.message import BotMessage, SentMessage


def add_routes(routes: Routes) -> None:
    """Adds the routes."""
    routes.add("POST", "/cgi-bin/message/template/send", send)
    routes.add("GET", "/cgi-bin/template/get_all_private_template", templates)


def send(call: Call) -> dict[str, Any]:
    """Sends a template message; a person who blocks them gets none, and the answer does not say so.

    Raises:
        ApiError: 40003, 43004 the person does not follow, 40037 no such template, 47001 no data.
    """
    world, body = call.world, call.json()
    person = receiver(call, body.get("touser"))
    if not person.subscribed:
        raise ApiError(43004)
    template = world.templates.get(call.account, body.get("template_id"))
    if template is None:
        raise ApiError(40037)
    data = body.get("data")
    if not isinstance(data, dict):
        raise ApiError(47001)
    client_id = str(body.get("client_msg_id") or "")
    earlier = world.templates.earlier(person.openid, client_id) if client_id else None
    if earlier is not None:
        world.stats.duplicates_absorbed += 1
        return _sent(earlier)
    msg_id = world.ids.msg_id()
    if client_id:
        world.templates.remember(person.openid, client_id, msg_id)
    world.stats.templates += 1
    if not person.blocks_templates:
        world.show(
            BotMessage(
                account=call.account,
                follower=person,
                kind="template",
                how="template",
                body=body,
                text=template.filled(data),
                msg_id=msg_id,
            )
        )
    status = "failed:user block" if person.blocks_templates else "success"
    fields = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": msg_id, "Status": status}
    world.push(SentMessage(follower=person, kind="event", fields={**world.envelope(person, "event"), **fields}))
    return _sent(msg_id)


def templates(call: Call) -> dict[str, Any]:
    """The account's templates."""
    listed = [
        {"template_id": one.template_id, "title": one.title, "content": one.content, "example": ""}
        for one in call.world.templates.of(call.account)
    ]
    return {"template_list": listed}


def _sent(msg_id: int) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", "msgid": msg_id}
