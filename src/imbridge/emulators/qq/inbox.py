"""What a person sees of the robots."""

from dataclasses import dataclass

from imbridge.emulators.common import inbox
from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.chat import Chat
from imbridge.emulators.qq.message import BotMessage

Expected = inbox.Expected[BotMessage]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message is: of a robot, in a group, channel or private messages; None does not matter."""

    bot: Bot | None = None
    chat: Chat = None


class Inbox(inbox.Inbox[BotMessage, Place]):
    """The messages of the robots to one person."""

    def _is_in(self, message: BotMessage, place: Place) -> bool:
        return place.bot in {None, message.bot} and place.chat in {None, message.chat}

    def _named(self, place: Place) -> str:
        names = [f"of {place.bot.name}" if place.bot else "", f"in {place.chat!r}" if place.chat else ""]
        return " ".join(name for name in names if name)

    def _line(self, message: BotMessage) -> str:
        return f"{message.kind} ({message.way}): {message.text!r}"
