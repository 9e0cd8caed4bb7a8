"""Forwarding: one message, several merged into one, a whole thread.

Rules: https://open.feishu.cn/document/server-docs/im-v1/message/forward, its neighbour merge_forward, and
https://open.feishu.cn/document/server-docs/im-v1/message/forward-2 (threads).
"""

from collections.abc import Callable, Sequence
from typing import Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu import merged, posting
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.message import BotMessage, Message
from imbridge.emulators.feishu.receiving import once, receiver
from imbridge.emulators.feishu.sending import MERGED

NEVER = frozenset({"hongbao", "vote", "audio", "general_calendar", "system"})
"""Types that can not be forwarded by themselves."""
MOST = 100


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("POST", "im/v1/messages/merge_forward", merge_forward)
    routes.add("POST", "im/v1/messages/:id/forward", forward)
    routes.add("POST", "im/v1/threads/:id/forward", forward_thread)


def forward(call: Call) -> dict[str, Any]:
    """`POST im/v1/messages/:id/forward?receive_id_type=&uuid=`."""
    world, source = call.world, call.world.store.get(call.args[0])
    if source is None:
        raise ApiError(230064)
    if call.app not in source.chat.apps:
        raise ApiError(230002)
    if source.recalled:
        raise ApiError(230065)
    if source.msg_type in NEVER or not _may_be_forwarded(source):
        raise ApiError(230061)
    is_card = isinstance(source, BotMessage) and source.msg_type == "interactive"
    # A copy of a card is a card of its own: what happens to the entity does not show in it.
    raw_content = dump(source.card) if isinstance(source, BotMessage) and is_card else source.raw_content
    post = _poster(call, source.msg_type, raw_content, merged.copies(world, source.forwarded), source)
    return posting.as_json(world, post(), call.app)


def merge_forward(call: Call) -> dict[str, Any]:
    """`POST im/v1/messages/merge_forward?receive_id_type=&uuid=`: 1 to 100 messages of one conversation."""
    world = call.world
    ids = call.json().get("message_id_list")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST or not all(isinstance(one, str) for one in ids):
        raise ApiError(230001, f"message_id_list has 1 to {MOST} message ids")
    found = [world.store.get(one) for one in ids]
    valid = [one for one in found if one is not None and _is_valid(call, one)]
    if not valid:
        recalled = all(one is not None and one.recalled for one in found)
        raise ApiError(230065 if recalled else 230064)
    if len({one.chat.chat_id for one in valid}) > 1:
        raise ApiError(230069)
    if len({one.thread_id for one in valid if one.root_id or one.chat.topic}) > 1 or (
        not valid[0].chat.topic and len({bool(one.thread_id and one.root_id) for one in valid}) > 1
    ):
        raise ApiError(230067)
    kept = {one.message_id for one in valid}
    in_order = [one for one in world.store.in_chat(valid[0].chat) if one.message_id in kept]
    message = _poster(call, "merge_forward", MERGED, merged.copies(world, in_order))()
    return {
        "message": posting.as_json(world, message, call.app),
        "invalid_message_id_list": [one for one in ids if one not in kept],
    }


def forward_thread(call: Call) -> dict[str, Any]:
    """`POST im/v1/threads/:id/forward?receive_id_type=&uuid=`: the thread as one merged message."""
    world = call.world
    thread = [one for one in world.store.in_thread(call.args[0]) if not one.recalled]
    if not thread:
        raise ApiError(230064)
    if call.app not in thread[0].chat.apps:
        raise ApiError(230002)
    message = _poster(call, "merge_forward", MERGED, merged.copies(world, thread))()
    return posting.as_json(world, message, call.app)


def _poster(
    call: Call, msg_type: str, raw_content: str, children: Sequence[Message], source: Message | None = None
) -> Callable[[], BotMessage]:
    """Posts to the receiver that the call names, once for each uuid."""
    world, app = call.world, call.app
    chat, thread = receiver(call, call.json().get("receive_id"), threads=True)

    def post(uuid: str) -> BotMessage:
        posting.take_chat_rate(world, chat)
        message = posting.post(
            world,
            app,
            chat,
            msg_type,
            raw_content,
            {},
            uuid=uuid,
            parent=thread,
            in_thread=thread is not None,
            forwarded=children,
            source=source,
        )
        world.stats.forwards += 1
        return message

    return lambda: once(call, call.query("uuid"), post)


def _may_be_forwarded(source: Message) -> bool:
    """Not a card that streams, or says that it may not (that these get 230061 is unverified)."""
    if not isinstance(source, BotMessage) or source.msg_type != "interactive":
        return True
    if source.entity is not None and source.entity.streaming:
        return False
    config = source.card.get("config")
    return not isinstance(config, dict) or config.get("enable_forward", True) is not False


def _is_valid(call: Call, message: Message) -> bool:
    return call.app in message.chat.apps and not message.recalled and message.msg_type != "system"
