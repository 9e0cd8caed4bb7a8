"""What a person sees of the bots."""

from imbridge.emulators.common import inbox
from imbridge.emulators.wecom.bot.chat import BotChat
from imbridge.emulators.wecom.bot.message import BotMessage

Expected = inbox.Expected[BotMessage]


class Inbox(inbox.Inbox[BotMessage, BotChat]):
    """The bots' messages in the chats of one person."""

    def _is_in(self, message: BotMessage, place: BotChat) -> bool:
        return message.chat is place
