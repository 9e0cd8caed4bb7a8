"""A department of the tenant."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User

ROOT_ID = "0"
"""The id of the root department, of either type
(https://open.feishu.cn/document/server-docs/contact-v3/department/field-overview)."""


@dataclass(slots=True, eq=False)
class Department:
    """A department.

    Attributes:
        open_department_id: `od-...`, made by the platform.
        department_id: The tenant's own id for it.
        name: Its name.
        parent: The department above; None: the root.
        leader: Who leads it.
        order: Its place among its neighbours, the smallest first.
        deleted: Whether it was deleted.
    """

    open_department_id: str
    department_id: str
    name: str
    parent: "Department | None" = None
    leader: "User | None" = None
    order: int = 0
    deleted: bool = False

    def __repr__(self) -> str:
        return f"<Department {self.name!r} {self.open_department_id}>"

    def id(self, id_type: str) -> str:
        """The id of a type: `open_department_id` or `department_id`."""
        return self.department_id if id_type == "department_id" else self.open_department_id

    def parent_id(self, id_type: str) -> str:
        """The id of the department above; the root's is `0`."""
        return self.parent.id(id_type) if self.parent else ROOT_ID

    def line(self) -> "Iterator[Department]":
        """This department and all above it."""
        here: Department | None = self
        while here is not None:
            yield here
            here = here.parent
