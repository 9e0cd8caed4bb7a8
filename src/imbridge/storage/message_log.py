"""What was said, by whom and where: for people who look something up. Nothing is handled from it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class LogLine:
    """A message that came in or went out.

    Attributes:
        number: Its place in the log: larger is later.
        account: `platform:account`.
        channel: Address of the conversation.
        direction: `in` or `out`.
        message_id: The platform's id; of an answer in several messages the first one's.
        sender_id: Who wrote it; empty for us.
        sender_name: Their name, as far as it was known.
        content_type: What it mainly is.
        text: What it says, as a person would read it, up to 65,536 characters. Media are named, not kept.
        at: Seconds since 1970: when it was said, by the platform; of ours when the storage had it.
    """

    number: int
    account: str
    channel: str
    direction: Direction
    message_id: str
    sender_id: str
    sender_name: str
    content_type: str
    text: str
    at: float

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        """What a row holds; its number is `seq`."""
        return cls(number=row["seq"], **{name: row[name] for name in cls.__slots__[1:]})


class MessageLog(ABC):
    """The message log."""

    @abstractmethod
    async def search(
        self,
        *,
        channel: str | None = None,
        sender: str | None = None,
        text: str | None = None,
        direction: Direction | None = None,
        since: float | None = None,
        until: float | None = None,
        before: LogLine | None = None,
        limit: int = 50,
    ) -> list[LogLine]:
        """Lines that meet all that is asked for, newest first.

        Args:
            channel: Address of a conversation.
            sender: Id of a person.
            text: Is part of what it says; upper and lower case of A to Z do not matter.
            direction: What came in, or what went out.
            since: Said at this time or later (seconds since 1970).
            until: Said before this time.
            before: Go on behind this line: the last one of the page before.
            limit: How many at most.
        """
