"""A conversation: a person and a bot, or a group."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from imbridge.emulators.wecom.bot.bot import Bot

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.user import BotUser


@dataclass(slots=True, eq=False)
class BotChat:
    """A conversation.

    Attributes:
        chatid: The group's id; of a single chat the person's userid, which is what `aibot_send_msg` takes.
        kind: `single` or `group`, the `chattype` of callbacks.
        name: The group's name; empty for a single chat.
        members: The people in it.
        bots: The bots in it.
        open_to: The bots that somebody wrote to here: only they can push.
    """

    chatid: str
    kind: Literal["single", "group"]
    name: str = ""
    members: "list[BotUser]" = field(default_factory=list)
    bots: list[Bot] = field(default_factory=list)
    open_to: set[Bot] = field(default_factory=set)

    def __repr__(self) -> str:
        return f"<BotChat {self.kind} {self.chatid} {self.name!r}>"
