"""The departments of the organisation, and who is in them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.user import User

ROOT = 1


@dataclass(slots=True, eq=False)
class Department:
    """A department.

    Attributes:
        id: Its number; 1 is the organisation itself.
        name: What people see.
        parent_id: The department above; of the organisation itself 0.
        order: Smaller ones stand first.
        managers: userids.
        brief: What it is about.
    """

    id: int
    name: str
    parent_id: int = ROOT
    order: int = 0
    managers: list[str] = field(default_factory=list)
    brief: str = ""


class Directory:
    """Departments by number."""

    def __init__(self, corp_name: str) -> None:
        self.departments: dict[int, Department] = {ROOT: Department(ROOT, corp_name, 0)}

    def add(self, name: str, parent_id: int, number: int) -> Department:
        """A new department.

        Raises:
            ValueError: The one above does not exist, or the number is taken.
        """
        if parent_id not in self.departments:
            raise ValueError(f"there is no department {parent_id} to put {name!r} into: call add_department first")
        if number in self.departments:
            raise ValueError(f"there is a department {number} already")
        department = Department(number, name, parent_id, order=number)
        self.departments[number] = department
        return department

    def below(self, number: int) -> list[Department]:
        """The departments directly below one."""
        return [one for one in self.departments.values() if one.parent_id == number]

    def above(self, number: int) -> list[int]:
        """The numbers of a department and all above it, itself first."""
        found = []
        while number in self.departments and number not in found:
            found.append(number)
            number = self.departments[number].parent_id
        return found

    def check(self, numbers: Iterable[int]) -> None:
        """Sees that departments exist.

        Raises:
            ValueError: One does not.
        """
        unknown = sorted(set(numbers) - set(self.departments))
        if unknown:
            raise ValueError(f"there is no department {unknown}: call add_department first")


def members(people: "Iterable[User]", number: int) -> "list[User]":
    """Who is directly in a department, in the order they joined the organisation."""
    return [user for user in people if number in departments_of(user)]


def departments_of(user: "User") -> list[int]:
    """The departments of somebody: those they were put into, else the organisation itself."""
    return list(user.departments) or [ROOT]
