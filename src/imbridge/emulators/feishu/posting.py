"""A bot's new message: checked, kept, shown to the people in the chat."""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.card_entity import CardEntity
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.events import now_ms
from imbridge.emulators.feishu.message import BotMessage, Message
from imbridge.emulators.feishu.readable import at_ids
from imbridge.emulators.feishu.shown_content import shown_content

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World


def take_chat_rate(world: "World", chat: Chat) -> None:
    """Takes one of the chat's places per second; 230020 when there is none."""
    if not world.settings.rate_limits:
        return
    wait, limit = world.chat_rates.take(chat.chat_id)
    if wait > 0:
        world.stats.rate_limited += 1
        world.violation("rate_exceeded", f"more than {limit} messages per second into {chat.chat_id}")
        raise ApiError(230020)


def post(
    world: "World",
    app: App,
    chat: Chat,
    msg_type: str,
    raw_content: str,
    content: dict[str, Any],
    *,
    uuid: str = "",
    parent: Message | None = None,
    in_thread: bool = False,
    entity: CardEntity | None = None,
    forwarded: Sequence[Message] = (),
    source: Message | None = None,
) -> BotMessage:
    """Makes the message and shows it to everybody concerned.

    Args:
        world: The emulator's state.
        app: Who sends it.
        chat: Where.
        msg_type: Its type.
        raw_content: Its content as on the wire.
        content: The same, parsed.
        uuid: The idempotency key.
        parent: What it replies to.
        in_thread: Whether it opens a thread.
        entity: The card entity it refers to.
        forwarded: The messages merged in it.
        source: The message it is a copy of, whose mentions it has.
    """
    root_id, parent_id, thread_id = place(world, chat, parent, in_thread=in_thread)
    if source is None:
        ids, mentioned = _mentioned(world, app, msg_type, content if entity is None else entity.card)
    else:
        ids, mentioned = tuple(source.mention_keys()), source.mentions
    message = BotMessage(
        message_id="om_" + world.ids.hex("message"),
        chat=chat,
        sender=app,
        app_id=app.app_id,
        msg_type=msg_type,
        raw_content=raw_content,
        create_time=now_ms(),
        root_id=root_id,
        parent_id=parent_id,
        thread_id=thread_id,
        uuid=uuid,
        mentions=mentioned,
        at_ids=ids,
        entity=entity,
        forwarded=list(forwarded),
    )
    if msg_type == "interactive":
        message.history = deque(maxlen=world.settings.card_history)
        message.show_card()
    if entity is not None:
        entity.message = message
    world.stats.sends += 1
    world.store.add(message)
    for member in chat.members:
        member.inbox.add(message)
    if len(chat.apps) > 1:
        world.push_message(message)
    return message


def place(world: "World", chat: Chat, parent: Message | None, *, in_thread: bool) -> tuple[str, str, str]:
    """root_id, parent_id and thread_id of a new message.

    A reply belongs to the thread of what it replies to; `in_thread` opens one; in a topic group every message that is
    no reply opens one. Within a thread all replies hang on its first message
    (https://open.feishu.cn/document/server-docs/im-v1/message/intro).
    """
    if parent is None:
        return "", "", "omt_" + world.ids.hex("thread", 16) if chat.topic else ""
    if in_thread and not parent.thread_id:
        parent.thread_id = "omt_" + world.ids.hex("thread", 16)
    if parent.thread_id:
        root_id = _thread_root(world, parent)
        return root_id, root_id, parent.thread_id
    return parent.root_id or parent.message_id, parent.message_id, ""


def _thread_root(world: "World", message: Message) -> str:
    # That a thread which is opened on a reply has that reply as its root, not the first of the chain: unverified.
    above = world.store.get(message.parent_id)
    return above.message_id if above is not None and above.thread_id == message.thread_id else message.message_id


def replaced(world: "World", message: BotMessage, app: App, raw_content: str, content: dict[str, Any]) -> None:
    """Gives a message new content and shows it again."""
    message.raw_content = raw_content
    if message.entity is not None:
        message.entity.replace(content, world.settings.streaming_timeout)
    message.update_time = now_ms()
    shown_anew(world, message, app)


def shown_anew(world: "World", message: BotMessage, app: App) -> None:
    """Shows people what a message, or the card in it, has become."""
    is_card = message.msg_type == "interactive"
    content = message.card if is_card else message.content
    message.at_ids, message.mentions = _mentioned(world, app, message.msg_type, content)
    if is_card:
        message.show_card()
    for member in message.chat.members:
        member.inbox.touch()


def as_json(
    world: "World", message: Message, app: App, *, id_type: str = "open_id", card_content: str = ""
) -> dict[str, Any]:
    """The message as the API returns it; people with ids of this type, cards as `shown_content` says."""
    sender_id = message.sender.app_id if isinstance(message.sender, App) else None
    item: dict[str, Any] = {
        "message_id": message.message_id,
        "msg_type": message.msg_type,
        "create_time": str(message.create_time),
        "update_time": str(message.update_time or message.create_time),
        "deleted": message.recalled,
        "updated": bool(message.update_time),
        "chat_id": message.chat.chat_id,
        "sender": {
            "id": sender_id or world.directory.ids_of(message.sender, app)[id_type],
            "id_type": "app_id" if sender_id else id_type,
            "sender_type": "app" if sender_id else "user",
            "tenant_key": world.settings.tenant_key,
        },
        "body": {"content": shown_content(message, card_content)},
    }
    for name in ("root_id", "parent_id", "thread_id"):
        value = getattr(message, name)
        if value:
            item[name] = value
    if message.mentions:
        item["mentions"] = [
            {
                "key": f"@_user_{number}",
                "id": world.directory.ids_of(who, app)["open_id"],
                "id_type": "open_id",
                "name": who.name,
                "tenant_key": world.settings.tenant_key,
            }
            for number, who in enumerate(message.mentions, start=1)
        ]
    return item


def _mentioned(
    world: "World", app: App, msg_type: str, content: dict[str, Any]
) -> "tuple[tuple[str, ...], tuple[User | App, ...]]":
    found = []
    for user_id in at_ids(msg_type, content):
        for id_type in ("open_id", "user_id", "union_id"):
            who = world.directory.find(app, id_type, user_id)
            if who is not None:
                found.append((user_id, who))
                break
    return tuple(user_id for user_id, _ in found), tuple(who for _, who in found)
