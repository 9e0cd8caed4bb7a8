"""Who gets a message, by the type of the id, and each message once."""

import asyncio
from collections.abc import Callable

from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call
from imbridge.emulators.feishu.message import BotMessage, Message
from imbridge.emulators.feishu.user import User

UUID_LENGTH = 50
PERSON_ID_TYPES = frozenset({"open_id", "user_id", "union_id", "email"})


def receiver(call: Call, receive_id: object, *, threads: bool = False) -> tuple[Chat, Message | None]:
    """The chat of `receive_id` (of the query's `receive_id_type`), and the first message of the thread if it is one.

    Args:
        call: The call.
        receive_id: The id as given.
        threads: Whether `thread_id` is a type: for forwarding it is, for sending it is not.

    Raises:
        ApiError: 230001 for no or a wrong id, 230002 the bot is not there, 230019 there is no such thread.
    """
    id_type = call.query("receive_id_type")
    known = PERSON_ID_TYPES | {"chat_id"} | ({"thread_id"} if threads else set())
    if id_type not in known:
        raise ApiError(230001, f"receive_id_type {id_type!r} is not one of {', '.join(sorted(known))}")
    if not isinstance(receive_id, str) or not receive_id:
        raise ApiError(230001, "receive_id is missing")
    if id_type == "thread_id":
        thread = call.world.store.in_thread(receive_id)
        if not thread:
            raise ApiError(230019)
        if call.app not in thread[0].chat.apps:
            raise ApiError(230002)
        return _open(thread[0].chat), thread[0]
    return _open(_chat(call, id_type, receive_id)), None


def once(call: Call, uuid: object, post: Callable[[str], BotMessage]) -> BotMessage:
    """Posts a message, or finds the one that was posted with the same `uuid` within the hour.

    Args:
        call: The call; faults that concern accepted messages act on it.
        uuid: The idempotency key as given.
        post: Makes the message.

    Raises:
        ApiError: 230001 for a wrong uuid, 230049 while its first message is being sent.
    """
    world, app_id = call.world, call.app.app_id
    uuid = uuid or ""
    if not isinstance(uuid, str) or len(uuid) > UUID_LENGTH:
        raise ApiError(230001, f"uuid is limited to {UUID_LENGTH} characters")
    if uuid:
        known, first = world.store.uuid_state(app_id, uuid)
        if known and first is None:
            raise ApiError(230049)
        if first is not None:
            world.stats.duplicates_absorbed += 1
            return first
    message = post(uuid)
    if uuid:
        world.store.uuid_done(app_id, uuid, message)
    if world.faults.active:
        _faults_after(call, message, uuid)
    return message


def _open(chat: Chat) -> Chat:
    if chat.dissolved:
        raise ApiError(232009)
    return chat


def _chat(call: Call, id_type: str, receive_id: str) -> Chat:
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


def _faults_after(call: Call, message: BotMessage, uuid: str) -> None:
    """The message is accepted; what can still go wrong is the answer."""
    world = call.world
    delay = world.faults.take("accepted_delay", call.path, method=call.request.method)
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
