"""Messages of people to apps, and of apps to people."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imbridge.emulators.wecom.app import App
    from imbridge.emulators.wecom.callback_answer import CallbackAnswer
    from imbridge.emulators.wecom.user import User


@dataclass(slots=True, eq=False)
class SentMessage:
    """What a person sent or did: a message or an event on its way to an app's callback.

    Attributes:
        msg_id: The MsgId; empty for an event.
        create_time: Seconds since the epoch, as in CreateTime.
        xml: The plain text of the callback.
        outcome: How the delivery ended, see `delivered`.
        event: The event's name; empty for a message.
        response_code: The code of the click on a card.
    """

    msg_id: str
    create_time: int
    xml: str
    outcome: "asyncio.Future[CallbackAnswer]" = field(repr=False)
    event: str = ""
    response_code: str = field(default="", repr=False)

    async def delivered(self, timeout: float = 10.0) -> "CallbackAnswer":
        """Waits for the end of the delivery; returns the answer that took it.

        Raises:
            UndeliveredError: It was never taken.
            TimeoutError: It is still under way after `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self.outcome)


class UndeliveredError(AssertionError):
    """A callback was never taken: no address, or all repetitions failed."""


@dataclass(slots=True, eq=False, kw_only=True)
class AppMessage:
    """A message that an app sent, or one that a group robot sent into its group.

    Attributes:
        msgid: The message's id.
        kind: The msgtype: text, markdown, image, ...
        body: The request as it was sent. Of a passive reply: what `message/send` would have for it.
        content: What is shown: `body[kind]` with everything too long already cut.
        text: What a person reads.
        app: Who sent it; None: a group robot.
        recipients: Who it reached.
        passive: Whether it came as the encrypted answer to a callback.
        chatid: The group it is in, of an app (`appchat`) or a robot; empty: none.
        mentioned: The userids that are mentioned in it, `@all` for everybody.
        recalled: Whether it was recalled.
        sent_at: `time.time()` of its arrival.
        cards: What a member sees now instead of the card as it was sent, by userid.
        replaced: The text that took the place of the buttons, by userid.
    """

    msgid: str
    kind: str
    body: dict[str, Any]
    content: dict[str, Any]
    text: str
    app: "App | None" = None
    recipients: "tuple[User, ...]" = ()
    passive: bool = False
    chatid: str = ""
    mentioned: tuple[str, ...] = ()
    recalled: bool = False
    sent_at: float = field(default_factory=time.time)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)

    @property
    def card(self) -> dict[str, Any]:
        """The template card as its first recipient sees it now."""
        return self.card_of(self.recipients[0].userid if self.recipients else "")

    def card_of(self, userid: str) -> dict[str, Any]:
        """The template card as one member sees it now."""
        return self.cards.get(userid, self.content)


def readable(kind: str, content: Mapping[str, Any]) -> str:
    """What a person reads of a message: its texts, one a line; nothing for pictures and sound."""
    if kind in {"text", "markdown", "markdown_v2"}:
        return str(content.get("content", ""))
    if kind in {"news", "mpnews"}:
        return "\n".join(str(article.get("title", "")) for article in content.get("articles", ()))
    if kind == "template_card":
        title = content.get("main_title") or {}
        lines = [title.get("title"), title.get("desc"), content.get("sub_title_text")]
    else:
        lines = [content.get("title"), content.get("description")]
    return "\n".join(str(line) for line in lines if line)
