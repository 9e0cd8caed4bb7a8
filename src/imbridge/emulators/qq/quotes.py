"""Messages that are quoted, as `msg_elements` of the message that quotes them.

As clients have logged it; the documents have nothing of it.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.message import BotMessage, SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.world import World

Quotable = SentMessage | BotMessage


def element(world: "World", bot: "Bot", quoted: Quotable) -> dict[str, Any]:
    """A quoted message for a robot."""
    found: dict[str, Any] = {"msg_idx": quoted.ref_idx, "message_type": 0}
    if isinstance(quoted, BotMessage):
        return found | {"content": quoted.text, "author": {"username": quoted.bot.name, "bot": True}}
    openid = world.people.openid(quoted.sender, bot)
    found |= {"content": quoted.text, "author": {"id": openid, "username": quoted.sender.name, "bot": False}}
    attachments = quoted.data.get("attachments")
    return found | ({"attachments": attachments} if attachments else {})
