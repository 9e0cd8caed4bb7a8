"""What every delivery says, and who receives it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imbridge.protocol import Channel, ChannelKind, Sender
from imbridge.protocol.message import utc


@dataclass(slots=True)
class Identity:
    """The account that receives.

    Attributes:
        account: Its name in the configuration.
        robot_code: The app's robot.
        name: What the robot is called, where it is known.
        user_id: The robot as the platform names it in messages (`chatbotUserId`), once something came.
    """

    account: str
    robot_code: str
    name: str = ""
    user_id: str = ""


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Facts:
    """One robot message.

    Attributes:
        data: The whole of it.
        me: Who receives it.
        key: Its `msgId`.
    """

    data: Mapping[str, Any]
    me: Identity
    key: str

    def text(self, name: str) -> str:
        """A field that is a text; empty when it is missing or something else."""
        value = self.data.get(name, "")
        return value if isinstance(value, str) else ""

    @property
    def in_group(self) -> bool:
        """Whether it was said in a group."""
        return str(self.data.get("conversationType")) == "2"

    @property
    def timestamp(self) -> datetime:
        """`createAt`, in milliseconds; now, when there is none that makes sense."""
        return moment(self.data.get("createAt"))

    @property
    def sender(self) -> Sender:
        """Who wrote it. People outside the organisation have no staff id.

        Raises:
            ValueError: nobody is named.
        """
        staff, other = self.text("senderStaffId"), self.text("senderId")
        if not staff and not other:
            raise ValueError("a message from nobody")
        ids = {name: value for name, value in (("staff_id", staff), ("dingtalk_id", other)) if value}
        if corp := self.text("senderCorpId"):
            ids["corp_id"] = corp
        return Sender(id=staff or other, ids=ids, name=self.text("senderNick") or None)

    def channel(self, sender: Sender) -> Channel:
        """The group, or the private chat with the sender.

        Raises:
            ValueError: a group without an id.
        """
        account = self.me.account
        if not self.in_group:
            return Channel(platform="dingtalk", account=account, kind=ChannelKind.PRIVATE, id=sender.id)
        conversation = self.text("conversationId")
        if not conversation:
            raise ValueError("a group without conversationId")
        name = self.text("conversationTitle") or None
        return Channel(platform="dingtalk", account=account, kind=ChannelKind.GROUP, id=conversation, name=name)


def moment(value: Any) -> datetime:
    """A time in epoch milliseconds, as a number or as digits; now, when it makes no sense."""
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 10**14:
        return utc(number)
    return datetime.now(UTC)


def digest(content: bytes) -> str:
    """Stands for the id of something that has none."""
    return hashlib.sha256(content).hexdigest()[:32]
