"""Which API needs which of the app's scopes, and the refusal when it has none of them.

The scopes are those on each API's page below https://open.feishu.cn/document/server-docs/; the refusal's form:
https://open.feishu.cn/document/faq/trouble-shooting/how-to-fix-the-99991672-error (text of today as reported in
https://github.com/m1heng/clawdbot-feishu/issues/149).
"""

from collections.abc import Iterable, Mapping

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.errors import ApiError

CONSOLE = "https://open.feishu.cn/app"
HELP = "https://open.feishu.cn/document/uAjLw4CM/ugTN1YjL4UTN24CO1UjN/trouble-shooting/how-to-fix-the-99991672-error"

_SEND = ("im:message", "im:message:send_as_bot", "im:message:send")
_REACT = ("im:message", "im:message.reactions:write_only")
_UPLOAD = ("im:resource", "im:resource:upload")
_CHATS = ("im:chat", "im:chat:readonly", "im:chat:read", "im:chat.group_info:readonly")
_MEMBERS = ("im:chat", "im:chat:readonly", "im:chat.members:read", "im:chat.group_info:readonly")
_CONTACT = (
    "contact:contact.base:readonly",
    "contact:contact:access_as_app",
    "contact:contact:readonly",
    "contact:contact:readonly_as_app",
)
_ORGANIZATION = ("contact:department.organize:readonly", *_CONTACT)
_SUBSCRIBE = ("approval:approval", "approval:definition")
_FORWARD = ("im:message", "im:message:send_as_bot")
_EDIT = ("im:message", "im:message:send_as_bot", "im:message:update")
_PIN = ("im:message", "im:message.pins:write_only", "im:message:send_as_bot")
_CARD = ("cardkit:card:write",)
_CARD_ELEMENT = "cardkit/v1/cards/:card/elements/:element"
_BATCH = ("im:message:send_multi_depts", "im:message:send_multi_users")

NEEDED: Mapping[str, tuple[str, ...]] = {
    "POST im/v1/threads/:id/forward": _FORWARD,
    "PATCH im/v1/messages/:id/urgent_sms": ("im:message.urgent:sms",),
    "PATCH im/v1/messages/:id/urgent_phone": ("im:message.urgent:phone",),
    "POST message/v4/batch_send/": _BATCH,
    "DELETE im/v1/batch_messages/:id": _BATCH,
    "GET im/v1/batch_messages/:id/read_user": _BATCH,
    "GET im/v1/batch_messages/:id/get_progress": _BATCH,
    "POST im/v1/messages": _SEND,
    "POST im/v1/messages/:id/reply": _SEND,
    "GET im/v1/messages/:id": ("im:message", "im:message:readonly"),
    "GET im/v1/messages": ("im:message", "im:message:readonly", "im:message.history:readonly"),
    "GET im/v1/messages/:id/read_users": ("im:message", "im:message:readonly", "im:message:basic"),
    "POST im/v1/messages/:id/forward": _FORWARD,
    "POST im/v1/messages/merge_forward": _FORWARD,
    "PATCH im/v1/messages/:id/urgent_app": ("im:message.urgent", "im:message.urgent:app_send"),
    "POST im/v1/pins": _PIN,
    "DELETE im/v1/pins/:id": _PIN,
    "GET im/v1/pins": ("im:message", "im:message.pins:read", "im:message:readonly"),
    "PUT im/v1/messages/:id": _EDIT,
    "PATCH im/v1/messages/:id": _EDIT,
    "POST interactive/v1/card/update": _EDIT,
    "POST cardkit/v1/cards": _CARD,
    "POST cardkit/v1/cards/id_convert": ("cardkit:card:read",),
    "PUT cardkit/v1/cards/:card": _CARD,
    "PATCH cardkit/v1/cards/:card/settings": _CARD,
    "POST cardkit/v1/cards/:card/batch_update": _CARD,
    "POST cardkit/v1/cards/:card/elements": _CARD,
    f"PUT {_CARD_ELEMENT}": _CARD,
    f"PATCH {_CARD_ELEMENT}": _CARD,
    f"DELETE {_CARD_ELEMENT}": _CARD,
    f"PUT {_CARD_ELEMENT}/content": _CARD,
    "DELETE im/v1/messages/:id": ("im:message", "im:message:recall", "im:message:send_as_bot"),
    "POST im/v1/messages/:id/reactions": _REACT,
    "DELETE im/v1/messages/:id/reactions/:reaction": _REACT,
    "GET im/v1/messages/:id/reactions": ("im:message", "im:message.reactions:read", "im:message:readonly"),
    "POST im/v1/images": _UPLOAD,
    "POST im/v1/files": _UPLOAD,
    "GET im/v1/images/:key": ("im:resource",),
    "GET im/v1/files/:key": ("im:resource",),
    "GET im/v1/messages/:id/resources/:key": ("im:message", "im:message:readonly", "im:message.history:readonly"),
    "GET im/v1/chats": _CHATS,
    "GET im/v1/chats/search": _CHATS,
    "GET im/v1/chats/:id": ("im:chat", "im:chat:read", "im:chat:readonly"),
    "GET im/v1/chats/:id/members": _MEMBERS,
    "GET im/v1/chats/:id/members/is_in_chat": _MEMBERS,
    "GET contact/v3/users/:id": _CONTACT,
    "GET contact/v3/users/batch": ("contact:contact.base:readonly",),
    "GET contact/v3/users/find_by_department": _ORGANIZATION,
    "POST contact/v3/users/batch_get_id": ("contact:user.id:readonly",),
    "GET contact/v3/departments/:id": _CONTACT,
    "GET contact/v3/departments/batch": ("contact:contact.base:readonly",),
    "GET contact/v3/departments/:id/children": _ORGANIZATION,
    "GET contact/v3/scopes": (
        "contact:contact.base:readonly",
        "contact:contact:access_as_app",
        "contact:contact:readonly_as_app",
    ),
    "POST approval/v4/approvals/:code/subscribe": _SUBSCRIBE,
    "POST approval/v4/approvals/:code/unsubscribe": _SUBSCRIBE,
    "GET approval/v4/instances/:code": ("approval:approval", "approval:approval:readonly", "approval:instance"),
}
"""Any one of the scopes will do; an API that is not here needs none."""

HEARING = ("im:message.p2p_msg:readonly", "im:message.group_at_msg:readonly", "im:message.group_msg")
"""Scopes of the event `im.message.receive_v1`. They are listed only: `App.group_scope` says what is pushed."""

KNOWN = tuple(dict.fromkeys(scope for needed in (HEARING, *NEEDED.values()) for scope in needed))
"""All scopes that something here needs."""


def require(app: App, api: str) -> None:
    """Refuses the call if the app lacks every scope of the API; nothing is checked when the app names no scopes.

    Args:
        app: Who calls.
        api: Method and pattern, as routed.

    Raises:
        ApiError: 99991672.
    """
    if app.scopes is None:
        return
    needed = NEEDED.get(api, ())
    if needed and not any(scope in app.scopes for scope in needed):
        raise missing(app, needed)


def missing(app: App, needed: Iterable[str]) -> ApiError:
    """The refusal: the scopes and, for a person to click, where to ask for them."""
    scopes = list(needed)
    listed = f"[{', '.join(scopes)}]"
    url = f"{CONSOLE}/{app.app_id}/auth?q={','.join(scopes)}&op_from=openapi&token_type=tenant"
    error = ApiError(99991672)
    error.msg = (
        f"Access denied. One of the following scopes is required: {listed}."
        f"应用尚未开通所需的应用身份权限：{listed}，点击链接申请并开通任一权限即可：{url}"
    )
    error.details = {
        "message": f"Refer to the documentation to fix the error: {HELP}",
        "permission_violations": [{"type": "action_scope_required", "subject": scope} for scope in scopes],
        "helps": [{"url": url, "description": f"Learn more about scopes and how to add them: {listed}"}],
    }
    return error
