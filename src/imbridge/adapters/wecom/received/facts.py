"""What every callback of an app says, and who receives it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from imbridge.adapters.card_seals import NOT_SEALING, Seals
from imbridge.adapters.wecom.sent.codes import Cards
from imbridge.adapters.xml_callback import XmlFacts
from imbridge.protocol import Channel, ChannelKind, Sender


@dataclass(slots=True)
class Identity:
    """The account that receives.

    Attributes:
        account: Its name in the configuration.
        corp_id: The corp.
        agent_id: The app.
        name: What the app is called, once known.
        seals: What they are sealed with.
        cards: The cards it has sent: clicks tell them by their task ids.
    """

    account: str
    corp_id: str
    agent_id: int
    name: str = ""
    seals: Seals = field(default=NOT_SEALING, repr=False)
    cards: Cards = field(default_factory=Cards, repr=False)


@dataclass(slots=True)
class Facts(XmlFacts[Identity]):
    """One callback."""

    platform = "wecom"

    def under(self, name: str) -> Mapping[str, Any]:
        """A field with fields in it.

        Raises:
            TypeError: it is none.
        """
        value = self.fields.get(name)
        if not isinstance(value, Mapping):
            raise TypeError(f"no fields in {name}")
        return value

    @property
    def actor(self) -> Sender | None:
        """`FromUserName`, unless it is the system (`sys`) or nobody."""
        user = self.text("FromUserName")
        return member(user) if user and user != "sys" else None

    @property
    def channel(self) -> Channel | None:
        """The private chat with `FromUserName`."""
        return private(self.me.account, self.text("FromUserName")) if self.actor is not None else None


_WITH_AN_ID = frozenset({ChannelKind.PRIVATE, ChannelKind.USER, ChannelKind.GROUP})


def place_of(channel: Channel | None) -> str:
    """What a card is sealed for, and what a click in it tells: the id of the member or the group.

    One that goes to a department or a tag is sealed for no chat: each of its members clicks in a chat of their own.
    """
    return channel.id if channel is not None and channel.kind in _WITH_AN_ID else ""


@lru_cache(maxsize=10_000)
def member(userid: str) -> Sender:
    """A member of the corp as a sender: the same one for each message of theirs."""
    return Sender(id=userid)


@lru_cache(maxsize=10_000)
def private(account: str, userid: str) -> Channel:
    """The chat with a member. The same one for each of its messages: it is frozen, and knows its address already."""
    return Channel(platform="wecom", account=account, kind=ChannelKind.PRIVATE, id=userid)
