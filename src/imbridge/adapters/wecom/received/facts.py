"""What every callback of an app says, and who receives it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from imbridge.adapters.wecom.sent.codes import Cards
from imbridge.protocol import Channel, ChannelKind, Event, Sender
from imbridge.protocol.message import utc


@dataclass(slots=True)
class Identity:
    """The account that receives.

    Attributes:
        account: Its name in the configuration.
        corp_id: The corp.
        agent_id: The app.
        name: What the app is called, once known.
        cards: The cards it has sent: clicks tell them by their task ids.
    """

    account: str
    corp_id: str
    agent_id: int
    name: str = ""
    cards: Cards = field(default_factory=Cards, repr=False)


@dataclass(slots=True)  # one per callback: not frozen, which would triple the cost of making it
class Facts:
    """One callback.

    Attributes:
        fields: The whole of it, as read from its XML.
        me: Who receives it.
        key: Tells it from all others: repetitions of it have the same.
    """

    fields: Mapping[str, Any]
    me: Identity
    key: str

    def text(self, name: str) -> str:
        """A field that is a text; empty when it is missing or something else."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ""

    def needed(self, name: str) -> str:
        """A field that has to be there as a text, which may be empty.

        Raises:
            TypeError: it is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise TypeError(f"no {name}")
        return value

    def filled(self, name: str) -> str:
        """A field that has to hold a text.

        Raises:
            TypeError: it is no text.
            ValueError: it is empty.
        """
        value = self.needed(name)
        if not value:
            raise ValueError(f"no {name}")
        return value

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
    def timestamp(self) -> datetime:
        """`CreateTime`, in seconds; now, when there is none that makes sense."""
        seconds = self.text("CreateTime")
        return utc(int(seconds) * 1000) if seconds.isascii() and seconds.isdigit() and len(seconds) < 12 else _now()

    @property
    def actor(self) -> Sender | None:
        """`FromUserName`, unless it is the system (`sys`) or nobody."""
        user = self.text("FromUserName")
        return member(user) if user and user != "sys" else None

    @property
    def channel(self) -> Channel | None:
        """The private chat with `FromUserName`."""
        return private(self.me.account, self.text("FromUserName")) if self.actor is not None else None

    def make(self, event: type[Event], /, **facts: Any) -> Event:
        """An event of this callback."""
        common = {
            "id": self.key,
            "platform": "wecom",
            "account": self.me.account,
            "channel": self.channel,
            "actor": self.actor,
            "timestamp": self.timestamp,
            "payload": dict(self.fields),
        }
        return event(**{**common, **facts})


def _now() -> datetime:
    return datetime.now(UTC)


@lru_cache(maxsize=10_000)
def member(userid: str) -> Sender:
    """A member of the corp as a sender: the same one for each message of theirs."""
    return Sender(id=userid)


@lru_cache(maxsize=10_000)
def private(account: str, userid: str) -> Channel:
    """The chat with a member. The same one for each of its messages: it is frozen, and knows its address already."""
    return Channel(platform="wecom", account=account, kind=ChannelKind.PRIVATE, id=userid)


def digest(content: bytes) -> str:
    """What stands for the id of something that has none."""
    return hashlib.sha256(content).hexdigest()[:32]
