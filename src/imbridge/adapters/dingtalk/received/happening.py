"""What every event says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imbridge.adapters.dingtalk.received.facts import group, moment_or_none, text_of, whole
from imbridge.adapters.dingtalk.received.identity import Identity
from imbridge.protocol import Channel, Event, Sender

_TIMES = ("EventTime", "timeStamp", "operateTime", "operatTime", "OperatTime")


@dataclass(slots=True)
class Happening:
    """One event.

    Attributes:
        headers: What the stream has in the frame's headers; empty over HTTP, where it stands beside the data.
        data: The whole of it.
        me: Who receives it.
        key: Its `eventId`.
        kind: Its `eventType`.
    """

    headers: Mapping[str, Any]
    data: Mapping[str, Any]
    me: Identity
    key: str
    kind: str

    def text(self, name: str) -> str:
        """A field that is a text, or begins with a capital, as over HTTP some do; empty when there is none."""
        return text_of(self.data, name) or text_of(self.data, name[:1].upper() + name[1:])

    def filled(self, name: str) -> str:
        """A field that has to hold a text.

        Raises:
            ValueError: it does not.
        """
        value = self.text(name)
        if not value:
            raise ValueError(f"no {name}")
        return value

    def ids(self, name: str) -> list[str]:
        """A list of ids, which are texts or numbers.

        Raises:
            TypeError: it is something else.
        """
        found = self.data.get(name)
        items = found if isinstance(found, list) else [] if found is None else [found]
        if any(not isinstance(item, str) and whole(item) is None for item in items):
            raise TypeError(f"{name} has something else than ids")
        return [str(item) for item in items if item != ""]

    @property
    def timestamp(self) -> datetime:
        """When it happened; now, when nothing says so that makes sense."""
        told = [self.headers.get("eventBornTime"), *(self.data.get(name) for name in _TIMES)]
        return next((found for value in told if (found := moment_or_none(value))), None) or datetime.now(UTC)

    @property
    def channel(self) -> Channel | None:
        """The group, by the id that messages have. An event that has but a `chatId`, which is another, is nowhere."""
        conversation = self.text("openConversationId")
        return group(self.me.account, conversation) if conversation else None

    @property
    def actor(self) -> Sender | None:
        """Who did it: `operator`, and somebody from outside by `operatorUnionId` alone."""
        return person(self.text("operator"), self.text("operatorUnionId"))

    def make(self, event: type[Event], /, **facts: Any) -> Event:
        """An event of this happening."""
        common = {
            "id": self.key,
            "platform": "dingtalk",
            "account": self.me.account,
            "channel": self.channel,
            "actor": self.actor,
            "timestamp": self.timestamp,
            "payload": dict(self.data),
        }
        return event(**{**common, **facts})


def person(user: str, union: str = "") -> Sender | None:
    """Somebody by their user id, or, where they have none, their union id."""
    if not user and not union:
        return None
    ids = {name: value for name, value in (("staff_id", user), ("union_id", union)) if value}
    return Sender(id=user or union, ids=ids)
