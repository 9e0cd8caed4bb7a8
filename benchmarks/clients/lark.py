"""The same echo with the official SDK, used as its documentation shows."""

import json
import os
import warnings

warnings.simplefilter("ignore")

import lark_oapi as lark  # noqa: E402
from lark_oapi.api.im.v1 import (  # noqa: E402
    CreateMessageRequest,
    CreateMessageRequestBody,
    P2ImMessageReceiveV1,
)


def main() -> None:
    base_url, app_id, secret = (os.environ[f"FEISHU_{name}"] for name in ("BASE_URL", "APP_ID", "APP_SECRET"))
    client = (
        lark.Client.builder().app_id(app_id).app_secret(secret).domain(base_url).log_level(lark.LogLevel.ERROR).build()
    )

    def echo(data: P2ImMessageReceiveV1) -> None:
        message = data.event.message
        body = (
            CreateMessageRequestBody.builder()
            .receive_id(message.chat_id)
            .msg_type("text")
            .content(json.dumps({"text": json.loads(message.content)["text"]}))
            .build()
        )
        request = CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body).build()
        answer = client.im.v1.message.create(request)
        assert answer.success(), answer.msg

    handler = lark.EventDispatcherHandler.builder("", "").register_p2_im_message_receive_v1(echo).build()
    lark.ws.Client(app_id, secret, event_handler=handler, domain=base_url, log_level=lark.LogLevel.ERROR).start()


if __name__ == "__main__":
    main()
