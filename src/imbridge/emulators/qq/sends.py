"""What all ways of sending have in common: making the message, and showing it to people."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.chat import Chat
from imbridge.emulators.qq.content import Content, check_urls
from imbridge.emulators.qq.errors import ApiError
from imbridge.emulators.qq.message import BotMessage, Way
from imbridge.emulators.qq.replies import Answering
from imbridge.emulators.qq.writing import now_text

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World


def check_text(world: "World", bot: "Bot", text: str) -> None:
    """Refuses text that is too long or names an address that is not registered.

    Raises:
        ApiError: It does.
    """
    if len(text) > world.settings.markdown_limit:
        raise ApiError(40054007)
    check_urls(world, bot, text)


def make(
    world: "World",
    bot: "Bot",
    way: Way,
    chat: Chat,
    body: Mapping[str, Any],
    content: Content,
    answering: Answering | None,
    message_id: str = "",
) -> BotMessage:
    """A message that has been let through; what it answers is counted. It gets an id unless it has one."""
    guild = way in {"channel", "dms"}
    message = BotMessage(
        id=message_id or (world.ids.guild_message_id() if guild else world.ids.message_id()),
        text=content.text,
        kind=content.kind,
        body=dict(body),
        way=way,
        bot=bot,
        chat=chat,
        keyboard=content.keyboard,
        created=world.now(),
        ref_idx="" if guild else world.ids.ref_idx(),
    )
    message.states.append(message.text)
    if answering is None:
        message.active = True
    else:
        message.reply_to, message.msg_seq, message.wakeup = answering.to, answering.seq, answering.wakeup
        message.active = answering.wakeup
        world.replies.count(bot, answering)
    reference = body.get("message_reference")
    if isinstance(reference, dict):
        message.quotes = str(reference.get("message_id") or "")
    world.by_id[message.id] = message
    world.messages.append(message)
    world.stats.messages += 1
    return message


def show(world: "World", message: BotMessage, recipients: "Iterable[User]") -> None:
    """A message becomes visible to people."""
    message.recipients = tuple(recipients)
    for user in message.recipients:
        user.inbox.add(message)
    world.stats.deliveries += len(message.recipients)


def touch(message: BotMessage) -> None:
    """A message has changed: those who wait for it look again."""
    for user in message.recipients:
        user.inbox.touch()


def answer(message: BotMessage) -> dict[str, Any]:
    """What a message to a single chat or group is answered with."""
    return {"id": message.id, "timestamp": now_text(), "ext_info": {"ref_idx": message.ref_idx}}
