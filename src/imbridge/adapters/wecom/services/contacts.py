"""The corp's address book, as far as the app may see it: `adapter.contacts`.

Sources: developer.work.weixin.qq.com, path/90196 (user/get), 90201 (user/list), 96067 (user/list_id), 95402
(user/getuserid), 95895 (user/get_userid_by_email), 90208 (department/list), 95351 (department/get), 90213 (tag/get),
90216 (tag/list). What is seen is the app's visible range; apps made since June 2022 are not told telephone numbers,
addresses and the like, whatever their range: people agree to that by OAuth, one by one.
"""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from imbridge.adapters.entries import Facts, number, numbers, objects, text, texts
from imbridge.adapters.errcode_calls import Answer, ErrcodeCaller
from imbridge.protocol import DeliveryError, NotPermittedError, TargetGoneError
from imbridge.protocol.model import ProtocolModel

ROOT = 1
"""The department that holds all others."""
_PAGE = 10_000
_ACTIVE = 1
_FORBIDDEN = 48002
_WHERE = "admin console: Security and Management > Management Tools > Contacts Sync > Secret"


class User(ProtocolModel):
    """A member of the corp.

    Attributes:
        id: Their userid.
        name: What they are called. Of apps that may not be told it, it is the userid.
        alias: Another name.
        position: What they do.
        mobile: Their telephone number.
        email: Their e-mail address, or else the corp's own for them.
        department_ids: Where they work.
        main_department_id: The one among these that counts first; None where it is not told.
        leader_ids: Userids of who leads them.
        active: They have joined and are neither switched off nor gone. None where it is not told.
        payload: All that the platform says.
    """

    id: str
    name: str = ""
    alias: str = ""
    position: str = ""
    mobile: str = ""
    email: str = ""
    department_ids: tuple[int, ...] = ()
    main_department_id: int | None = None
    leader_ids: tuple[str, ...] = ()
    active: bool | None = None
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class Department(ProtocolModel):
    """A department.

    Attributes:
        id: Its number; 1 is the corp itself.
        name: What it is called.
        parent_id: The department above it; 0 above the corp itself.
        leader_ids: Userids of who leads it.
        payload: All that the platform says.
    """

    id: int
    name: str = ""
    parent_id: int = 0
    leader_ids: tuple[str, ...] = ()
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class Tag(ProtocolModel):
    """A tag.

    Attributes:
        id: Its number.
        name: What it is called.
        payload: All that the platform says.
    """

    id: int
    name: str = ""
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class TagMembers(ProtocolModel):
    """Who has a tag.

    Attributes:
        name: What the tag is called.
        user_ids: Members who have it themselves.
        department_ids: Departments that have it.
        payload: All that the platform says.
    """

    name: str = ""
    user_ids: tuple[str, ...] = ()
    department_ids: tuple[int, ...] = ()
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class WeComContacts:
    """Looks people, departments and tags up. All methods raise `DeliveryError` and its kinds."""

    def __init__(self, caller: ErrcodeCaller, all_caller: ErrcodeCaller | None = None) -> None:
        """Over one account's caller; `all_caller` is one with the contacts secret, which `user_ids` needs."""
        self._caller = caller
        self._all_caller = all_caller or caller

    async def user(self, userid: str) -> User:
        """One member.

        Raises:
            TargetGoneError: there is none with this userid.
            NotPermittedError: they are outside the app's visible range.
        """
        return _user(await self._get("user/get", userid=userid))

    async def user_by_mobile(self, mobile: str) -> str | None:
        """The userid of who has a telephone number; None for nobody.

        Ask for numbers that people have given: the platform closes this API for a day to those who keep asking for
        numbers that nobody has.
        """
        return await self._userid("user/getuserid", {"mobile": mobile})

    async def user_by_email(self, email: str, *, personal: bool = False) -> str | None:
        """The userid of who has an e-mail address; None for nobody.

        Args:
            email: The corp's own address for them.
            personal: It is the address that they have entered themselves.
        """
        return await self._userid("user/get_userid_by_email", {"email": email, "email_type": 2 if personal else 1})

    async def users(self, department_id: int = ROOT, *, fetch_child: bool = False) -> AsyncIterator[User]:
        """The members of a department; with `fetch_child` those of the departments below it, too.

        The platform answers with all of them at once. For a large corp, `user_ids` comes in pages.
        """
        query = {"department_id": str(department_id), "fetch_child": "1" if fetch_child else "0"}
        for item in objects(await self._get("user/list", **query), "userlist"):
            if text(item, "userid"):
                yield _user(item)

    async def user_ids(self) -> AsyncIterator[str]:
        """The userids of all members, each once, page by page as they are asked for.

        The platform gives them to the contacts secret only: setting `contacts_secret`.

        Raises:
            NotPermittedError: the app's own secret does not do.
        """
        cursor = ""
        cursors: set[str] = set()
        known: set[str] = set()
        while True:
            body = {"limit": _PAGE, **({"cursor": cursor} if cursor else {})}
            answer = await self._page(body)
            for item in objects(answer.body, "dept_user"):
                userid = text(item, "userid", "open_userid")
                if userid and userid not in known:  # who is in two departments is there twice
                    known.add(userid)
                    yield userid
            cursor = text(answer.body, "next_cursor")
            if not cursor:
                return
            if cursor in cursors:  # ending here would look as if that were all
                raise DeliveryError("wecom user/list_id: a page that was there before follows", platform="wecom")
            cursors.add(cursor)

    async def department(self, department_id: int) -> Department:
        """One department.

        Raises:
            TargetGoneError: there is none with this number.
        """
        found = (await self._get("department/get", id=str(department_id))).get("department")
        return _department(found if isinstance(found, dict) else {"id": department_id})

    async def departments(self, department_id: int | None = None) -> AsyncIterator[Department]:
        """A department and all below it, at any depth; all that the app may see when left out."""
        query = {} if department_id is None else {"id": str(department_id)}
        for item in objects(await self._get("department/list", **query), "department"):
            if number(item, "id") is not None:
                yield _department(item)

    async def tags(self) -> tuple[Tag, ...]:
        """All tags."""
        found = objects(await self._get("tag/list"), "taglist")
        return tuple(
            Tag(id=tag_id, name=text(item, "tagname"), payload=item)
            for item in found
            if (tag_id := number(item, "tagid")) is not None
        )

    async def tag_members(self, tag_id: int) -> TagMembers:
        """Who has a tag.

        Raises:
            TargetGoneError: there is no such tag.
        """
        facts = await self._get("tag/get", tagid=str(tag_id))
        userids = (text(item, "userid") for item in objects(facts, "userlist"))
        return TagMembers(
            name=text(facts, "tagname"),
            user_ids=tuple(userid for userid in userids if userid),
            department_ids=numbers(facts, "partylist"),
            payload=facts,
        )

    async def _get(self, api: str, **query: str) -> dict[str, Any]:
        answer = await self._caller.call("GET", f"/cgi-bin/{api}", params=query)
        return {name: value for name, value in answer.body.items() if name not in ("errcode", "errmsg")}

    async def _page(self, body: dict[str, Any]) -> Answer:
        try:
            return await self._all_caller.call("POST", "/cgi-bin/user/list_id", json=body)
        except NotPermittedError as error:
            if error.code != _FORBIDDEN:
                raise
            raise NotPermittedError(
                f"wecom user/list_id: the app's secret does not do; set contacts_secret ({_WHERE})",
                code=error.code,
                platform="wecom",
            ) from None

    async def _userid(self, api: str, body: dict[str, Any]) -> str | None:
        try:
            answer = await self._caller.call("POST", f"/cgi-bin/{api}", json=body)
        except TargetGoneError:
            return None
        return text(answer.body, "userid") or None


def _user(facts: Facts) -> User:
    status = number(facts, "status")
    return User(
        id=text(facts, "userid"),
        name=text(facts, "name"),
        alias=text(facts, "alias"),
        position=text(facts, "position"),
        mobile=text(facts, "mobile"),
        email=text(facts, "email", "biz_mail"),
        department_ids=numbers(facts, "department"),
        main_department_id=number(facts, "main_department"),
        leader_ids=texts(facts, "direct_leader"),
        active=None if status is None else status == _ACTIVE,
        payload=dict(facts),
    )


def _department(facts: Facts) -> Department:
    return Department(
        id=number(facts, "id") or 0,
        name=text(facts, "name"),
        parent_id=number(facts, "parentid") or 0,
        leader_ids=texts(facts, "department_leader"),
        payload=dict(facts),
    )
