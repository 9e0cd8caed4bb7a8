"""The tenant's address book, as far as the app may see it: `adapter.contacts`.

Sources: open.feishu.cn, contact-v3 user/get, user/batch, user/find_by_department, user/batch_get_id, department/get,
department/children, scope/list. What is seen is the app's contact range (console: Permissions & Scopes > Data
permissions), and fields need scopes of their own: a field without its scope is missing, not refused. So is `user_id`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import Field

from imbridge.adapters.feishu.api import user_id_type
from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.services.pages import called, entries, pages
from imbridge.protocol.model import ProtocolModel

_USERS = "/open-apis/contact/v3/users"
_DEPARTMENTS = "/open-apis/contact/v3/departments"
_BATCH = 50
_SCOPE_PAGE = 100

_OPEN_IDS = {"user_id_type": "open_id", "department_id_type": "open_department_id"}
_T = TypeVar("_T")

ROOT = "0"
"""The department that holds all others."""


class User(ProtocolModel):
    """Somebody in the address book.

    Attributes:
        id: Their `open_id`.
        ids: All their ids by type (`open_id`, `union_id`, `user_id`), as far as the app may see them.
        name: What they are called.
        email: Their e-mail address.
        mobile: Their telephone number.
        department_ids: Where they work: `open_department_id`s.
        leader_id: Who leads them: an id of the type that they were asked for with.
        job_title: What they do.
        employee_no: Their number.
        active: They have an account that can be used: activated, not frozen, not resigned. None where it is not told.
        payload: All that the platform says.
    """

    id: str
    ids: dict[str, str] = Field(default_factory=dict)
    name: str = ""
    email: str = ""
    mobile: str = ""
    department_ids: tuple[str, ...] = ()
    leader_id: str = ""
    job_title: str = ""
    employee_no: str = ""
    active: bool | None = None
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class Department(ProtocolModel):
    """A department.

    Attributes:
        id: Its `open_department_id`.
        ids: All its ids by type (`open_department_id`, `department_id`).
        name: What it is called.
        parent_id: The department above it; `0` is the root.
        leader_id: The `open_id` of who leads it.
        chat_id: Its group, when it has one.
        members: How many people are in it and below; None where the platform does not say.
        payload: All that the platform says.
    """

    id: str
    ids: dict[str, str] = Field(default_factory=dict)
    name: str = ""
    parent_id: str = ""
    leader_id: str = ""
    chat_id: str = ""
    members: int | None = None
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class Range(ProtocolModel):
    """What of the address book an app may see.

    Attributes:
        user_ids: People named one by one: `open_id`s.
        department_ids: Departments with all below them: `open_department_id`s.
        group_ids: User groups.
    """

    user_ids: tuple[str, ...] = ()
    department_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()


class FeishuContacts:
    """Looks people and departments up.

    An id may be of any type: `ou_...` is an open_id, `on_...` a union_id, anything else a user_id; `od-...` is an
    open_department_id, anything else a department_id. Ids in answers are open ids. All methods raise `DeliveryError`
    and its kinds.
    """

    def __init__(self, caller: Caller) -> None:
        """Over one account's caller."""
        self._caller = caller

    async def user(self, user_id: str) -> User:
        """One person."""
        params = {"user_id_type": user_id_type(user_id), "department_id_type": "open_department_id"}
        path = f"{_USERS}/{quote(user_id, safe='')}"
        data = await called(self._caller, "GET", path, api="contact.user.get", params=params)
        return _user(data.get("user") or {}, user_id)

    async def users(self, user_ids: Iterable[str]) -> tuple[User, ...]:
        """Several people, 50 with each call; those who are not found are left out."""
        found: list[User] = []
        for id_type, ids in by_type(user_ids):
            for batch in _batches(ids):
                params = {
                    "user_ids": list(batch), "user_id_type": id_type, "department_id_type": "open_department_id"
                }  # fmt: skip
                data = await called(self._caller, "GET", f"{_USERS}/batch", api="contact.user.batch", params=params)
                found += (_user(item) for item in _dicts(data.get("items")) if item.get("open_id"))
        return tuple(found)

    async def users_of(self, department_id: str = ROOT) -> AsyncIterator[User]:
        """The people who are directly in a department, page by page as they are asked for."""
        params = {**_OPEN_IDS, "department_id": await self._open_id(department_id)}
        path = f"{_USERS}/find_by_department"
        async for item in entries(self._caller, path, api="contact.user.find", size=_BATCH, params=params):
            if item.get("open_id"):
                yield _user(item)

    async def find(
        self, *, emails: Iterable[str] = (), mobiles: Iterable[str] = (), resigned: bool = False
    ) -> dict[str, str]:
        """Who has these addresses or telephone numbers: their `open_id`s by what was asked for, without the unknown.

        Args:
            emails: E-mail addresses; the ones of the platform's own mail service are not found.
            mobiles: Telephone numbers; outside mainland China with `+` and the country's code.
            resigned: Find people who have left, too.
        """
        found: dict[str, str] = {}
        wanted: list[tuple[str, str]] = [("email", one) for one in emails]
        wanted += [("mobile", one) for one in mobiles]
        for batch in _batches(wanted):
            body: dict[str, Any] = {"include_resigned": resigned}
            for kind, value in batch:
                body.setdefault(f"{kind}s", []).append(value)
            data = await called(
                self._caller, "POST", f"{_USERS}/batch_get_id", api="contact.user.batch_get_id", json=body,
                params={"user_id_type": "open_id"},
            )  # fmt: skip
            for item in _dicts(data.get("user_list")):
                asked, user_id = item.get("email") or item.get("mobile"), item.get("user_id")
                if asked and user_id:
                    found[str(asked)] = str(user_id)
        return found

    async def department(self, department_id: str) -> Department:
        """One department."""
        open_id = await self._open_id(department_id)
        data = await called(
            self._caller, "GET", f"{_DEPARTMENTS}/{quote(open_id, safe='')}", api="contact.department.get",
            params=_OPEN_IDS,
        )  # fmt: skip
        return _department(data.get("department") or {}, open_id)

    async def departments(self, parent_id: str = ROOT, *, recursive: bool = False) -> AsyncIterator[Department]:
        """The departments below one, page by page as they are asked for.

        Args:
            parent_id: The department above them; the root when left out.
            recursive: Those below them, too.
        """
        params = {**_OPEN_IDS, "fetch_child": "true" if recursive else "false"}
        path = f"{_DEPARTMENTS}/{quote(await self._open_id(parent_id), safe='')}/children"
        async for item in entries(self._caller, path, api="contact.department.children", size=_BATCH, params=params):
            if item.get("open_department_id"):
                yield _department(item)

    async def scope(self) -> Range:
        """What the app may see of all this."""
        users: list[str] = []
        departments: list[str] = []
        groups: list[str] = []
        path = "/open-apis/contact/v3/scopes"
        async for page in pages(self._caller, path, api="contact.scope", size=_SCOPE_PAGE, params=_OPEN_IDS):
            users += map(str, page.get("user_ids") or ())
            departments += map(str, page.get("department_ids") or ())
            groups += map(str, page.get("group_ids") or ())
        return Range(user_ids=tuple(users), department_ids=tuple(departments), group_ids=tuple(groups))

    async def _open_id(self, department_id: str) -> str:
        """The `open_department_id`: asked for by any other type, answers would hold ids of that type throughout."""
        if department_id == ROOT or department_id.startswith("od-"):
            return department_id
        data = await called(
            self._caller, "GET", f"{_DEPARTMENTS}/{quote(department_id, safe='')}", api="contact.department.get",
            params={"department_id_type": "department_id"},
        )  # fmt: skip
        found = data.get("department") or {}
        return str(found.get("open_department_id") or department_id)


def by_type(user_ids: Iterable[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Ids apart by their type, each once and in order: the platform takes one type with each call."""
    sorted_out: dict[str, dict[str, None]] = {}
    for user_id in user_ids:
        sorted_out.setdefault(user_id_type(user_id), {})[user_id] = None
    for id_type, ids in sorted_out.items():
        yield id_type, tuple(ids)


def _batches(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def _dicts(items: Any) -> Iterator[dict[str, Any]]:
    return (item for item in items or () if isinstance(item, dict))


def _text(item: dict[str, Any], name: str) -> str:
    return str(item.get(name) or "")


def _user(item: dict[str, Any], asked: str = "") -> User:
    ids = {name: str(item[name]) for name in ("open_id", "union_id", "user_id") if item.get(name)}
    status = item.get("status")
    active = None
    if isinstance(status, dict):
        active = status.get("is_activated") is True and not any(
            status.get(name) is True for name in ("is_frozen", "is_resigned", "is_exited", "is_unjoin")
        )
    return User(
        id=ids.get("open_id") or asked,
        ids=ids,
        name=_text(item, "name"),
        email=_text(item, "email") or _text(item, "enterprise_email"),
        mobile=_text(item, "mobile"),
        department_ids=tuple(map(str, item.get("department_ids") or ())),
        leader_id=_text(item, "leader_user_id"),
        job_title=_text(item, "job_title"),
        employee_no=_text(item, "employee_no"),
        active=active,
        payload=item,
    )


def _department(item: dict[str, Any], asked: str = "") -> Department:
    ids = {name: str(item[name]) for name in ("open_department_id", "department_id") if item.get(name)}
    count = item.get("member_count")
    return Department(
        id=ids.get("open_department_id") or asked,
        ids=ids,
        name=_text(item, "name"),
        parent_id=_text(item, "parent_department_id"),
        leader_id=_text(item, "leader_user_id"),
        chat_id=_text(item, "chat_id"),
        members=count if isinstance(count, int) else None,
        payload=item,
    )
