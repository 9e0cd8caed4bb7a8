"""Groups that an app made."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbridge.emulators.wecom.app import App
    from imbridge.emulators.wecom.user import User


@dataclass(slots=True, eq=False)
class AppChat:
    """A group that an app made and can write to.

    Attributes:
        chatid: Its id.
        name: What people see.
        app: Who made it.
        owner: One of the members.
        members: Who is in it.
    """

    chatid: str
    name: str
    app: "App"
    owner: "User"
    members: "list[User]" = field(default_factory=list)
