"""What a person sees of the robots."""

from dataclasses import dataclass

from imbridge.emulators.common import inbox
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.group import Group
from imbridge.emulators.dingtalk.message import BotMessage

Expected = inbox.Expected[BotMessage]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message is: of an app, in a group; None does not matter."""

    app: App | None = None
    chat: Group | None = None


class Inbox(inbox.Inbox[BotMessage, Place]):
    """The messages of the robots to one person, in single chats and groups."""

    def _is_in(self, message: BotMessage, place: Place) -> bool:
        return place.app in {None, message.app} and place.chat in {None, message.chat}

    def _named(self, place: Place) -> str:
        names = [f"of {place.app.name}" if place.app else "", f"in {place.chat.title}" if place.chat else ""]
        return " ".join(name for name in names if name)

    def _line(self, message: BotMessage) -> str:
        return f"{message.kind} ({message.way}): {message.text!r}"
