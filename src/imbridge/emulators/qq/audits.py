"""Messages to channels that people look at first: MESSAGE_AUDIT_PASS and MESSAGE_AUDIT_REJECT.

Rule: bot-docs, `server-inter/message/message.md` and `template/model.md` (MessageAudited).
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.guild import Channel, Direct
from imbridge.emulators.qq.message import BotMessage
from imbridge.emulators.qq.pushed import Pushed
from imbridge.emulators.qq.sends import show
from imbridge.emulators.qq.writing import now_text

if TYPE_CHECKING:
    from imbridge.emulators.qq.user import User
    from imbridge.emulators.qq.world import World


class Audits:
    """All audits."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: dict[str, tuple[BotMessage, list[User], str]] = {}

    @property
    def pending(self) -> list[BotMessage]:
        """The messages that wait for their audit."""
        return [message for message, _, _ in self._waiting.values()]

    def wait(self, message: BotMessage, people: "list[User]") -> str:
        """A message waits; returns the audit's id."""
        message.audit_id, message.pending = self._world.ids.uuid("audit"), True
        self._waiting[message.audit_id] = (message, list(people), now_text())
        return message.audit_id

    def decide(self, message: BotMessage, *, passed: bool) -> Pushed:
        """Says whether a message passes; people see it then, and the robot is told.

        Raises:
            ValueError: The message waits for no audit.
        """
        if message.audit_id not in self._waiting:
            raise ValueError(f"{message.id} waits for no audit")
        _, people, since = self._waiting.pop(message.audit_id)
        message.pending = False
        chat = message.chat
        guild_id, channel_id = "", ""
        if isinstance(chat, Channel):
            guild_id, channel_id = chat.guild.id, chat.id
        elif isinstance(chat, Direct):
            guild_id, channel_id = chat.id, chat.channel_id
        data: dict[str, Any] = {"audit_id": message.audit_id, "audit_time": now_text(), "create_time": since}
        data |= {"guild_id": guild_id, "channel_id": channel_id}
        if passed:
            data |= {"message_id": message.id, "seq_in_channel": "1"}
            show(self._world, message, people)
        kind = "MESSAGE_AUDIT_PASS" if passed else "MESSAGE_AUDIT_REJECT"
        return self._world.dispatch.send(message.bot, kind, data, key=guild_id)
