"""im/v1/messages: create, reply, get, update, patch, delete.

Rules: https://open.feishu.cn/document/server-docs/im-v1/message/create and its neighbours.
"""

from typing import Any

from imbridge.emulators.feishu import merged, posting
from imbridge.emulators.feishu.card_sending import outgoing_entity
from imbridge.emulators.feishu.card_tree import is_shared
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.content import parse_content
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.events import now_ms
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.message import BotMessage, Edit, Message
from imbridge.emulators.feishu.receiving import once, receiver
from imbridge.emulators.feishu.resources import check_references

ID_TYPES = frozenset({"open_id", "user_id", "union_id"})


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("POST", "im/v1/messages", create)
    routes.add("POST", "im/v1/messages/:id/reply", reply)
    routes.add("GET", "im/v1/messages/:id", get)
    routes.add("PUT", "im/v1/messages/:id", update)
    routes.add("PATCH", "im/v1/messages/:id", patch)
    routes.add("DELETE", "im/v1/messages/:id", delete)


def create(call: Call) -> dict[str, Any]:
    """`POST im/v1/messages?receive_id_type=`."""
    _refused_by_fault(call)
    body = call.json()
    chat, _ = receiver(call, body.get("receive_id"))
    return _send(call, body, chat)


def reply(call: Call) -> dict[str, Any]:
    """`POST im/v1/messages/:id/reply`."""
    _refused_by_fault(call)
    body = call.json()
    parent = the_message(call)
    if parent.recalled:
        raise ApiError(230011)
    in_thread = body.get("reply_in_thread", False)
    if not isinstance(in_thread, bool):
        raise ApiError(230001, "reply_in_thread is not a boolean")
    call.world.stats.replies += 1
    return _send(call, body, parent.chat, parent=parent, in_thread=in_thread)


def get(call: Call) -> dict[str, Any]:
    """`GET im/v1/messages/:id?user_id_type=&card_msg_content_type=`: of a merged message, with all that is in it."""
    id_type, card_content = shown_as(call)
    items = merged.items(call.world, the_message(call), call.app, id_type=id_type, card_content=card_content)
    return {"items": items}


def update(call: Call) -> dict[str, Any]:
    """`PUT im/v1/messages/:id`: edits a text or a post."""
    world, body = call.world, call.json()
    message = own_message(call, 230071)
    if message.msg_type not in {"text", "post"} or body.get("msg_type") not in {"text", "post"}:
        raise ApiError(230054, "only text and post messages can be edited")
    content = parse_content(body.get("msg_type"), body.get("content"), world.settings)
    if len(message.edits) >= world.settings.edit_limit:
        raise ApiError(230072)
    message.edits.append(Edit(message.raw_content, now_ms()))
    message.msg_type = body["msg_type"]
    posting.replaced(world, message, call.app, body["content"], content)
    world.stats.edits += 1
    return posting.as_json(world, message, call.app)


def patch(call: Call) -> dict[str, Any]:
    """`PATCH im/v1/messages/:id`: replaces a card, at most five times per second."""
    world, body = call.world, call.json()
    message = own_message(call, 230071)
    if message.msg_type != "interactive":
        raise ApiError(230001, "This message is NOT a card")
    if now_ms() - message.create_time > world.settings.card_lifetime * 1000:
        raise ApiError(230031)
    content = parse_content("interactive", body.get("content"), world.settings)
    if outgoing_entity(world, call.app, content) is not None:
        raise ApiError(230001, "a sent card is replaced by a card, not by a reference to another")  # unverified
    if world.settings.rate_limits and world.update_rates.take(message.message_id)[0] > 0:
        world.stats.rate_limited += 1
        world.violation("rate_exceeded", f"card {message.message_id} was updated too often")
        raise ApiError(230020)
    if not (is_shared(message.card) and is_shared(content)):
        # The documents demand it; with which code it is refused, if at all, is unverified.
        world.violation("card_not_shared", f"{message.message_id} was replaced, but update_multi is not true in both")
    message.card_updates += 1
    posting.replaced(world, message, call.app, body["content"], content)
    world.stats.card_updates += 1
    return {}


def delete(call: Call) -> dict[str, Any]:
    """`DELETE im/v1/messages/:id`: recalls."""
    message = own_message(call, 230026)
    message.recalled = True
    call.world.stats.recalls += 1
    for member in message.chat.members:
        member.inbox.touch()
    return {}


def the_message(call: Call) -> Message:
    """The message of the path.

    Raises:
        ApiError: 230001 there is none; 230002 the bot is not in its chat.
    """
    message = call.world.store.get(call.args[0])
    if message is None:
        raise ApiError(230001, f"invalid message_id {call.args[0]}")
    if call.app not in message.chat.apps:
        raise ApiError(230002)
    return message


def own_message(call: Call, code_if_foreign: int) -> BotMessage:
    """The message of the path, if the app sent it and it is not recalled (230011)."""
    message = the_message(call)
    if not isinstance(message, BotMessage) or message.sender is not call.app:
        raise ApiError(code_if_foreign)
    if message.recalled:
        raise ApiError(230011)
    return message


def shown_as(call: Call) -> tuple[str, str]:
    """The type of people's ids, and how cards are to be shown, as the query says."""
    id_type = call.query("user_id_type", "open_id")
    if id_type not in ID_TYPES:
        raise ApiError(230001, f"user_id_type {id_type!r} is not one of {', '.join(sorted(ID_TYPES))}")
    return id_type, call.query("card_msg_content_type")


def _send(
    call: Call, body: dict[str, Any], chat: Chat, *, parent: Message | None = None, in_thread: bool = False
) -> dict[str, Any]:
    world, app = call.world, call.app
    if chat.dissolved:
        raise ApiError(232009)
    msg_type, raw_content = body.get("msg_type"), body.get("content")
    content = parse_content(msg_type, raw_content, world.settings)
    check_references(world, app, str(msg_type), content)

    def post(uuid: str) -> BotMessage:
        entity = outgoing_entity(world, app, content) if msg_type == "interactive" else None
        posting.take_chat_rate(world, chat)
        return posting.post(
            world,
            app,
            chat,
            str(msg_type),
            str(raw_content),
            content,
            uuid=uuid,
            parent=parent,
            in_thread=in_thread,
            entity=entity,
        )

    return posting.as_json(world, once(call, body.get("uuid"), post), app)


def _refused_by_fault(call: Call) -> None:
    if call.world.faults.active:
        fault = call.world.faults.take("refuse_send")
        if fault is not None:
            raise ApiError(fault.facts["code"], status=fault.facts["status"], headers=fault.facts["headers"])
