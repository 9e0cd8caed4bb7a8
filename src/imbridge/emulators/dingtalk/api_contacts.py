"""The contact API of oapi.dingtalk.com: `topapi/v2/user/*`, `topapi/user/*`, `topapi/v2/department/*`.

Sources: open.dingtalk.com, "查询用户详情", "获取部门用户详情", "获取部门用户基础信息", "获取部门用户userid列表",
"根据手机号查询用户", "根据unionid获取用户userid", "获取部门列表", "获取子部门ID列表", "获取部门详情". These calls are
not billed.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.contact_json import department_json, listed_department_json, listed_json, user_json
from imbridge.emulators.dingtalk.directory import ROOT, Department, members
from imbridge.emulators.dingtalk.errors import OapiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call, Routes
    from imbridge.emulators.dingtalk.user import User

PAGE = 100
NO_USER = (60121, "找不到该用户")
NO_DEPARTMENT = (60003, "部门不存在")
WRONG = 400002
MISSING = 40


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    for path, handler in (
        ("/topapi/v2/user/get", user_get),
        ("/topapi/v2/user/list", user_list),
        ("/topapi/v2/user/getbymobile", user_by_mobile),
        ("/topapi/user/listsimple", user_list_simple),
        ("/topapi/user/listid", user_list_id),
        ("/topapi/user/getbyunionid", user_by_union_id),
        ("/topapi/v2/department/get", department_get),
        ("/topapi/v2/department/listsub", department_list_sub),
        ("/topapi/v2/department/listsubid", department_list_sub_id),
        ("/topapi/v2/department/listparentbyuser", department_parents),
    ):
        routes.add("POST", path, handler, billed=False)


def user_get(call: "Call") -> dict[str, Any]:
    """Somebody in full, by userid."""
    return _ok(call, user_json(call.world, _user(call, call.json(), "userid", "userid")))


def user_list(call: "Call") -> dict[str, Any]:
    """Who is in a department, in full, page by page."""
    return _page(call, lambda user: listed_json(call.world, user))


def user_list_simple(call: "Call") -> dict[str, Any]:
    """Who is in a department: userids and names, page by page."""
    return _page(call, lambda user: {"userid": user.userid, "name": user.name})


def user_list_id(call: "Call") -> dict[str, Any]:
    """The userids of a department."""
    department = _department(call, call.json())
    return _ok(call, {"userid_list": [user.userid for user in members(call.world.people(), department.id)]})


def user_by_mobile(call: "Call") -> dict[str, Any]:
    """A userid by telephone number."""
    user = _user(call, call.json(), "mobile", "mobile")
    return _ok(call, {"userid": user.userid, "exclusive_account_userid_list": []})


def user_by_union_id(call: "Call") -> dict[str, Any]:
    """A userid by unionId; `contact_type` 0 is a member of the organisation."""
    user = _user(call, call.json(), "unionid", "union_id")
    return _ok(call, {"contact_type": 0, "userid": user.userid})


def department_get(call: "Call") -> dict[str, Any]:
    """A department in full."""
    return _ok(call, department_json(_department(call, call.json())))


def department_list_sub(call: "Call") -> dict[str, Any]:
    """The departments directly below one, the organisation itself by default."""
    department = _department(call, call.json(), ROOT)
    below = call.world.directory.below(department.id)
    return _ok(call, [listed_department_json(one) for one in below])


def department_list_sub_id(call: "Call") -> dict[str, Any]:
    """The numbers of the departments directly below one."""
    department = _department(call, call.json())
    return _ok(call, {"dept_id_list": [one.id for one in call.world.directory.below(department.id)]})


def department_parents(call: "Call") -> dict[str, Any]:
    """All departments somebody is in, with those above."""
    user = _user(call, call.json(), "userid", "userid")
    directory = call.world.directory
    lists = [{"parent_dept_id_list": directory.above(number)} for number in user_json(call.world, user)["dept_id_list"]]
    return _ok(call, {"parent_list": lists})


def _ok(call: "Call", result: object) -> dict[str, Any]:
    return {"request_id": call.world.ids.text("oapi_request", 12), "result": result}


def _user(call: "Call", body: dict[str, Any], name: str, attribute: str) -> "User":
    value = body.get(name)
    if value is None or value == "":
        raise OapiError(MISSING, f"缺少必要的参数: {name}")
    if not isinstance(value, str):
        raise OapiError(WRONG, f"无效的参数: {name}")
    for user in call.world.people():
        if getattr(user, attribute) == value:
            return user
    raise OapiError(*NO_USER)


def _department(call: "Call", body: dict[str, Any], default: int | None = None) -> Department:
    value = body.get("dept_id", default)
    if value is None:
        raise OapiError(MISSING, "缺少必要的参数: dept_id")
    if not isinstance(value, int) or isinstance(value, bool):
        raise OapiError(WRONG, "无效的参数: dept_id")
    department = call.world.directory.departments.get(value)
    if department is None:
        raise OapiError(*NO_DEPARTMENT)
    return department


def _page(call: "Call", shown: "Callable[[User], dict[str, Any]]") -> dict[str, Any]:
    body = call.json()
    department = _department(call, body)
    cursor, size = body.get("cursor"), body.get("size")
    for name, value in (("cursor", cursor), ("size", size)):
        if value is None:
            raise OapiError(MISSING, f"缺少必要的参数: {name}")
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise OapiError(WRONG, f"无效的参数: {name}")
    if not isinstance(size, int) or not isinstance(cursor, int) or not 1 <= size <= PAGE:
        raise OapiError(WRONG, f"无效的参数: size, 1 - {PAGE}")
    people = members(call.world.people(), department.id)
    page = people[cursor : cursor + size]
    result: dict[str, Any] = {"has_more": cursor + size < len(people), "list": [shown(user) for user in page]}
    if result["has_more"]:
        result["next_cursor"] = cursor + size
    return _ok(call, result)
