"""The official client streams a text into a card entity, changes it and ends streaming; prints one JSON line.

Usage: lark_cardkit.py BASE_URL APP_ID APP_SECRET CHAT_ID
"""

import json
import sys

import lark_oapi as lark
from lark_oapi.api.cardkit.v1 import (
    BatchUpdateCardRequest,
    BatchUpdateCardRequestBody,
    Card,
    ContentCardElementRequest,
    ContentCardElementRequestBody,
    CreateCardElementRequest,
    CreateCardElementRequestBody,
    CreateCardRequest,
    CreateCardRequestBody,
    DeleteCardElementRequest,
    DeleteCardElementRequestBody,
    IdConvertCardRequest,
    IdConvertCardRequestBody,
    PatchCardElementRequest,
    PatchCardElementRequestBody,
    SettingsCardRequest,
    SettingsCardRequestBody,
    UpdateCardElementRequest,
    UpdateCardElementRequestBody,
    UpdateCardRequest,
    UpdateCardRequestBody,
)
from lark_oapi.api.im.v1 import CreateMessageRequest, CreateMessageRequestBody

base_url, app_id, app_secret, chat_id = sys.argv[1:]
client = lark.Client.builder().app_id(app_id).app_secret(app_secret).domain(base_url).build()
cards, elements = client.cardkit.v1.card, client.cardkit.v1.card_element


def card(text: str) -> str:
    body = {"elements": [{"tag": "markdown", "content": text, "element_id": "md"}]}
    return json.dumps({"schema": "2.0", "config": {"streaming_mode": True}, "body": body})


codes = {}
made = cards.create(
    CreateCardRequest.builder()
    .request_body(CreateCardRequestBody.builder().type("card_json").data(card("...")).build())
    .build()
)
codes["create"], card_id = made.code, made.data.card_id
content = json.dumps({"type": "card", "data": {"card_id": card_id}})
message = CreateMessageRequestBody.builder().receive_id(chat_id).msg_type("interactive").content(content).build()
sent = client.im.v1.message.create(
    CreateMessageRequest.builder().receive_id_type("chat_id").request_body(message).build()
)
codes["send"] = sent.code
for sequence, text in enumerate(("Hel", "Hello", "Hello."), start=1):
    body = ContentCardElementRequestBody.builder().content(text).sequence(sequence).uuid(f"u{sequence}").build()
    codes[f"content {sequence}"] = elements.content(
        ContentCardElementRequest.builder().card_id(card_id).element_id("md").request_body(body).build()
    ).code
codes["repeated"] = elements.content(
    ContentCardElementRequest.builder()
    .card_id(card_id)
    .element_id("md")
    .request_body(ContentCardElementRequestBody.builder().content("x").sequence(2).build())
    .build()
).code
added = json.dumps([{"tag": "markdown", "content": "more", "element_id": "more"}])
codes["add"] = elements.create(
    CreateCardElementRequest.builder()
    .card_id(card_id)
    .request_body(CreateCardElementRequestBody.builder().type("append").elements(added).sequence(4).build())
    .build()
).code
codes["patch"] = elements.patch(
    PatchCardElementRequest.builder()
    .card_id(card_id)
    .element_id("more")
    .request_body(
        PatchCardElementRequestBody.builder().partial_element(json.dumps({"content": "MORE"})).sequence(5).build()
    )
    .build()
).code
codes["update element"] = elements.update(
    UpdateCardElementRequest.builder()
    .card_id(card_id)
    .element_id("more")
    .request_body(
        UpdateCardElementRequestBody.builder()
        .element(json.dumps({"tag": "markdown", "content": "rest", "element_id": "rest"}))
        .sequence(6)
        .build()
    )
    .build()
).code
codes["delete"] = elements.delete(
    DeleteCardElementRequest.builder()
    .card_id(card_id)
    .element_id("rest")
    .request_body(DeleteCardElementRequestBody.builder().sequence(7).build())
    .build()
).code
actions = [{"action": "partial_update_element", "params": {"element_id": "md", "partial_element": {"content": "Hi."}}}]
codes["batch"] = cards.batch_update(
    BatchUpdateCardRequest.builder()
    .card_id(card_id)
    .request_body(BatchUpdateCardRequestBody.builder().actions(json.dumps(actions)).sequence(8).build())
    .build()
).code
codes["settings"] = cards.settings(
    SettingsCardRequest.builder()
    .card_id(card_id)
    .request_body(
        SettingsCardRequestBody.builder()
        .settings(json.dumps({"config": {"streaming_mode": False}}))
        .sequence(9)
        .build()
    )
    .build()
).code
converted = cards.id_convert(
    IdConvertCardRequest.builder()
    .request_body(IdConvertCardRequestBody.builder().message_id(sent.data.message_id).build())
    .build()
)
codes["converted to the same"] = converted.data.card_id == card_id
codes["update"] = cards.update(
    UpdateCardRequest.builder()
    .card_id(card_id)
    .request_body(
        UpdateCardRequestBody.builder()
        .card(Card.builder().type("card_json").data(card("The end.")).build())
        .sequence(10)
        .build()
    )
    .build()
).code
sys.stdout.write(json.dumps(codes))
