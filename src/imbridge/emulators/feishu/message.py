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


@dataclass(frozen=True, slots=True)
class Pin:
    """A pin on a message: who put it there, and when (milliseconds)."""

    by: "User | App"
    create_time: int


@dataclass(frozen=True, slots=True)
class Urgent:
    """A nudge: `kind` is app, sms or phone, `user` who got it."""

    kind: str
    user: "User"


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
        pin: Who pinned it, if it is pinned.
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
    pin: "Pin | None" = None

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
        """What a person reads: mentions as `@name`, posts as plain lines, merged messages, other types as `[type]`."""
        return self._merged_text() or readable_text(self.msg_type, self.content, self._names())

    def _merged_text(self) -> str:
        if not self.forwarded:
            return ""
        return "\n".join(["[merge_forward]", *(f"{one.sender.name}: {one.text}" for one in self.forwarded)])

    def mention_keys(self) -> list[str]:
        """What stands in the content for each of `mentions`."""
        return [f"@_user_{number}" for number in range(1, len(self.mentions) + 1)]

    def _names(self) -> dict[str, str]:
        return {key: who.name for key, who in zip(self.mention_keys(), self.mentions, strict=True)}


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
        read_by: Who read it, and when (milliseconds).
        urgents: Who was nudged about it, oldest first.
        batch_id: `bm-...` when it was sent to many people at once, or empty.
    """

    app_id: str
    uuid: str = ""
    card_updates: int = 0
    entity: CardEntity | None = None
    history: deque[str] = field(default_factory=deque)
    read_by: "dict[User, int]" = field(default_factory=dict)
    urgents: list[Urgent] = field(default_factory=list)
    batch_id: str = ""
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
        if self.forwarded:
            return self._merged_text()
        content = self.content if self.msg_type != "interactive" else self.card
        return readable_text(self.msg_type, content, self._names())

    def show_card(self) -> None:
        """Adds what its card shows now to the history, unless it shows that already."""
        text = self.text
        if not self.history or self.history[-1] != text:
            self.history.append(text)

    def mention_keys(self) -> list[str]:
        """What stands in the content for each of `mentions`."""
        return list(self.at_ids)

    def __repr__(self) -> str:
        return f"<BotMessage {self.message_id} of {self.app_id} in {self.chat.chat_id}: {self.text!r}>"
