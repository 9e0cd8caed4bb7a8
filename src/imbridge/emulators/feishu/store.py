"""The messages that are kept, and the idempotency keys."""

import time
from collections import deque

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.message import BotMessage, Message
from imbridge.emulators.feishu.settings import EmulatorSettings


class MessageStore:
    """The newest messages, in bounded memory."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._by_id: Newest[str, Message] = Newest(settings.history)
        self._by_uuid: Newest[tuple[str, str], tuple[BotMessage | None, float]] = Newest(settings.history)
        self._merged: Newest[str, None] = Newest(settings.history)
        self.of_bots: deque[BotMessage] = deque(maxlen=settings.history)

    def add(self, message: Message) -> None:
        """Keeps a message; beyond the history the oldest is forgotten."""
        self._by_id[message.message_id] = message
        if isinstance(message, BotMessage):
            self.of_bots.append(message)

    def get(self, message_id: str) -> Message | None:
        """The message with this id."""
        return self._by_id.get(message_id)

    def in_chat(self, chat: Chat) -> list[Message]:
        """The messages of a conversation that are kept, oldest first."""
        return [message for message in self._by_id.values() if message.chat is chat]

    def in_thread(self, thread_id: str) -> list[Message]:
        """The messages of a thread that are kept, oldest first."""
        return [message for message in self._by_id.values() if message.thread_id == thread_id]

    def has_sticker(self, app: App, file_key: str) -> bool:
        """Whether the app was sent this sticker."""
        return any(
            message.msg_type == "sticker" and app in message.chat.apps and message.content.get("file_key") == file_key
            for message in self._by_id.values()
        )

    def add_merged(self, message_id: str) -> None:
        """Keeps the id of a message that exists within a merged one only."""
        self._merged[message_id] = None

    def is_merged(self, message_id: str) -> bool:
        """Whether it is the id of a message within a merged one."""
        return message_id in self._merged

    def newest(self, chat: Chat) -> Message | None:
        """The newest message of a conversation."""
        newest_first = (self._by_id[message_id] for message_id in reversed(self._by_id))
        return next((message for message in newest_first if message.chat is chat), None)

    def uuid_state(self, app_id: str, uuid: str) -> tuple[bool, BotMessage | None]:
        """Whether the key is in use, and the message it stands for (None while that is still being sent)."""
        entry = self._by_uuid.get((app_id, uuid))
        if entry is None or entry[1] <= time.monotonic():
            return False, None
        return True, entry[0]

    def uuid_begin(self, app_id: str, uuid: str) -> None:
        """A message with this key is being sent."""
        self._remember(app_id, uuid, None)

    def uuid_done(self, app_id: str, uuid: str, message: BotMessage) -> None:
        """The message with this key is sent."""
        self._remember(app_id, uuid, message)

    def _remember(self, app_id: str, uuid: str, message: BotMessage | None) -> None:
        self._by_uuid.pop((app_id, uuid), None)
        self._by_uuid[app_id, uuid] = (message, time.monotonic() + self._settings.uuid_window)
