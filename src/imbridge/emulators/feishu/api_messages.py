"""im/v1/messages: create, reply, get, update, patch, delete.

Rules: https://open.feishu.cn/document/server-docs/im-v1/message/create and its neighbours.
"""

import asyncio
from typing import Any

from imbridge.emulators.feishu import merged, posting
from imbridge.emulators.feishu.card_sending import outgoing_entity
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.content import parse_content
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.events import now_ms
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.message import BotMessage, Edit, Message
from imbridge.emulators.feishu.user import User

UUID_LENGTH = 50
PERSON_ID_TYPES = frozenset({"open_id", "user_id", "union_id", "email"})


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
    id_type = call.query("receive_id_type")
    receive_id = body.get("receive_id")
    if id_type not in PERSON_ID_TYPES and id_type != "chat_id":
        raise ApiError(230001, f"receive_id_type {id_type!r} is not open_id, user_id, union_id, email or chat_id")
    if not isinstance(receive_id, str) or not receive_id:
        raise ApiError(230001, "receive_id is missing")
    return _send(call, body, _receiving_chat(call, id_type, receive_id))


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
    """`GET im/v1/messages/:id`."""
    return {"items": merged.items(call.world, the_message(call), call.app)}


def update(call: Call) -> dict[str, Any]:
    """`PUT im/v1/messages/:id`: edits a text or a post."""
    world, body = call.world, call.json()
    message = _own_message(call, 230071)
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
    message = _own_message(call, 230071)
    if message.msg_type != "interactive":
        raise ApiError(230001, "This message is NOT a card")
    content = parse_content("interactive", body.get("content"), world.settings)
    if outgoing_entity(world, call.app, content) is not None:
        raise ApiError(230001, "a sent card is replaced by a card, not by a reference to another")  # unverified
    if world.settings.rate_limits and world.update_rates.take(message.message_id)[0] > 0:
        world.stats.rate_limited += 1
        world.violation("rate_exceeded", f"card {message.message_id} was updated too often")
        raise ApiError(230020)
    message.card_updates += 1
    posting.replaced(world, message, call.app, body["content"], content)
    world.stats.card_updates += 1
    return {}


def delete(call: Call) -> dict[str, Any]:
    """`DELETE im/v1/messages/:id`: recalls."""
    message = _own_message(call, 230026)
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


def _own_message(call: Call, code_if_foreign: int) -> BotMessage:
    message = the_message(call)
    if not isinstance(message, BotMessage) or message.sender is not call.app:
        raise ApiError(code_if_foreign)
    if message.recalled:
        raise ApiError(230011)
    return message


def _receiving_chat(call: Call, id_type: str, receive_id: str) -> Chat:
    directory = call.world.directory
    if id_type == "chat_id":
        chat = directory.chats.get(receive_id)
        if chat is None:
            raise ApiError(230001, "invalid receive_id")
        if call.app not in chat.apps:
            raise ApiError(230002)
        return chat
    who = directory.find(call.app, id_type, receive_id)
    if isinstance(who, User):
        return directory.private_chat(who, call.app)
    if id_type == "open_id" and directory.belongs_to_other_app(call.app, receive_id):
        raise ApiError(99992361)
    raise ApiError(230001, "invalid receive_id")


def _send(
    call: Call, body: dict[str, Any], chat: Chat, *, parent: Message | None = None, in_thread: bool = False
) -> dict[str, Any]:
    world, app = call.world, call.app
    if chat.dissolved:
        raise ApiError(232009)
    content = parse_content(body.get("msg_type"), body.get("content"), world.settings)
    posting.check_resources(world, body["msg_type"], content)
    uuid = body.get("uuid") or ""
    if not isinstance(uuid, str) or len(uuid) > UUID_LENGTH:
        raise ApiError(230001, f"uuid is limited to {UUID_LENGTH} characters")
    if uuid:
        known, first = world.store.uuid_state(app.app_id, uuid)
        if known and first is None:
            raise ApiError(230049)
        if first is not None:
            world.stats.duplicates_absorbed += 1
            return posting.as_json(world, first, app)
    entity = outgoing_entity(world, app, content) if body["msg_type"] == "interactive" else None
    posting.take_chat_rate(world, chat)
    message = posting.post(
        world,
        app,
        chat,
        body["msg_type"],
        body["content"],
        content,
        uuid=uuid,
        parent=parent,
        in_thread=in_thread,
        entity=entity,
    )
    if uuid:
        world.store.uuid_done(app.app_id, uuid, message)
    if world.faults.active:
        _faults_after(call, message, uuid)
    return posting.as_json(world, message, app)


def _refused_by_fault(call: Call) -> None:
    if call.world.faults.active:
        fault = call.world.faults.take("refuse_send")
        if fault is not None:
            raise ApiError(fault.facts["code"], status=fault.facts["status"], headers=fault.facts["headers"])


def _faults_after(call: Call, message: BotMessage, uuid: str) -> None:
    """The message is accepted; what can still go wrong is the answer."""
    world = call.world
    delay = world.faults.take("accepted_delay", call.request.method, call.path)
    cut = world.faults.take("cut_after_accept")
    if uuid and delay is not None:
        world.store.uuid_begin(call.app.app_id, uuid)

    async def after() -> None:
        if delay is not None:
            await asyncio.sleep(delay.facts["seconds"])
            if uuid:
                world.store.uuid_done(call.app.app_id, uuid, message)
        if cut is not None and call.request.transport is not None:
            call.request.transport.abort()

    if delay is not None or cut is not None:
        call.after = after
