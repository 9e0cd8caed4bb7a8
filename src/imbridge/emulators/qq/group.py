"""A group chat."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imbridge.emulators.qq.bot import Bot

if TYPE_CHECKING:
    from imbridge.emulators.qq.user import User


@dataclass(slots=True, eq=False)
class Group:
    """A group.

    Attributes:
        number: What it is for the platform; bots see their own `group_openid`.
        name: What people see.
        members: Who is in it.
        bots: Which robots are in it.
        owner: Whose it is.
        admins: Who else runs it.
        all_messages: Whether the robots get everything that is said, not only what is said to them.
        managed_by: The robots that run it too.
        refuses: The robots that may not speak first here: somebody has turned that off.
    """

    number: str
    name: str
    members: "list[User]" = field(default_factory=list, repr=False)
    bots: list[Bot] = field(default_factory=list, repr=False)
    owner: "User | None" = None
    admins: "list[User]" = field(default_factory=list, repr=False)
    all_messages: bool = False
    managed_by: set[Bot] = field(default_factory=set, repr=False)
    refuses: set[Bot] = field(default_factory=set, repr=False)

    def role_of(self, user: "User") -> str:
        """`owner`, `admin` or `member`."""
        if user is self.owner:
            return "owner"
        return "admin" if user in self.admins else "member"
