"""Messages of people to robots, and of robots to people."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.cards import Card
    from imbridge.emulators.dingtalk.custom_robot import CustomRobot
    from imbridge.emulators.dingtalk.group import Group
    from imbridge.emulators.dingtalk.user import User

Way = Literal["session", "api", "robot", "card"]
"""How a message came: a session webhook, the robot's API, a custom robot, a card."""
Outcome = asyncio.Future[bool]


@dataclass(slots=True, eq=False)
class SentMessage:
    """What a person sent, on its way to a robot.

    Attributes:
        msg_id: The message's id.
        conversation_id: Where it was sent.
        data: What is pushed; empty for a message that no robot gets.
        fields: What was sent: `msgtype` and what belongs to it.
        sender: Who sent it.
        outcome: Whether it was taken, once that is known.
        created_at: When, in milliseconds since the epoch.
        lost: Whether no connection took it: the platform sends it to nobody any more.
        reactions: Emotions that robots have put on it.
    """

    msg_id: str
    conversation_id: str
    data: dict[str, Any]
    sender: "User"
    outcome: Outcome = field(repr=False)
    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    created_at: int = field(default_factory=lambda: int(time.time() * 1000))
    lost: bool = False
    reactions: list[str] = field(default_factory=list, repr=False)

    async def taken(self, timeout: float = 10.0) -> bool:
        """Waits for the end of the delivery; whether a connection (or the callback address) acknowledged it.

        Raises:
            TimeoutError: It is still under way after `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self.outcome)


@dataclass(slots=True, eq=False)
class PushedEvent:
    """An event on its way to an app.

    Attributes:
        event_id: The event's id, the same in every repetition.
        event_type: The event's name.
        data: What is pushed.
        outcome: Whether it was taken, once that is known.
        sendings: How often it was written.
    """

    event_id: str
    event_type: str
    data: dict[str, Any]
    outcome: Outcome = field(repr=False)
    sendings: int = 0

    async def taken(self, timeout: float = 10.0) -> bool:
        """Waits for the end of the delivery: True when SUCCESS came, False when the platform has given up.

        Raises:
            TimeoutError: It is still under way after `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self.outcome)


@dataclass(slots=True, eq=False, kw_only=True)
class BotMessage:
    """A message that a robot sent.

    Attributes:
        text: What a person reads.
        kind: text, markdown, image, file, audio, video, link, actionCard, feedCard or card.
        body: The request as it was sent; `msgParam` of the robot's API as the object it was.
        way: How it came.
        message_id: processQueryKey or outTrackId; empty for webhooks, which give no id.
        process_query_key: Of a card: its processQueryKey (`carrierId`), by which it is recalled.
        card: The card, if it is one.
        app: Whose robot sent it; None: a custom robot.
        robot: The custom robot that sent it.
        chat: The group it is in; None: a single chat.
        recipients: Who it reached.
        shown_as: The msgId that a message has which quotes it; empty until then.
        mentioned: userids and mobiles that are mentioned, `all` for everybody.
        recalled: Whether it was recalled.
        read_by: userids of those who have read it.
        sent_at: `time.time()` of its arrival.
    """

    text: str
    kind: str
    body: dict[str, Any]
    way: Way
    message_id: str = ""
    process_query_key: str = ""
    card: "Card | None" = field(default=None, repr=False)
    app: "App | None" = None
    robot: "CustomRobot | None" = None
    chat: "Group | None" = None
    recipients: "tuple[User, ...]" = ()
    mentioned: tuple[str, ...] = ()
    recalled: bool = False
    read_by: set[str] = field(default_factory=set, repr=False)
    shown_as: str = ""
    sent_at: float = field(default_factory=time.time)

    @property
    def status(self) -> int:
        """Of an AI card its `flowStatus`, 1 to 5; of anything else 0."""
        return self.card.status if self.card is not None else 0

    @property
    def states(self) -> list[str]:
        """Of a card the texts that could be read, one after the other; of anything else the one text."""
        return self.card.states if self.card is not None else [self.text]

    @property
    def finished(self) -> bool:
        """Whether it is an AI card that is complete."""
        return self.card is not None and self.card.finished

    @property
    def failed(self) -> bool:
        """Whether it is an AI card that shows a failure."""
        return self.card is not None and self.card.failed
