"""What an earlier process has left: messages that were acknowledged, and answers that were not said."""

from datetime import UTC, datetime

from imbridge import Channel, ChannelKind, Message, Sender, Text
from imbridge.protocol import to_reply
from imbridge.storage import BaseStorage, InboxEntry, OutboxEntry


def message(feishu, app, user, message_id: str, text: str, *, name: str = "work") -> Message:
    chat = feishu.private_chat(user, app)
    return Message(
        id=message_id,
        channel=Channel(platform="feishu", account=name, kind=ChannelKind.PRIVATE, id=chat.chat_id),
        sender=Sender(id=user.open_id_for(app)),
        elements=(Text(text),),
        text=text,
        raw=text,
        timestamp=datetime.now(UTC),
    )


async def leave(
    storage: BaseStorage,
    feishu,
    app,
    user,
    *,
    name: str = "work",
    answers: tuple[str, ...] = (),
    messages: tuple[str, ...] = (),
) -> None:
    """Let a process take this in and end in good order before it is handled or said."""
    await storage.open()
    for number, text in enumerate(messages):
        item = message(feishu, app, user, f"om_{name}_{number}_{text}", text, name=name)
        await storage.add_inbound(InboxEntry(f"feishu:{name}", (item.id,), item.channel.address, item))
    for text in answers:
        item = message(feishu, app, user, f"om_{text}", "", name=name)
        await storage.add_outbound(OutboxEntry(f"key-{text}", item.channel, to_reply(text), item.id))
    await storage.close()
