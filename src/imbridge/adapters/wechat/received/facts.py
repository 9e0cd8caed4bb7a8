"""What every callback says, and who receives it."""

from dataclasses import dataclass, field
from functools import lru_cache

from imbridge.adapters.card_seals import NOT_SEALING, Seals
from imbridge.adapters.xml_callback import XmlFacts
from imbridge.protocol import Channel, ChannelKind, Sender


@dataclass(frozen=True, slots=True)
class Identity:
    """The account that receives.

    Attributes:
        account: Its name in the configuration.
        app_id: Its AppID.
        seals: What its menus are sealed with.
    """

    account: str
    app_id: str
    seals: Seals = field(default=NOT_SEALING, repr=False)


@dataclass(slots=True)
class Facts(XmlFacts[Identity]):
    """One callback."""

    platform = "wechat"

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


@lru_cache(maxsize=10_000)
def private(account: str, openid: str) -> Channel:
    """The chat with a follower. The same one for each of its messages: it is frozen, and knows its address already."""
    return Channel(platform="wechat", account=account, kind=ChannelKind.PRIVATE, id=openid)
