"""Messages as the platform keeps them."""

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.card_entity import CardEntity
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.readable import readable_text

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a message's content: what it was before, and when it was replaced (milliseconds)."""

    content: str
    replaced_at: int


@dataclass(frozen=True, slots=True)
class Reaction:
    """An emoji on a message. `by` is the person or the app that put it there."""

    reaction_id: str
    emoji_type: str
    by: "User | App"
    action_time: int


@dataclass(slots=True, eq=False, kw_only=True)
class Message:
    """A message of a person or a bot.

    Attributes:
        message_id: `om_...`.
        chat: Where it is.
        sender: Who wrote it.
        msg_type: text, post, image, ...
        raw_content: The content as the JSON text that is on the wire.
        create_time: Milliseconds since the epoch.
        update_time: Milliseconds since the epoch, of the last edit.
        root_id: First message of the reply chain, or empty.
        parent_id: The message this one replies to, or empty.
        thread_id: `omt_...` when the message belongs to a thread, or empty.
        mentions: Who is mentioned by `@_user_1`, `@_user_2`, ...
        edits: Earlier contents, oldest first.
        reactions: Reactions that are on it now.
        recalled: Whether it was recalled.
        forwarded: The messages that are merged in it.
    """

    message_id: str
    chat: Chat
    sender: "User | App"
    msg_type: str
    raw_content: str
    create_time: int
    update_time: int = 0
    root_id: str = ""
    parent_id: str = ""
    thread_id: str = ""
    mentions: "tuple[User | App, ...]" = ()
    edits: list[Edit] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    recalled: bool = False
    forwarded: "list[Message]" = field(default_factory=list)

    @property
    def chat_id(self) -> str:
        """The conversation's id."""
        return self.chat.chat_id

    @property
    def content(self) -> dict[str, Any]:
        """The content as a dictionary; that of a merged message is no JSON but a text."""
        if self.msg_type == "merge_forward":
            return {"content": self.raw_content}
        content: dict[str, Any] = json.loads(self.raw_content)
        return content

    @property
    def text(self) -> str:
        """What a person reads: mentions as `@name`, posts as plain lines, other types as `[type]`."""
        return readable_text(self.msg_type, self.content, self._names())

    def _names(self) -> dict[str, str]:
        return {f"@_user_{number}": who.name for number, who in enumerate(self.mentions, start=1)}


@dataclass(slots=True, eq=False, kw_only=True)
class SentMessage(Message):
    """A person's message. `event_id` is that of the event for the first app it was pushed to, or empty."""

    event_id: str = ""
    event_ids: dict[str, str] = field(default_factory=dict)
    """The event's id by app_id: every app gets an event of its own."""

    def __repr__(self) -> str:
        return f"<SentMessage {self.message_id} in {self.chat.chat_id}: {self.text!r}>"


@dataclass(slots=True, eq=False, kw_only=True)
class BotMessage(Message):
    """A bot's message.

    Attributes:
        app_id: The app that sent it.
        uuid: The idempotency key it was sent with, or empty.
        card_updates: How often its card was changed.
        entity: The card entity it shows, when it was sent as a reference to one.
        history: The texts its card showed one after the other, the present one last; the newest
            `settings.card_history`. Empty for messages that are no cards.
    """

    app_id: str
    uuid: str = ""
    card_updates: int = 0
    entity: CardEntity | None = None
    history: deque[str] = field(default_factory=deque)
    at_ids: tuple[str, ...] = ()
    """The ids by which the content names its mentions, one for each of `mentions`."""

    @property
    def card(self) -> dict[str, Any]:
        """The JSON of the card it shows now; of a card entity, with all that was done to it."""
        if self.msg_type != "interactive":
            raise ValueError(f"{self.message_id} is no card but {self.msg_type}")
        return self.content if self.entity is None else self.entity.card

    @property
    def text(self) -> str:
        """What a person reads now; of a card, its title and components line by line."""
        content = self.content if self.msg_type != "interactive" else self.card
        return readable_text(self.msg_type, content, self._names())

    def show_card(self) -> None:
        """Adds what its card shows now to the history, unless it shows that already."""
        text = self.text
        if not self.history or self.history[-1] != text:
            self.history.append(text)

    def _names(self) -> dict[str, str]:
        return {user_id: who.name for user_id, who in zip(self.at_ids, self.mentions, strict=True)}

    def __repr__(self) -> str:
        return f"<BotMessage {self.message_id} of {self.app_id} in {self.chat.chat_id}: {self.text!r}>"
