"""The organisation's address book, as far as the app may see it: `adapter.contacts`.

Sources: open.dingtalk.com, "query user details" (topapi/v2/user/get), "list of a department's users"
(topapi/v2/user/list), "userids of a department" (topapi/user/listid), "user by mobile number"
(topapi/v2/user/getbymobile), "user by unionid" (topapi/user/getbyunionid), "department details"
(topapi/v2/department/get), "sub-departments" (topapi/v2/department/listsub). None of them counts against the month's
calls. What is seen is the range of the app's address book permission; telephone numbers and e-mail addresses need
permissions of their own.
"""

from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.entries import Facts, number, numbers, objects, text, texts
from imbridge.protocol import DeliveryError, TargetGoneError
from imbridge.protocol.model import ProtocolModel

ROOT = 1
"""The department that holds all others."""
_PAGE = 100


class User(ProtocolModel):
    """A member of the organisation.

    Attributes:
        id: Their userid, which is the staff id in messages.
        union_id: The same person for all apps of one owner.
        name: What they are called.
        position: What they do.
        mobile: Their telephone number.
        email: Their e-mail address, or else the organisation's own for them.
        avatar: Address of their portrait.
        department_ids: Where they work.
        leads: Departments that they lead, of those where they work.
        manager_id: Userid of whom they report to.
        admin: They administer the organisation; None where it is not told.
        active: They use DingTalk; None where it is not told.
        payload: All that the platform says.
    """

    id: str
    union_id: str = ""
    name: str = ""
    position: str = ""
    mobile: str = ""
    email: str = ""
    avatar: str = ""
    department_ids: tuple[int, ...] = ()
    leads: tuple[int, ...] = ()
    manager_id: str = ""
    admin: bool | None = None
    active: bool | None = None
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class Department(ProtocolModel):
    """A department.

    Attributes:
        id: Its number; 1 is the organisation itself.
        name: What it is called.
        parent_id: The department above it; 0 above the organisation itself.
        leader_ids: Userids of who leads it; only `department` tells them, lists do not.
        payload: All that the platform says.
    """

    id: int
    name: str = ""
    parent_id: int = 0
    leader_ids: tuple[str, ...] = ()
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class DingTalkContacts:
    """Looks people and departments up. All methods raise `DeliveryError` and its kinds."""

    def __init__(self, api: DingTalkApi) -> None:
        """Over one account's API."""
        self._api = api

    async def user(self, userid: str) -> User:
        """One member.

        Raises:
            TargetGoneError: there is nobody with this userid.
        """
        return _user(_object(await self._ask("/topapi/v2/user/get", userid=userid)))

    async def user_by_mobile(self, mobile: str) -> str | None:
        """The userid of who has this telephone number; None when it is nobody's in the organisation."""
        return await self._userid("/topapi/v2/user/getbymobile", mobile=mobile)

    async def user_by_union_id(self, union_id: str) -> str | None:
        """The userid of a person whom an app knows by unionid; None for somebody outside the organisation."""
        return await self._userid("/topapi/user/getbyunionid", unionid=union_id)

    async def users(self, department_id: int = ROOT, *, fetch_child: bool = False) -> AsyncIterator[User]:
        """The members of a department, page by page as they are asked for.

        Args:
            department_id: Its number.
            fetch_child: Those of the departments below it, too; who is in two of them comes once.
        """
        known: set[str] = set()
        async for department in self._with_below(department_id, fetch_child=fetch_child):
            async for item in self._pages("/topapi/v2/user/list", department):
                userid = text(item, "userid")
                if userid and userid not in known:
                    known.add(userid)
                    yield _user(item)

    async def user_ids(self, department_id: int = ROOT, *, fetch_child: bool = False) -> AsyncIterator[str]:
        """The userids of a department's members, each once; one call for each department.

        Args:
            department_id: Its number.
            fetch_child: Those of the departments below it, too.
        """
        known: set[str] = set()
        async for department in self._with_below(department_id, fetch_child=fetch_child):
            result = _object(await self._ask("/topapi/user/listid", dept_id=department))
            for userid in texts(result, "userid_list"):
                if userid not in known:
                    known.add(userid)
                    yield userid

    async def department(self, department_id: int) -> Department:
        """One department.

        Raises:
            TargetGoneError: there is none with this number.
        """
        found = _object(await self._ask("/topapi/v2/department/get", dept_id=department_id))
        return _department({"dept_id": department_id, **found})

    async def departments(self, department_id: int = ROOT) -> AsyncIterator[Department]:
        """A department and all below it, at any depth: one call for the first, one for what is below each."""
        yield await self.department(department_id)
        async for below in self._below(department_id):
            yield below

    async def _below(self, department_id: int) -> AsyncIterator[Department]:
        """All below a department, those nearest to it first."""
        known = {department_id}
        to_ask = deque([department_id])
        while to_ask:
            result = await self._ask("/topapi/v2/department/listsub", dept_id=to_ask.popleft())
            for item in objects({"list": result}, "list"):
                found = number(item, "dept_id")
                if found is not None and found not in known:  # a ring would be asked for ever
                    known.add(found)
                    to_ask.append(found)
                    yield _department(item)

    async def _with_below(self, department_id: int, *, fetch_child: bool) -> AsyncIterator[int]:
        yield department_id
        if fetch_child:
            async for below in self._below(department_id):
                yield below.id

    async def _pages(self, path: str, department_id: int) -> AsyncIterator[dict[str, Any]]:
        cursor = 0
        cursors = {cursor}
        while True:
            result = _object(await self._ask(path, dept_id=department_id, cursor=cursor, size=_PAGE))
            for item in objects(result, "list"):
                yield item
            if result.get("has_more") is not True:
                return
            following = number(result, "next_cursor")
            if following is None or following in cursors:  # ending here would look as if that were all
                raise DeliveryError(f"dingtalk {path}: a page that was there before follows", platform="dingtalk")
            cursor = following
            cursors.add(cursor)

    async def _userid(self, path: str, **asked: Any) -> str | None:
        try:
            result = _object(await self._ask(path, **asked))
        except TargetGoneError:
            return None
        return text(result, "userid") or None

    async def _ask(self, path: str, **asked: Any) -> Any:
        """What stands in the answer's `result`."""
        answer = await self._api.oapi.call("POST", path, json=asked, limits=self._api.limits(path))
        return answer.body.get("result")


def _object(result: Any) -> dict[str, Any]:
    return result if isinstance(result, dict) else {}


def _flag(facts: Facts, name: str) -> bool | None:
    value = facts.get(name)
    return value if isinstance(value, bool) else None


def _user(facts: Facts) -> User:
    led = (item for item in objects(facts, "leader_in_dept") if item.get("leader") is True)
    return User(
        id=text(facts, "userid"),
        union_id=text(facts, "unionid"),
        name=text(facts, "name"),
        position=text(facts, "title"),
        mobile=text(facts, "mobile"),
        email=text(facts, "email", "org_email"),
        avatar=text(facts, "avatar"),
        department_ids=numbers(facts, "dept_id_list"),
        leads=tuple(found for item in led if (found := number(item, "dept_id")) is not None),
        manager_id=text(facts, "manager_userid"),
        admin=_flag(facts, "admin"),
        active=_flag(facts, "active"),
        payload=dict(facts),
    )


def _department(facts: Facts) -> Department:
    return Department(
        id=number(facts, "dept_id") or 0,
        name=text(facts, "name"),
        parent_id=number(facts, "parent_id") or 0,
        leader_ids=texts(facts, "dept_manager_userid_list"),
        payload=dict(facts),
    )
