"""Who receives, and what has to be known again from one delivery to the next."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imbridge.adapters.card_seals import NOT_SEALING, Seals
from imbridge.adapters.qq.received.facts import text_of

_MOST = 10_000


class Known:
    """What is known by name, the latest 10,000."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: OrderedDict[str, str] = OrderedDict()

    def note(self, name: str, value: str) -> None:
        """It is this from now on."""
        known = self._known
        if known.get(name) == value:
            known.move_to_end(name)
            return
        known[name] = value
        while len(known) > _MOST:
            known.popitem(last=False)

    def get(self, name: str) -> str:
        """What it is; empty when that is not known."""
        return self._known.get(name, "")


class References:
    """Messages of single chats and groups by what they are quoted by (`REFIDX_...`), which is not their id."""

    __slots__ = ("_ids", "_indices")

    def __init__(self) -> None:
        self._ids = Known()
        self._indices = Known()

    def note(self, index: str, message_id: str) -> None:
        """A message came, or was sent: its index, and its id."""
        if index and message_id:
            self._ids.note(index, message_id)
            self._indices.note(message_id, index)

    def message(self, index: str) -> str:
        """The id of the message with this index; empty when it is not known."""
        return self._ids.get(index)

    def index(self, message_id: str) -> str:
        """What a message is quoted by; empty when it is not known."""
        return self._indices.get(message_id)


@dataclass(slots=True)
class Identity:
    """The bot that receives.

    Attributes:
        account: Its name in the configuration.
        bot_id: The bot's id in guilds, once known.
        name: What it is called, once known.
        references: What messages are quoted by.
        seals: What our buttons are sealed with.
    """

    account: str
    bot_id: str = ""
    name: str = ""
    references: References = field(default_factory=References, repr=False)
    seals: Seals = field(default=NOT_SEALING, repr=False)
    _own: Known = field(default_factory=Known, repr=False)
    _directs: Known = field(default_factory=Known, repr=False)

    def learn(self, user: Any) -> None:
        """What the platform says of us: `user` of `READY`, or the answer of `GET /users/@me`."""
        if isinstance(user, Mapping):
            self.bot_id = text_of(user, "id") or self.bot_id
            self.name = text_of(user, "username") or self.name

    def is_member(self, group: str, member: str) -> None:
        """In a group we are this member: it has an id of us of its own."""
        self._own.note(group, member)

    def is_me(self, group: str, identity: str) -> bool:
        """Whether somebody in a group (or, without one, in a guild) is us, as far as that is known."""
        return bool(identity) and identity == (self._own.get(group) if group else self.bot_id)

    def knows(self, group: str) -> bool:
        """Whether it is known who we are in a group (or, without one, in a guild)."""
        return bool(self._own.get(group) if group else self.bot_id)

    def heard_direct(self, guild: str) -> None:
        """A private chat of a guild, which has the id of a guild of its own."""
        self._directs.note(guild, guild)

    def is_direct(self, guild: str) -> bool:
        """Whether a guild's id is that of a private chat that was heard of."""
        return bool(self._directs.get(guild))
