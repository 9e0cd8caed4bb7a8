"""What the directory knows of a person beside name and ids."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbridge.emulators.feishu.department import Department
    from imbridge.emulators.feishu.user import User


@dataclass(slots=True)
class Profile:
    """A person's entry in the directory.

    Fields: https://open.feishu.cn/document/server-docs/contact-v3/user/field-overview

    Attributes:
        en_name: The English name.
        nickname: The alias.
        mobile: The telephone number.
        job_title: The job title.
        departments: The departments, the main one first; none: directly below the root.
        leader: The direct superior.
        employee_no: The number in the company's own books.
        employee_type: 1 regular, 2 intern, 3 outsourced, 4 contractor, 5 consultant.
        gender: 0 undisclosed, 1 male, 2 female, 3 other.
        city: Where the person works.
        country: The country's code.
        work_station: The desk.
        join_time: Seconds since the epoch.
        frozen: Whether the account is suspended.
        resigned: Whether the person left.
        activated: Whether the account was ever used.
    """

    en_name: str = ""
    nickname: str = ""
    mobile: str = ""
    job_title: str = ""
    departments: "list[Department]" = field(default_factory=list)
    leader: "User | None" = None
    employee_no: str = ""
    employee_type: int = 1
    gender: int = 0
    city: str = ""
    country: str = "CN"
    work_station: str = ""
    join_time: int = 1_700_000_000
    frozen: bool = False
    resigned: bool = False
    activated: bool = True
