"""Reading: the messages of a conversation or a thread, and who read a message.

Rules: https://open.feishu.cn/document/server-docs/im-v1/message/list and
https://open.feishu.cn/document/server-docs/im-v1/message/read_users.
"""

from typing import Any

from imbridge.emulators.feishu import posting
from imbridge.emulators.feishu.api_messages import shown_as, the_message
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.events import now_ms
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.message import BotMessage, Message
from imbridge.emulators.feishu.paging import page

SORTS = frozenset({"ByCreateTimeAsc", "ByCreateTimeDesc"})


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("GET", "im/v1/messages", list_messages)
    routes.add("GET", "im/v1/messages/:id/read_users", read_users)


def list_messages(call: Call) -> dict[str, Any]:
    """`GET im/v1/messages?container_id_type=&container_id=`, with start_time, end_time (seconds) and sort_type."""
    sort = call.query("sort_type", "ByCreateTimeAsc")
    if sort not in SORTS:
        raise ApiError(230001, f"sort_type is one of {', '.join(sorted(SORTS))}")
    messages = _of_container(call)
    if sort == "ByCreateTimeDesc":
        messages.reverse()
    shown, pages = page(call, messages, default=20, limit=50, bad_size=230001, bad_token=230001)
    id_type, card_content = shown_as(call)
    items = [posting.as_json(call.world, one, call.app, id_type=id_type, card_content=card_content) for one in shown]
    return {"items": items, **pages}


def read_users(call: Call) -> dict[str, Any]:
    """`GET im/v1/messages/:id/read_users?user_id_type=`: of one's own message, up to seven days after its sending."""
    message = the_message(call)
    if not isinstance(message, BotMessage) or message.sender is not call.app:
        raise ApiError(230012)
    if now_ms() - message.create_time > call.world.settings.read_window * 1000:
        raise ApiError(230033)
    id_type, _ = shown_as(call)
    readers, pages = page(call, list(message.read_by.items()), default=20, limit=100, bad_size=230001, bad_token=230001)
    items = [
        {
            "user_id_type": id_type,
            "user_id": call.world.directory.ids_of(user, call.app)[id_type],
            "timestamp": str(when),
            "tenant_key": call.world.settings.tenant_key,
        }
        for user, when in readers
    ]
    return {"items": items, **pages}


def _of_container(call: Call) -> list[Message]:
    kind, container = call.query("container_id_type"), call.query("container_id")
    if kind == "thread":
        thread = call.world.store.in_thread(container)
        if not thread:
            raise ApiError(230001, "invalid container_id")
        if call.app not in thread[0].chat.apps:
            raise ApiError(230002)
        return thread
    if kind != "chat":
        raise ApiError(230001, "container_id_type is chat or thread")
    chat = call.world.directory.chats.get(container)
    if chat is None:
        raise ApiError(230001, "invalid container_id")
    if call.app not in chat.apps:
        raise ApiError(230002)
    start, end = _seconds(call, "start_time"), _seconds(call, "end_time")
    return [
        one
        for one in call.world.store.in_chat(chat)
        # In a normal group, of a thread only its first message is seen this way.
        if (chat.topic or not (one.thread_id and one.root_id))
        and (start is None or one.create_time // 1000 >= start)
        and (end is None or one.create_time // 1000 <= end)
    ]


def _seconds(call: Call, name: str) -> int | None:
    value = call.query(name)
    if not value:
        return None
    if not value.isdigit():
        raise ApiError(230001, f"{name} is a number of seconds")
    return int(value)
