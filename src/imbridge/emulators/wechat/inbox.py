"""What a person sees of an account."""

from imbridge.emulators.common import inbox
from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.message import BotMessage

Expected = inbox.Expected[BotMessage]


class Inbox(inbox.Inbox[BotMessage, Account]):
    """The account's messages to one person."""

    def _is_in(self, message: BotMessage, place: Account) -> bool:
        return message.account is place
