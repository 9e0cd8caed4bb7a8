"""What WeCom's apps and WeChat's accounts say alike in the XML of a callback, and how it is read. Pure.

Sources: developer.work.weixin.qq.com, "message format" (path/90239) and "event format" (path/90240);
developers.weixin.qq.com, doc/service/guide/product/message/Receiving_standard_messages.html.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic_core import to_json

from imbridge.adapters.unexpected import NOT_AS_EXPECTED, digest
from imbridge.protocol import Channel, DecodeError, Event, Message, Sender
from imbridge.protocol.message import utc


class Receiver(Protocol):
    """Who receives a callback."""

    @property
    def account(self) -> str:
        """Its name in the configuration."""


ReceiverT = TypeVar("ReceiverT", bound=Receiver)
ReadT = TypeVar("ReadT")


@dataclass(slots=True)  # one per callback: not frozen, which would triple the cost of making it
class XmlFacts(ABC, Generic[ReceiverT]):
    """One callback.

    Attributes:
        fields: The whole of it, as read from its XML.
        me: Who receives it.
        key: Tells it from all others: repetitions of it have the same.
    """

    platform: ClassVar[str]
    fields: Mapping[str, Any]
    me: ReceiverT
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

    @property
    def timestamp(self) -> datetime:
        """`CreateTime`, in seconds; now, when there is none that makes sense."""
        seconds = self.text("CreateTime")
        sensible = seconds.isascii() and seconds.isdigit() and len(seconds) < 12
        return utc(int(seconds) * 1000) if sensible else datetime.now(UTC)

    @property
    @abstractmethod
    def actor(self) -> Sender | None:
        """Who did it, where it is a person."""

    @property
    @abstractmethod
    def channel(self) -> Channel | None:
        """The private chat with whoever did it."""

    def make(self, event: type[Event], /, **facts: Any) -> Event:
        """An event of this callback."""
        common = {
            "id": self.key,
            "platform": self.platform,
            "account": self.me.account,
            "channel": self.channel,
            "actor": self.actor,
            "timestamp": self.timestamp,
            "payload": dict(self.fields),
        }
        return event(**{**common, **facts})

    def message(self, kind: str, elements: tuple[Any, ...], channel: Channel, sender: Sender) -> Message:
        """The message that this callback is; of its kind, where it holds nothing, or of its first element's."""
        text = elements[0].as_text() if len(elements) == 1 else "".join(element.as_text() for element in elements)
        return Message(
            id=self.key,
            channel=channel,
            sender=sender,
            elements=elements,
            content_type=str(elements[0].type) if elements else kind,
            text=text,
            raw=text,
            timestamp=self.timestamp,
            payload=dict(self.fields),
        )


FactsT = TypeVar("FactsT", bound=XmlFacts[Any])


def kind_and_key(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Which kind a callback is (`event`, or a type of message), and what tells it from all others.

    Raises:
        DecodeError: it lacks what every callback has.
    """
    kind = fields.get("MsgType")
    if not isinstance(kind, str) or not kind:
        raise DecodeError("a callback without MsgType", fields)
    if kind == "event":
        return kind, event_key(fields)
    message_id = fields.get("MsgId")
    if not isinstance(message_id, str) or not message_id:
        raise DecodeError("a message without MsgId", fields)
    sender = fields.get("FromUserName")
    if not isinstance(sender, str) or not sender:
        raise DecodeError("a message from nobody", fields)
    return kind, message_id


def event_key(fields: Mapping[str, Any]) -> str:
    """What a repetition of an event has in common with it, and two events of one second have not: all that it says.

    The platforms' own advice, sender and time, takes two clicks or approvals of one second for one.
    """
    return digest(to_json(dict(fields)))


def read(reader: Callable[[FactsT], ReadT] | None, told: FactsT) -> ReadT | None:
    """What a reader makes of it; None without one, or where the callback lacks what its kind should have."""
    try:
        return reader(told) if reader is not None else None
    except NOT_AS_EXPECTED:
        return None
