"""Who we are, who others are, and which chats are private: what all decoding on Feishu leans on."""

from dataclasses import dataclass, field
from typing import Any

from imbridge.adapters.card_seals import NOT_SEALING, Seal, Seals
from imbridge.protocol import Channel, ChannelKind, Sender
from imbridge.protocol.model import assembled

_KINDS = {
    "p2p": ChannelKind.PRIVATE,
    "private": ChannelKind.PRIVATE,  # the old schema's word
    "group": ChannelKind.GROUP,
    "public": ChannelKind.GROUP,  # this and the next: the official SDK knows them, the documents do not
    "topic": ChannelKind.GROUP,
    "topic_group": ChannelKind.GROUP,
}
_REMEMBERED_CHATS = 20_000


@dataclass(slots=True)
class Identity:
    """Who we are: needed to tell our own messages and mentions from others'.

    Attributes:
        account: Name of the account.
        app_id: Of the app.
        bot_id: The bot's open_id; empty until the platform told it.
        bot_name: Its name; for people to read, anybody may have the same.
        locale: The language wanted where the platform offers several.
        seals: What our cards are sealed with.
        chats: Chats whose kind was told, the newest last. Most events name a chat without its kind.
    """

    account: str
    app_id: str
    bot_id: str = ""
    bot_name: str = ""
    locale: str = "zh_cn"
    seals: Seals = field(default=NOT_SEALING, repr=False)
    chats: dict[str, ChannelKind] = field(default_factory=dict)

    def remember(self, chat_id: str, kind: ChannelKind) -> None:
        """Note what sort of chat it is; the oldest are forgotten beyond a bound."""
        if chat_id not in self.chats:
            self.chats[chat_id] = kind
            if len(self.chats) > _REMEMBERED_CHATS:
                del self.chats[next(iter(self.chats))]

    def kind_of(self, chat_id: str, chat_type: Any = None) -> ChannelKind:
        """What sort of chat: as the platform says, which is remembered, else as it was told before, else a group."""
        told = _KINDS.get(chat_type) if isinstance(chat_type, str) else None
        if told is None:
            return self.chats.get(chat_id, ChannelKind.GROUP)
        if chat_id not in self.chats:
            self.remember(chat_id, told)
        return told

    def seal(self, channel: Channel | None) -> Seal:
        """What seals a card that goes there. Which chat somebody is written to in by their own id is not known."""
        return self.seals.at("" if channel is None or channel.kind is ChannelKind.USER else channel.id)

    def is_me(self, sender_id: str) -> bool:
        """It is our bot or our app."""
        return sender_id != "" and sender_id in (self.bot_id, self.app_id)


def sender(ids: Any, me: Identity, *, kind: Any = "user", name: Any = None) -> Sender:
    """A person or a bot by the platform's ids (`{"open_id": ..., "union_id": ..., "user_id": ...}`)."""
    known = {key: value for key, value in ids.items() if isinstance(value, str) and value} if ids else {}
    chosen = known.pop("open_id", None)
    if chosen is None:
        chosen = next(iter(known.values()), "")
    is_self = chosen != "" and chosen in (me.bot_id, me.app_id)
    is_bot = is_self or kind in ("app", "bot")
    if isinstance(name, str) and name:
        return Sender(id=chosen, ids=known, name=name, is_bot=is_bot, is_self=is_self)
    return assembled(Sender, id=chosen, ids=known, is_bot=is_bot, is_self=is_self)
