"""`user/get`, `simplelist`, `list`, `list_id`, `getuserid`, `get_userid_by_email`: members.

Rules: https://developer.work.weixin.qq.com/document/path/90196, /path/90200, /path/90201, /path/96067, /path/95402,
/path/95895.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.contact_json import user_json
from imbridge.emulators.wecom.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call, Routes
    from imbridge.emulators.wecom.user import User

MOST = 10_000


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", "user/get", get)
    routes.add("GET", "user/simplelist", simplelist)
    routes.add("GET", "user/list", full_list)
    routes.add("POST", "user/list_id", list_id)
    routes.add("POST", "user/getuserid", by_mobile)
    routes.add("POST", "user/get_userid_by_email", by_email)


def get(call: "Call") -> dict[str, Any]:
    """One member."""
    userid = call.query.get("userid", "")
    if not userid:
        raise ApiError(41009)
    user = call.world.directory.user(userid)
    if user is None:
        raise ApiError(60111)
    if not call.app.sees(user.userid):
        raise ApiError(60011)
    return user_json(user, call.app)


def simplelist(call: "Call") -> dict[str, Any]:
    """Who is in a department: ids and names."""
    users = _of_department(call)
    return {"userlist": [{"userid": u.userid, "name": u.name, "department": list(u.departments)} for u in users]}


def full_list(call: "Call") -> dict[str, Any]:
    """Who is in a department, in full."""
    return {"userlist": [user_json(user, call.app) for user in _of_department(call)]}


def list_id(call: "Call") -> dict[str, Any]:
    """All members with their departments, a page at a time. Only for the token of the contacts secret."""
    if not call.app.contacts:
        raise ApiError(48002, "user/list_id takes the contacts secret's token only")
    body = call.json()
    limit, cursor = body.get("limit") or MOST, body.get("cursor") or ""
    if not isinstance(limit, int) or not 1 <= limit <= MOST:
        raise ApiError(40058, f"limit is not 1 to {MOST}")
    if not isinstance(cursor, str) or (cursor and not cursor.isdigit()):
        raise ApiError(40058, "cursor invalid")
    rows = [
        {"userid": user.userid, "department": department}
        for user in call.world.directory.users.values()
        for department in user.departments
    ]
    start = int(cursor or 0)
    page = rows[start : start + limit]
    more = {"next_cursor": str(start + limit)} if start + limit < len(rows) else {"next_cursor": ""}
    return {**more, "dept_user": page}


def by_mobile(call: "Call") -> dict[str, Any]:
    """A userid by telephone number."""
    mobile = call.json().get("mobile")
    if not isinstance(mobile, str) or not mobile:
        raise ApiError(60103)
    return _one(call, "mobile", mobile)


def by_email(call: "Call") -> dict[str, Any]:
    """A userid by e-mail address."""
    body = call.json()
    email = body.get("email")
    if not isinstance(email, str) or "@" not in email or body.get("email_type", 1) not in {1, 2}:
        raise ApiError(40058, "email or email_type invalid")
    return _one(call, "email", email)


def _one(call: "Call", name: str, value: str) -> dict[str, Any]:
    for user in call.world.directory.users.values():
        if getattr(user, name) == value and call.app.sees(user.userid):
            return {"userid": user.userid}
    raise ApiError(46004)


def _of_department(call: "Call") -> "list[User]":
    directory = call.world.directory
    number = call.query.get("department_id", "")
    if not number.isdigit() or int(number) not in directory.departments:
        raise ApiError(60003)
    wanted = {int(number)}
    if call.query.get("fetch_child") == "1":
        wanted = directory.below(int(number))
    return [user for user in directory.members(wanted) if call.app.sees(user.userid)]
