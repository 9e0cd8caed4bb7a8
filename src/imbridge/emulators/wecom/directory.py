"""The corp's directory: people, departments and tags."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User


@dataclass(slots=True, eq=False)
class Department:
    """A department.

    Attributes:
        id: Its number; 1 is the corp itself.
        name: What people see.
        parent_id: The department above; 0: none.
        order: Larger ones stand first.
        leaders: Userids.
    """

    id: int
    name: str
    parent_id: int = 1
    order: int = 100_000_000
    name_en: str = ""
    leaders: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Tag:
    """A tag: people and departments."""

    id: int
    name: str
    userids: set[str] = field(default_factory=set)
    parties: set[int] = field(default_factory=set)


class Directory:
    """People by userid (in lower case, the platform does not tell cases apart), departments and tags by number."""

    def __init__(self, corp_name: str) -> None:
        self.users: dict[str, User] = {}
        self.departments: dict[int, Department] = {1: Department(1, corp_name, 0)}
        self.tags: dict[int, Tag] = {}

    def user(self, userid: object) -> "User | None":
        """Somebody by userid."""
        return self.users.get(userid.lower()) if isinstance(userid, str) else None

    def below(self, department_id: int, *, itself: bool = True) -> set[int]:
        """The departments below one, at any depth."""
        found = {department_id} if itself else set()
        for one in self.departments.values():
            if one.parent_id == department_id and one.id not in found:
                found |= self.below(one.id)
        return found

    def members(self, department_ids: Iterable[int]) -> "list[User]":
        """Who is in one of the departments, in the order they joined the corp."""
        wanted = set(department_ids)
        return [user for user in self.users.values() if wanted.intersection(user.departments)]

    def tagged(self, tag: Tag) -> "list[User]":
        """Who has a tag, by name or by department (with those below)."""
        parties: set[int] = set()
        for party in tag.parties:
            parties |= self.below(party)
        return [
            one for one in self.users.values() if one.userid in tag.userids or parties.intersection(one.departments)
        ]
