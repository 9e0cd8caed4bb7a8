"""What a person sees of the apps."""

from imbridge.emulators.common import inbox
from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.message import AppMessage

Expected = inbox.Expected[AppMessage]


class Inbox(inbox.Inbox[AppMessage, App]):
    """The messages of the apps, and of group robots in the groups of one person."""

    def _is_in(self, message: AppMessage, place: App) -> bool:
        return message.app is place

    def _named(self, place: App) -> str:
        return f"of {place.name}"

    def _line(self, message: AppMessage) -> str:
        return f"{message.kind}{' (passive)' if message.passive else ''}: {message.text!r}"
