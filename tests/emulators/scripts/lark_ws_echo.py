"""The official client: a long connection whose handler replies through im.v1.message.reply.

Usage: lark_ws_echo.py BASE_URL APP_ID APP_SECRET
"""

import json
import sys

import lark_oapi as lark
from lark_oapi.api.im.v1 import P2ImMessageReceiveV1, ReplyMessageRequest, ReplyMessageRequestBody

base_url, app_id, app_secret = sys.argv[1:]
client = lark.Client.builder().app_id(app_id).app_secret(app_secret).domain(base_url).build()


def on_message(data: P2ImMessageReceiveV1) -> None:
    message = data.event.message
    text = json.loads(message.content)["text"]
    body = (
        ReplyMessageRequestBody.builder()
        .msg_type("text")
        .content(json.dumps({"text": f"echo: {text}"}))
        .uuid(data.header.event_id)
        .build()
    )
    client.im.v1.message.reply(ReplyMessageRequest.builder().message_id(message.message_id).request_body(body).build())


handler = lark.EventDispatcherHandler.builder("", "").register_p2_im_message_receive_v1(on_message).build()
lark.ws.Client(app_id, app_secret, event_handler=handler, domain=base_url).start()
