"""A group."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imbridge.emulators.dingtalk.app import App

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.custom_robot import CustomRobot
    from imbridge.emulators.dingtalk.user import User


@dataclass(slots=True, eq=False)
class Group:
    """A group of people, with the robots in it.

    Attributes:
        open_conversation_id: `cid...`.
        chat_id: The older id, `chat...`, which events carry.
        title: What people see.
        members: Who is in it.
        apps: Apps whose robots are in it.
        robots: Custom robots in it.
        owner: Whose it is.
        disbanded: Whether it is no more.
    """

    open_conversation_id: str
    chat_id: str
    title: str
    members: "list[User]" = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    robots: "list[CustomRobot]" = field(default_factory=list, repr=False)
    owner: "User | None" = None
    disbanded: bool = False
