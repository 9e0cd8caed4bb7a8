"""What every callback says, and who receives it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from imbridge.protocol import Channel, ChannelKind, Event, Sender
from imbridge.protocol.message import utc


@dataclass(frozen=True, slots=True)
class Identity:
    """The account that receives.

    Attributes:
        account: Its name in the configuration.
        app_id: Its AppID.
    """

    account: str
    app_id: str


@dataclass(frozen=True, slots=True)
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
        """A field that has to be there.

        Raises:
            ValueError: it is not, or is empty.
        """
        value = self.text(name)
        if not value:
            raise ValueError(f"no {name}")
        return value

    @property
    def timestamp(self) -> datetime:
        """`CreateTime`, in seconds; now, when there is none that makes sense."""
        seconds = self.text("CreateTime")
        sensible = seconds.isascii() and seconds.isdigit() and len(seconds) < 12
        return utc(int(seconds) * 1000) if sensible else datetime.now(UTC)

    @property
    def actor(self) -> Sender | None:
        """The follower, `FromUserName`."""
        openid = self.text("FromUserName")
        return Sender(id=openid) if openid else None

    @property
    def channel(self) -> Channel | None:
        """The private chat with the follower."""
        openid = self.text("FromUserName")
        return private(self.me.account, openid) if openid else None

    def make(self, event: type[Event], /, **facts: Any) -> Event:
        """An event of this callback."""
        common = {
            "id": self.key,
            "platform": "wechat",
            "account": self.me.account,
            "channel": self.channel,
            "actor": self.actor,
            "timestamp": self.timestamp,
            "payload": dict(self.fields),
        }
        return event(**{**common, **facts})


@lru_cache(maxsize=10_000)
def private(account: str, openid: str) -> Channel:
    """The chat with a follower. The same one for each of its messages: it is frozen, and knows its address already."""
    return Channel(platform="wechat", account=account, kind=ChannelKind.PRIVATE, id=openid)


def digest(content: bytes) -> str:
    """What stands for the id of something that has none."""
    return hashlib.sha256(content).hexdigest()[:32]
