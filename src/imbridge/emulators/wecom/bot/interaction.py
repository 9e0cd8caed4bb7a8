"""What a callback allows the bot to do."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.chat import BotChat
from imbridge.emulators.wecom.bot.message import BotMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.user import BotUser

Reason = str
"""`message`, or an eventtype: `enter_chat`, `template_card_event`, `feedback_event`, or any that a test makes up."""


@dataclass(slots=True, eq=False)
class Interaction:
    """A message or an event that a bot was told of, by which it can answer.

    Attributes:
        bot: Who was told.
        chat: Where it happened.
        user: Who did it.
        reason: What it was.
        msgid: The callback's id.
        req_id: The frame's id on the long connection; the commands that answer name it.
        response_code: The last part of its `response_url`, or empty.
        born: When it happened, by `time.monotonic()`.
        clicked: The message whose card was clicked.
        task_id: The task_id of the clicked card.
        streams: The streams that answer it, by their id.
        card_sent: Whether a card came with one of its streams; only one may.
        response_used: Whether its `response_url` was used up.
    """

    bot: Bot
    chat: BotChat
    user: "BotUser"
    reason: Reason
    msgid: str
    req_id: str
    response_code: str
    born: float
    clicked: BotMessage | None = None
    task_id: str = ""
    streams: dict[str, BotMessage] = field(default_factory=dict)
    card_sent: bool = False
    response_used: bool = False
