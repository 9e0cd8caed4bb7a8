"""The official client's event dispatcher: prints every event it knows as one line, `EVENT {"type": ..., ...}`.

Usage: lark_events.py BASE_URL APP_ID APP_SECRET
"""

import json
import sys
from collections.abc import Callable

import lark_oapi as lark
from lark_oapi.event.callback.model.p2_url_preview_get import P2URLPreviewGetResponse

base_url, app_id, app_secret = sys.argv[1:]

# Registered by their method's name: register_p2_im_message_receive_v1, ...
MODELLED = (
    "im_message_receive_v1",
    "im_message_message_read_v1",
    "im_message_recalled_v1",
    "im_message_reaction_created_v1",
    "im_message_reaction_deleted_v1",
    "im_chat_member_bot_added_v1",
    "im_chat_member_bot_deleted_v1",
    "im_chat_member_user_added_v1",
    "im_chat_member_user_deleted_v1",
    "im_chat_member_user_withdrawn_v1",
    "im_chat_updated_v1",
    "im_chat_disbanded_v1",
    "im_chat_access_event_bot_p2p_chat_entered_v1",
    "application_bot_menu_v6",
    "drive_notice_comment_add_v1",
    "vc_bot_meeting_invited_v1",
    "approval_approval_updated_v4",
    "contact_user_created_v3",
    "contact_user_updated_v3",
    "contact_user_deleted_v3",
    "contact_department_created_v3",
    "contact_department_updated_v3",
    "contact_department_deleted_v3",
    "contact_scope_updated_v3",
)
OLD = ("approval_instance", "approval_task", "approval_cc", "leave_approval", "user_add", "dept_add", "p2p_chat_create")


def tell(event_type: str, model: str, event: object) -> None:
    fields = json.loads(lark.JSON.marshal(event))
    sys.stdout.write("EVENT " + json.dumps({"type": event_type, "model": model, "event": fields}) + "\n")
    sys.stdout.flush()


def on_modelled(data: object) -> None:
    tell(data.header.event_type, type(data.event).__name__, data.event)


def on_old(event_type: str) -> Callable[[lark.CustomizedEvent], None]:
    def handle(data: lark.CustomizedEvent) -> None:
        tell(event_type, type(data).__name__, {"uuid": data.uuid, "kind": data.type, "event": data.event})

    return handle


def on_preview(data: object) -> P2URLPreviewGetResponse:
    on_modelled(data)
    return P2URLPreviewGetResponse({"inline": {"title": f"preview of {data.event.context.url}"}})


builder = lark.EventDispatcherHandler.builder("", "").register_p2_url_preview_get(on_preview)
for name in MODELLED:
    getattr(builder, f"register_p2_{name}")(on_modelled)
for name in OLD:
    builder.register_p1_customized_event(name, on_old(name))
lark.ws.Client(app_id, app_secret, event_handler=builder.build(), domain=base_url).start()
