"""im/v1/messages/:id/urgent_app, urgent_sms, urgent_phone: nudging people about a message.

Rules: https://open.feishu.cn/document/server-docs/im-v1/buzz-messages/urgent_app and its neighbours.
"""

from functools import partial
from typing import Any

from imbridge.emulators.feishu.api_messages import own_message, shown_as
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.message import Urgent
from imbridge.emulators.feishu.user import User

MOST = 200


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    for kind in ("app", "sms", "phone"):
        routes.add("PATCH", f"im/v1/messages/:id/urgent_{kind}", partial(urge, kind=kind))


def urge(call: Call, *, kind: str) -> dict[str, Any]:
    """Nudges people of the message's conversation; those who are not in it are named in the answer."""
    message = own_message(call, 230012)
    id_type, _ = shown_as(call)
    ids = call.json().get("user_id_list")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST or not all(isinstance(one, str) for one in ids):
        raise ApiError(230001, f"user_id_list has 1 to {MOST} ids")
    people = {one: call.world.directory.find(call.app, id_type, one) for one in ids}
    there = {one: who for one, who in people.items() if isinstance(who, User) and who in message.chat.members}
    if not there:
        raise ApiError(230001, "none of the user ids is valid")
    message.urgents += [Urgent(kind, who) for who in there.values()]
    call.world.stats.urgents += len(there)
    return {"invalid_user_id_list": [one for one in ids if one not in there]}
