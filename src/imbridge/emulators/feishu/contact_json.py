"""People and departments as the directory's APIs and events show them.

Fields: https://open.feishu.cn/document/server-docs/contact-v3/user/get and
https://open.feishu.cn/document/server-docs/contact-v3/department/get. Field scopes are not emulated: an app that may
call an API sees every field.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.department import ROOT_ID, Department

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World

OPEN_ID = "open_id"
OPEN_DEPARTMENT_ID = "open_department_id"


def user_json(
    world: "World", user: "User", app: App, id_type: str = OPEN_ID, department_type: str = OPEN_DEPARTMENT_ID
) -> dict[str, Any]:
    """A person, with the ids of the types asked for."""
    profile = user.profile
    shown: dict[str, Any] = {
        **world.directory.ids_of(user, app),
        "name": user.name,
        "en_name": profile.en_name or user.name,
        "nickname": profile.nickname,
        "email": user.email,
        "mobile": profile.mobile,
        "mobile_visible": True,
        "gender": profile.gender,
        "avatar": _avatar(user),
        "status": status_json(user),
        "department_ids": [one.id(department_type) for one in profile.departments] or [ROOT_ID],
        "city": profile.city,
        "country": profile.country,
        "work_station": profile.work_station,
        "join_time": profile.join_time,
        "is_tenant_manager": False,
        "employee_no": profile.employee_no,
        "employee_type": profile.employee_type,
        "orders": [
            {
                "department_id": one.id(department_type),
                "user_order": 0,
                "department_order": len(profile.departments) - place,
                "is_primary_dept": place == 0,
            }
            for place, one in enumerate(profile.departments)
        ],
        "job_title": profile.job_title,
    }
    if profile.leader is not None:
        shown["leader_user_id"] = world.directory.ids_of(profile.leader, app)[id_type]
    return shown


def status_json(user: "User") -> dict[str, bool]:
    """A person's state."""
    profile = user.profile
    return {
        "is_frozen": profile.frozen,
        "is_resigned": profile.resigned,
        "is_activated": profile.activated,
        "is_exited": False,
        "is_unjoin": not profile.activated,
    }


def department_json(
    world: "World", department: Department, app: App, id_type: str = OPEN_ID, department_type: str = OPEN_DEPARTMENT_ID
) -> dict[str, Any]:
    """A department, with the ids of the types asked for."""
    below = [user for user in world.directory.users if not user.profile.resigned and _is_below(user, department)]
    shown: dict[str, Any] = {
        "name": department.name,
        "i18n_name": {"zh_cn": department.name, "ja_jp": department.name, "en_us": department.name},
        "parent_department_id": department.parent_id(department_type),
        "department_id": department.department_id,
        "open_department_id": department.open_department_id,
        "order": str(department.order),
        "member_count": len(below),
        "primary_member_count": sum(department in below_of.profile.departments[0].line() for below_of in below),
        "status": {"is_deleted": department.deleted},
    }
    if department.leader is not None:
        leader_id = world.directory.ids_of(department.leader, app)[id_type]
        shown |= {"leader_user_id": leader_id, "leaders": [{"leaderType": 1, "leaderID": leader_id}]}
    return shown


def department_event(world: "World", department: Department, app: App) -> dict[str, Any]:
    """A department as events show it: fewer fields, and the order is a number."""
    whole = department_json(world, department, app)
    for name in ("i18n_name", "member_count", "primary_member_count"):
        del whole[name]
    return whole | {"order": department.order}


def user_event(world: "World", user: "User", app: App) -> dict[str, Any]:
    """A person as events show them."""
    whole = user_json(world, user, app)
    for name in ("mobile_visible", "is_tenant_manager"):
        del whole[name]
    return whole


def _is_below(user: "User", department: Department) -> bool:
    return any(department in own.line() for own in user.profile.departments)


def _avatar(user: "User") -> dict[str, str]:
    base = f"https://example.com/avatar/{user.user_id}"
    return {f"avatar_{size}": f"{base}/{size}" for size in ("72", "240", "640", "origin")}
