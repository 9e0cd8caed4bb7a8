"""A group robot (消息推送): an address into one group, which anybody who has it can post to.

Rule: https://developer.work.weixin.qq.com/document/path/91770. It has neither keywords nor a signature.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imbridge.emulators.wecom.message import AppMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User


@dataclass(slots=True, eq=False)
class GroupRobot:
    """A group robot.

    Attributes:
        name: What people see.
        key: The address's password.
        webhook_url: Where to post.
        chatid: The group.
        members: Who is in the group.
        messages: What it posted, oldest first; the newest `settings.history`.
        removed: Whether somebody took it out of the group.
    """

    name: str
    key: str = field(repr=False)
    webhook_url: str = field(repr=False)
    chatid: str
    members: "tuple[User, ...]" = ()
    messages: list[AppMessage] = field(default_factory=list, repr=False)
    removed: bool = False
