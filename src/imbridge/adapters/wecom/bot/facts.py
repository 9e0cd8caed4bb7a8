"""What every callback of a smart bot says, and who receives it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from imbridge.adapters.card_seals import NOT_SEALING, Seal, Seals
from imbridge.adapters.wecom.received.facts import place_of, private
from imbridge.protocol import Channel, ChannelKind, Event, Sender
from imbridge.protocol.message import utc


@dataclass(slots=True)
class BotIdentity:
    """The account that receives.

    Attributes:
        account: Its name in the configuration.
        bot_id: The bot; over callbacks only known once something came.
        name: What the bot is called in groups; the platform does not tell, so it is empty unless it is a setting.
        seals: What its cards are sealed with.
    """

    account: str
    bot_id: str = ""
    name: str = ""
    seals: Seals = field(default=NOT_SEALING, repr=False)

    def seal(self, channel: Channel | None) -> Seal:
        """What seals a card that goes there."""
        return self.seals.at(place_of(channel))


@dataclass(frozen=True, slots=True)
class BotFacts:
    """One callback.

    Attributes:
        body: The whole of it.
        me: Who receives it.
        key: Its `msgid`, or what stands for one.
    """

    body: Mapping[str, Any]
    me: BotIdentity
    key: str

    def text(self, name: str) -> str:
        """A field that is a text; empty when it is missing or something else."""
        value = self.body.get(name, "")
        return value if isinstance(value, str) else ""

    @property
    def timestamp(self) -> datetime:
        """`create_time`, in seconds, which events have; now, where there is none."""
        seconds = self.body.get("create_time")
        if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 10**11:
            return utc(seconds * 1000)
        return datetime.now(UTC)

    @property
    def actor(self) -> Sender | None:
        """Who said or did it."""
        person = self.body.get("from")
        user = person.get("userid") if isinstance(person, dict) else None
        if not isinstance(user, str) or not user:
            return None
        return Sender(id=user, is_self=user == self.me.bot_id, is_bot=user == self.me.bot_id)

    @property
    def channel(self) -> Channel | None:
        """The group, or the private chat with whoever said or did it."""
        chat = self.text("chatid")
        if self.text("chattype") == "group" and chat:
            return Channel(platform="wecom", account=self.me.account, kind=ChannelKind.GROUP, id=chat)
        return private(self.me.account, self.actor.id) if self.actor is not None else None

    def make(self, event: type[Event], /, **facts: Any) -> Event:
        """An event of this callback."""
        common = {
            "id": self.key,
            "platform": "wecom",
            "account": self.me.account,
            "channel": self.channel,
            "actor": self.actor,
            "timestamp": self.timestamp,
            "payload": dict(self.body),
        }
        return event(**{**common, **facts})
