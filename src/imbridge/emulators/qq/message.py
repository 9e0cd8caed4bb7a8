"""Messages of people to robots, and of robots to people."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from imbridge.emulators.qq.chat import Chat

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.pushed import Pushed
    from imbridge.emulators.qq.user import User

Way = Literal["c2c", "group", "channel", "dms"]
"""Where a message is: a single chat, a group, a channel, a channel's private messages."""


@dataclass(slots=True, eq=False, kw_only=True)
class SentMessage:
    """What a person sent, as one robot sees it.

    Attributes:
        id: The message's id; empty: no robot gets it.
        bot: The robot that gets it; None: none does.
        chat: Where it was sent; None: the single chat with the robot.
        sender: Who sent it.
        text: What they typed, mentions and all.
        data: What is pushed, `d`.
        ref_idx: What it is quoted by in single chats and groups.
        pushed: The event on its way.
        others: The same message as other robots see it.
        created: The emulator's time when it was sent.
        recalled: Whether it was taken back.
        reactions: `type/id` of emojis on it, with the numbers of who put them there.
    """

    id: str
    bot: "Bot | None"
    chat: Chat
    sender: "User"
    text: str
    data: dict[str, Any]
    ref_idx: str = ""
    pushed: "Pushed | None" = field(default=None, repr=False)
    others: "list[SentMessage]" = field(default_factory=list, repr=False)
    created: float = 0.0
    recalled: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict, repr=False)

    @property
    def lost(self) -> bool:
        """Whether no robot gets it any more."""
        return self.pushed is None or self.pushed.lost

    async def taken(self, timeout: float = 10.0) -> bool:
        """Waits until it was written to a connection or acknowledged by the callback address; False: it is lost.

        Raises:
            TimeoutError: It is still under way after `timeout` seconds.
        """
        return self.pushed is not None and await self.pushed.taken(timeout)


@dataclass(slots=True, eq=False, kw_only=True)
class BotMessage:
    """A message that a robot sent.

    Attributes:
        id: Its id.
        text: What a person reads.
        kind: text, markdown, ark, embed, media, image or stream.
        body: The request as it was sent.
        way: Where it is.
        bot: Who sent it.
        chat: Where it is; None: a single chat.
        recipients: Who it reached.
        reply_to: The message or event it answers; empty: none.
        msg_seq: Its number among the answers to that.
        active: Whether it answers nothing.
        wakeup: Whether it came as a wake-up.
        ref_idx: What it is quoted by in single chats and groups.
        file_type: Of media 1 image, 2 video, 3 voice, 4 file; 0: it is none.
        data: The bytes of its media or picture.
        filename: The file's name.
        keyboard: The rows of its buttons.
        quotes: The id of the message it quotes.
        states: Of a stream the texts that could be read, one after the other; of anything else the one text.
        finished: Whether nothing more comes: False of a stream under way.
        audit_id: The audit it waits or waited for.
        pending: Whether it waits for its audit, and nobody sees it.
        recalled: Whether it was taken back.
        reactions: `type/id` of emojis on it, with the numbers of who put them there.
        created: The emulator's time when it came.
        sent_at: `time.time()` of its arrival.
    """

    id: str
    text: str
    kind: str
    body: dict[str, Any] = field(repr=False)
    way: Way
    bot: "Bot"
    chat: Chat = None
    recipients: "tuple[User, ...]" = ()
    reply_to: str = ""
    msg_seq: int = 0
    active: bool = False
    wakeup: bool = False
    ref_idx: str = ""
    file_type: int = 0
    data: bytes = field(default=b"", repr=False)
    filename: str = ""
    keyboard: list[list[dict[str, Any]]] = field(default_factory=list, repr=False)
    quotes: str = ""
    states: list[str] = field(default_factory=list, repr=False)
    finished: bool = True
    audit_id: str = ""
    pending: bool = False
    recalled: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict, repr=False)
    created: float = 0.0
    sent_at: float = field(default_factory=time.time)

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """All its buttons."""
        return [button for row in self.keyboard for button in row]
