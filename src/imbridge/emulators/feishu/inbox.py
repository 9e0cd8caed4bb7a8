"""What a person sees of the bots."""

from imbridge.emulators.common import inbox
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.message import BotMessage

Expected = inbox.Expected[BotMessage]


class Inbox(inbox.Inbox[BotMessage, Chat]):
    """The bots' messages in the chats of one person."""

    def _is_in(self, message: BotMessage, place: Chat) -> bool:
        return message.chat is place

    def _line(self, message: BotMessage) -> str:
        return f"{message.msg_type} in {message.chat_id}: {message.text!r}"
