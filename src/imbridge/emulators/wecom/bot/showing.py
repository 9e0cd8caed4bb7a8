"""What people get to see."""

from imbridge.emulators.wecom.bot.message import BotMessage


def show(message: BotMessage) -> None:
    """The people of the conversation see the message, or its change."""
    if message.dropped:
        return
    first, message.visible = not message.visible, True
    message.touch()
    for member in message.chat.members:
        if first:
            member.inbox.add(message)
        else:
            member.inbox.touch()
