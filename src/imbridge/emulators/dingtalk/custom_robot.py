"""A group's custom robot (自定义机器人): an address into one group, which whoever has it can post to."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.group import Group


@dataclass(slots=True, eq=False)
class CustomRobot:
    """A custom robot.

    Attributes:
        name: What people see.
        group: Where it posts.
        access_token: The address's password.
        webhook_url: Where to post.
        secret: With which requests are signed, `SEC...`; empty: none is asked for.
        keywords: One of them must be in every message; none: any message is fine.
        trusted_ips: Addresses that may post; None: all.
        stopped: Whether an administrator has stopped it.
        removed: Whether it was taken out of the group.
        banned_until: Until when (`time.monotonic`) it is limited for its rate.
    """

    name: str
    group: "Group" = field(repr=False)
    access_token: str = field(repr=False)
    webhook_url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    keywords: tuple[str, ...] = ()
    trusted_ips: Collection[str] | None = None
    stopped: bool = False
    removed: bool = False
    banned_until: float = 0.0
