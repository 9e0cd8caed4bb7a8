"""contact/v3/departments and contact/v3/scopes.

Rules: https://open.feishu.cn/document/server-docs/contact-v3/department/get and its neighbours,
https://open.feishu.cn/document/server-docs/contact-v3/scope/list.
"""

from typing import Any

from imbridge.emulators.feishu.api_users import id_types
from imbridge.emulators.feishu.contact_json import department_json
from imbridge.emulators.feishu.contact_range import sees_department
from imbridge.emulators.feishu.department import ROOT_ID, Department
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.paging import page
from imbridge.emulators.feishu.user import User

BATCH = 50


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("GET", "contact/v3/departments/batch", batch)
    routes.add("GET", "contact/v3/departments/:id", get)
    routes.add("GET", "contact/v3/departments/:id/children", children)
    routes.add("GET", "contact/v3/scopes", scopes)


def get(call: Call) -> dict[str, Any]:
    """`GET contact/v3/departments/:id`; the root is `0`."""
    user_type, department_type = id_types(call)
    department = _department(call, department_type)
    if department is None:
        members = [user for user in call.world.directory.users if not user.profile.resigned]
        root = {"name": "Tenant", "department_id": ROOT_ID, "open_department_id": ROOT_ID, "parent_department_id": ""}
        return {"department": root | {"member_count": len(members), "status": {"is_deleted": False}}}
    return {"department": department_json(call.world, department, call.app, user_type, department_type)}


def batch(call: Call) -> dict[str, Any]:
    """`GET contact/v3/departments/batch?department_ids=`: those that exist and the app sees; at most 50."""
    user_type, department_type = id_types(call)
    wanted = call.query_all("department_ids")
    if not 1 <= len(wanted) <= BATCH:
        raise ApiError(40001, f"department_ids: 1 to {BATCH} ids")
    found = [call.world.directory.department(department_type, one) for one in wanted]
    seen = [one for one in found if one is not None and sees_department(call.app, one)]
    return {"items": [department_json(call.world, one, call.app, user_type, department_type) for one in seen]}


def children(call: Call) -> dict[str, Any]:
    """`GET contact/v3/departments/:id/children`, with `fetch_child=true` all that are below; on pages."""
    user_type, department_type = id_types(call)
    above = _department(call, department_type)
    deep = call.query("fetch_child").lower() == "true"  # the official Python SDK says True
    below = [
        one
        for one in call.world.directory.departments.values()
        if one is not above and (above in (None, *one.line()) if deep else one.parent is above)
    ]
    below.sort(key=lambda department: department.order)
    shown, pages = page(call, below, default=10, limit=50, bad_size=40011, bad_token=40012)
    items = [department_json(call.world, one, call.app, user_type, department_type) for one in shown]
    return {"items": items, **pages}


def scopes(call: Call) -> dict[str, Any]:
    """`GET contact/v3/scopes`: what the app may see; with everybody, what is directly below the root.

    People come first, then departments; together they fill the pages.
    """
    user_type, department_type = id_types(call)
    directory, scope = call.world.directory, call.app.contact_scope
    users = [user for user in directory.users if not user.profile.resigned]
    departments = list(directory.departments.values())
    if scope is None:
        users = [user for user in users if not user.profile.departments]
        departments = [one for one in departments if one.parent is None]
    else:
        users = [user for user in users if user in scope]
        departments = [one for one in departments if one in scope]
    everything: list[User | Department] = [*users, *departments]
    shown, pages = page(call, everything, default=50, limit=100, bad_size=40011, bad_token=40012)
    if not pages["has_more"]:
        del pages["page_token"]
    return {
        "user_ids": [directory.ids_of(one, call.app)[user_type] for one in shown if isinstance(one, User)],
        "department_ids": [one.id(department_type) for one in shown if isinstance(one, Department)],
        "group_ids": [],
        **pages,
    }


def _department(call: Call, department_type: str) -> Department | None:
    department = None
    if call.args[0] != ROOT_ID:
        department = call.world.directory.department(department_type, call.args[0])
        if department is None:
            raise ApiError(40015, call.args[0])
    if not sees_department(call.app, department):
        raise ApiError(40004, status=403)
    return department
