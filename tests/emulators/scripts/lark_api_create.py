"""The official client: sends with im.v1.message.create, uploads an image, reacts; prints one JSON line.

Usage: lark_api_create.py BASE_URL APP_ID APP_SECRET CHAT_ID
"""

import io
import json
import sys

import lark_oapi as lark
from lark_oapi.api.im.v1 import (
    CreateImageRequest,
    CreateImageRequestBody,
    CreateMessageReactionRequest,
    CreateMessageReactionRequestBody,
    CreateMessageRequest,
    CreateMessageRequestBody,
    Emoji,
    GetMessageRequest,
)

base_url, app_id, app_secret, chat_id = sys.argv[1:]
client = lark.Client.builder().app_id(app_id).app_secret(app_secret).domain(base_url).build()


def send(msg_type: str, content: dict[str, str]) -> object:
    body = CreateMessageRequestBody.builder().receive_id(chat_id).msg_type(msg_type).content(json.dumps(content))
    request = CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body.build()).build()
    return client.im.v1.message.create(request)


text = send("text", {"text": "from create"})
image = io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(32))
image.name = "a.png"
upload = client.im.v1.image.create(
    CreateImageRequest.builder()
    .request_body(CreateImageRequestBody.builder().image_type("message").image(image).build())
    .build()
)
picture = send("image", {"image_key": upload.data.image_key})
refused = send("text", {})
emoji = Emoji.builder().emoji_type("SMILE").build()
reaction = client.im.v1.message_reaction.create(
    CreateMessageReactionRequest.builder()
    .message_id(text.data.message_id)
    .request_body(CreateMessageReactionRequestBody.builder().reaction_type(emoji).build())
    .build()
)
got = client.im.v1.message.get(GetMessageRequest.builder().message_id(text.data.message_id).build())
result = {
    "text": text.code,
    "picture": picture.code,
    "refused": refused.code,
    "log_id": refused.get_log_id(),
    "reaction": reaction.data.reaction_type.emoji_type,
    "got": got.data.items[0].body.content,
}
sys.stdout.write(json.dumps(result))
