"""contact/v3/users: people of the directory, as far as the app may see them.

Rules: https://open.feishu.cn/document/server-docs/contact-v3/user/get and its neighbours.
"""

from typing import Any

from imbridge.emulators.feishu.contact_json import status_json, user_json
from imbridge.emulators.feishu.contact_range import sees_department, sees_user
from imbridge.emulators.feishu.department import ROOT_ID
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.paging import page
from imbridge.emulators.feishu.user import User

BATCH = 50
USER_ID_TYPES = frozenset({"open_id", "user_id", "union_id"})
DEPARTMENT_ID_TYPES = frozenset({"open_department_id", "department_id"})


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    # `batch` and its like come before `:id`, which would take them for an id.
    routes.add("GET", "contact/v3/users/batch", batch)
    routes.add("GET", "contact/v3/users/find_by_department", find_by_department)
    routes.add("POST", "contact/v3/users/batch_get_id", batch_get_id)
    routes.add("GET", "contact/v3/users/:id", get)


def get(call: Call) -> dict[str, Any]:
    """`GET contact/v3/users/:id`."""
    user_type, department_type = id_types(call)
    user = call.world.directory.find(call.app, user_type, call.args[0])
    if not isinstance(user, User):
        raise ApiError(99992351)
    if not sees_user(call.app, user):
        raise ApiError(41050)
    return {"user": user_json(call.world, user, call.app, user_type, department_type)}


def batch(call: Call) -> dict[str, Any]:
    """`GET contact/v3/users/batch?user_ids=&user_ids=`: those that exist and the app sees; at most 50."""
    user_type, department_type = id_types(call)
    wanted = call.query_all("user_ids")
    if not 1 <= len(wanted) <= BATCH:
        raise ApiError(40001, f"user_ids: 1 to {BATCH} ids")
    found = [call.world.directory.find(call.app, user_type, user_id) for user_id in wanted]
    seen = [user for user in found if isinstance(user, User) and sees_user(call.app, user)]
    return {"items": [user_json(call.world, user, call.app, user_type, department_type) for user in seen]}


def find_by_department(call: Call) -> dict[str, Any]:
    """`GET contact/v3/users/find_by_department?department_id=`: who is in it, not in those below; on pages."""
    user_type, department_type = id_types(call)
    wanted = call.query("department_id")
    department = None
    if wanted != ROOT_ID:
        department = call.world.directory.department(department_type, wanted)
        if department is None:
            raise ApiError(40015, wanted)
    if not sees_department(call.app, department):
        raise ApiError(40004, status=403)
    users = [
        user
        for user in call.world.directory.users
        if sees_user(call.app, user)
        and (department in user.profile.departments if department else not user.profile.departments)
    ]
    shown, pages = page(call, users, default=10, limit=50, bad_size=40011, bad_token=40012)
    return {"items": [user_json(call.world, user, call.app, user_type, department_type) for user in shown], **pages}


def batch_get_id(call: Call) -> dict[str, Any]:
    """`POST contact/v3/users/batch_get_id`: ids by e-mail and telephone; an unknown one comes without `user_id`."""
    user_type, _ = id_types(call)
    body = call.json()
    emails, mobiles = _texts(body, "emails"), _texts(body, "mobiles")
    gone = body.get("include_resigned") is True
    found = [{"email": email, **_identity(call, user_type, "email", email, gone)} for email in emails]
    found += [{"mobile": mobile, **_identity(call, user_type, "mobile", mobile, gone)} for mobile in mobiles]
    return {"user_list": found}


def id_types(call: Call) -> tuple[str, str]:
    """The types of people's and departments' ids in the query.

    Raises:
        ApiError: 40001, one is none of the platform's.
    """
    user_type = call.query("user_id_type", "open_id")
    department_type = call.query("department_id_type", "open_department_id")
    if user_type not in USER_ID_TYPES:
        raise ApiError(40001, f"user_id_type {user_type!r}")
    if department_type not in DEPARTMENT_ID_TYPES:
        raise ApiError(40001, f"department_id_type {department_type!r}")
    return user_type, department_type


def _identity(call: Call, user_type: str, kind: str, value: str, gone: bool) -> dict[str, Any]:
    for user in call.world.directory.users:
        known = user.email if kind == "email" else user.profile.mobile
        if known == value and (sees_user(call.app, user) or (gone and user.profile.resigned)):
            return {"user_id": call.world.directory.ids_of(user, call.app)[user_type], "status": status_json(user)}
    return {}


def _texts(body: dict[str, Any], name: str) -> list[str]:
    texts = body.get(name) or []
    if not isinstance(texts, list) or len(texts) > BATCH or not all(isinstance(text, str) for text in texts):
        raise ApiError(40001, f"{name}: at most {BATCH} texts")
    return texts
