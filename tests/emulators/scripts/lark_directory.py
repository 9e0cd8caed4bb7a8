"""The official client's builders for people, departments, scopes, groups and approvals; prints one JSON line.

Usage: lark_directory.py BASE_URL APP_ID APP_SECRET USER DEPARTMENT CHAT APPROVAL INSTANCE MESSAGE (the ids of each)
"""

import json
import sys

import lark_oapi as lark
from lark_oapi.api.application.v6 import ListScopeRequest as ListAppScopeRequest
from lark_oapi.api.approval.v4 import GetInstanceRequest, SubscribeApprovalRequest, UnsubscribeApprovalRequest
from lark_oapi.api.contact.v3 import (
    BatchGetIdUserRequest,
    BatchGetIdUserRequestBody,
    BatchUserRequest,
    ChildrenDepartmentRequest,
    FindByDepartmentUserRequest,
    GetDepartmentRequest,
    GetUserRequest,
    ListScopeRequest,
)
from lark_oapi.api.im.v1 import (
    GetChatMembersRequest,
    GetChatRequest,
    GetMessageRequest,
    IsInChatChatMembersRequest,
    ListChatRequest,
    SearchChatRequest,
)

base_url, app_id, app_secret, user, department, chat, approval, instance, merged = sys.argv[1:]
client = lark.Client.builder().app_id(app_id).app_secret(app_secret).domain(base_url).build()
contact, im, approvals = client.contact.v3, client.im.v1, client.approval.v4

person = contact.user.get(GetUserRequest.builder().user_id(user).build()).data.user
body = BatchGetIdUserRequestBody.builder().emails([person.email]).build()
by_email = contact.user.batch_get_id(BatchGetIdUserRequest.builder().request_body(body).build()).data.user_list

people = []
token = ""
while True:
    asked = FindByDepartmentUserRequest.builder().department_id(department).page_size(2).page_token(token).build()
    answer = contact.user.find_by_department(asked).data
    people += [one.name for one in answer.items or []]
    if not answer.has_more:
        break
    token = answer.page_token

above = contact.department.get(GetDepartmentRequest.builder().department_id(department).build()).data.department
below = contact.department.children(ChildrenDepartmentRequest.builder().department_id("0").fetch_child(True).build())
subscribe = SubscribeApprovalRequest.builder().approval_code(approval).build()
found = approvals.instance.get(GetInstanceRequest.builder().instance_id(instance).build()).data
application = client.application.v6.scope.list(ListAppScopeRequest.builder().build()).data
items = im.message.get(GetMessageRequest.builder().message_id(merged).build()).data.items
result = {
    "person": [person.name, person.job_title, person.status.is_activated, person.department_ids],
    "batch": [one.name for one in contact.user.batch(BatchUserRequest.builder().user_ids([user]).build()).data.items],
    "by_email": [one.user_id for one in by_email],
    "people": people,
    "department": [above.name, above.member_count, above.status.is_deleted],
    "below": [one.name for one in below.data.items],
    "scopes": contact.scope.list(ListScopeRequest.builder().build()).data.department_ids,
    "chats": [one.name for one in im.chat.list(ListChatRequest.builder().build()).data.items],
    "found": [one.chat_id for one in im.chat.search(SearchChatRequest.builder().query("tea").build()).data.items],
    "chat": im.chat.get(GetChatRequest.builder().chat_id(chat).build()).data.name,
    "members": im.chat_members.get(GetChatMembersRequest.builder().chat_id(chat).build()).data.member_total,
    "in_chat": im.chat_members.is_in_chat(IsInChatChatMembersRequest.builder().chat_id(chat).build()).data.is_in_chat,
    "subscribe": [approvals.approval.subscribe(subscribe).code for _ in range(2)],
    "unsubscribe": approvals.approval.unsubscribe(
        UnsubscribeApprovalRequest.builder().approval_code(approval).build()
    ).code,
    "instance": [found.approval_name, found.status, found.task_list[0].status],
    "granted": sorted({one.grant_status for one in application.scopes}),
    "merged": [[one.msg_type, one.upper_message_id] for one in items],
}
sys.stdout.write(json.dumps(result))
