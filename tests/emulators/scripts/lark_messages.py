"""The official client forwards, merges, nudges, pins, asks who read, and sends to many; prints one JSON line.

Usage: lark_messages.py BASE_URL APP_ID APP_SECRET CHAT_ID OPEN_ID
"""

import json
import sys

import lark_oapi as lark
from lark_oapi.api.im.v1 import (
    CreateMessageRequest,
    CreateMessageRequestBody,
    CreatePinRequest,
    CreatePinRequestBody,
    DeleteBatchMessageRequest,
    DeletePinRequest,
    ForwardMessageRequest,
    ForwardMessageRequestBody,
    ForwardThreadRequest,
    ForwardThreadRequestBody,
    GetMessageRequest,
    GetProgressBatchMessageRequest,
    ListMessageRequest,
    ListPinRequest,
    MergeForwardMessageRequest,
    MergeForwardMessageRequestBody,
    ReadUserBatchMessageRequest,
    ReadUsersMessageRequest,
    ReplyMessageRequest,
    ReplyMessageRequestBody,
    UrgentAppMessageRequest,
    UrgentReceivers,
)
from lark_oapi.core import AccessTokenType, HttpMethod
from lark_oapi.core.model import BaseRequest

base_url, app_id, app_secret, chat_id, open_id = sys.argv[1:]
client = lark.Client.builder().app_id(app_id).app_secret(app_secret).domain(base_url).build()
messages = client.im.v1.message
text = json.dumps({"text": "from the client"})
sent = messages.create(
    CreateMessageRequest.builder()
    .receive_id_type("chat_id")
    .request_body(CreateMessageRequestBody.builder().receive_id(chat_id).msg_type("text").content(text).build())
    .build()
).data
reply = messages.reply(
    ReplyMessageRequest.builder()
    .message_id(sent.message_id)
    .request_body(ReplyMessageRequestBody.builder().msg_type("text").content(text).reply_in_thread(True).build())
    .build()
).data
forwarded = messages.forward(
    ForwardMessageRequest.builder()
    .message_id(sent.message_id)
    .receive_id_type("open_id")
    .uuid("u1")
    .request_body(ForwardMessageRequestBody.builder().receive_id(open_id).build())
    .build()
)
merged = messages.merge_forward(
    MergeForwardMessageRequest.builder()
    .receive_id_type("open_id")
    .request_body(
        MergeForwardMessageRequestBody.builder()
        .receive_id(open_id)
        .message_id_list([sent.message_id, "om_never"])
        .build()
    )
    .build()
)
inside = messages.get(GetMessageRequest.builder().message_id(merged.data.message.message_id).build())
thread = client.im.v1.thread.forward(
    ForwardThreadRequest.builder()
    .thread_id(reply.thread_id)
    .receive_id_type("open_id")
    .request_body(ForwardThreadRequestBody.builder().receive_id(open_id).build())
    .build()
)
listed = messages.list(
    ListMessageRequest.builder().container_id_type("chat").container_id(chat_id).page_size(10).build()
)
urgent = messages.urgent_app(
    UrgentAppMessageRequest.builder()
    .message_id(sent.message_id)
    .user_id_type("open_id")
    .request_body(UrgentReceivers.builder().user_id_list([open_id, "ou_never"]).build())
    .build()
)
pin = client.im.v1.pin.create(
    CreatePinRequest.builder().request_body(CreatePinRequestBody.builder().message_id(sent.message_id).build()).build()
)
pins = client.im.v1.pin.list(ListPinRequest.builder().chat_id(chat_id).build())
unpinned = client.im.v1.pin.delete(DeletePinRequest.builder().message_id(sent.message_id).build())
readers = messages.read_users(
    ReadUsersMessageRequest.builder().message_id(sent.message_id).user_id_type("open_id").build()
)
many = client.request(
    BaseRequest.builder()
    .http_method(HttpMethod.POST)
    .uri("/open-apis/message/v4/batch_send/")
    .token_types({AccessTokenType.TENANT})
    .body({"msg_type": "text", "content": {"text": "to many"}, "open_ids": [open_id, "ou_never"]})
    .build()
)
batch = json.loads(many.raw.content)["data"]
batches = client.im.v1.batch_message
read = batches.read_user(ReadUserBatchMessageRequest.builder().batch_message_id(batch["message_id"]).build())
recalled = batches.delete(DeleteBatchMessageRequest.builder().batch_message_id(batch["message_id"]).build())
progress = batches.get_progress(GetProgressBatchMessageRequest.builder().batch_message_id(batch["message_id"]).build())
result = {
    "forwarded": forwarded.data.msg_type,
    "merged": [merged.data.message.msg_type, merged.data.invalid_message_id_list],
    "inside": [[one.msg_type, one.upper_message_id is not None] for one in inside.data.items],
    "thread": thread.data.msg_type,
    "listed": len(listed.data.items),
    "urgent": urgent.data.invalid_user_id_list,
    "pin": [pin.data.pin.message_id == sent.message_id, len(pins.data.items), unpinned.code],
    "readers": len(readers.data.items),
    "batch": [batch["invalid_open_ids"], read.data.read_user.total_count, recalled.code],
    "progress": progress.data.batch_message_recall_progress.recall_count,
}
sys.stdout.write(json.dumps(result))
