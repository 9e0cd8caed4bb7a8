"""People and departments as the contact API shows them.

Sources: open.dingtalk.com, "查询用户详情" (query-user-details), "获取部门用户详情" and "获取部门详情"
(query-department-details0-v2).
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.directory import departments_of

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.directory import Department
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World


def avatar_of(user: "User") -> str:
    """The address of somebody's picture."""
    return f"https://static-legacy.dingtalk.com/media/{user.union_id}_0_0.png"


def user_json(world: "World", user: "User") -> dict[str, Any]:
    """Somebody in full."""
    numbers = departments_of(user)
    managed = {number for number, one in world.directory.departments.items() if user.userid in one.managers}
    return {
        "userid": user.userid,
        "unionid": user.union_id,
        "name": user.name,
        "avatar": avatar_of(user),
        "state_code": "86",
        "mobile": user.mobile,
        "hide_mobile": False,
        "telephone": "",
        "job_number": "",
        "title": "",
        "email": "",
        "work_place": "",
        "remark": "",
        "exclusive_account": False,
        "dept_id_list": numbers,
        "dept_order_list": [{"dept_id": number, "order": 1} for number in numbers],
        "extension": "{}",
        "active": True,
        "real_authed": True,
        "senior": False,
        "admin": user.admin,
        "boss": False,
        "leader_in_dept": [{"dept_id": number, "leader": number in managed} for number in numbers],
        "role_list": [],
    }


def listed_json(world: "World", user: "User") -> dict[str, Any]:
    """Somebody as one of a department's list."""
    shown = user_json(world, user)
    left_out = {"dept_order_list", "leader_in_dept", "role_list", "senior", "real_authed", "state_code"}
    manages = any(user.userid in world.directory.departments[number].managers for number in shown["dept_id_list"])
    return {name: value for name, value in shown.items() if name not in left_out} | {"leader": manages}


def department_json(department: "Department") -> dict[str, Any]:
    """A department in full."""
    return {
        "dept_id": department.id,
        "name": department.name,
        "parent_id": department.parent_id,
        "create_dept_group": False,
        "auto_add_user": False,
        "from_union_org": False,
        "order": department.order,
        "group_contain_sub_dept": False,
        "dept_manager_userid_list": list(department.managers),
        "outer_dept": False,
        "outer_permit_depts": [],
        "outer_permit_users": [],
        "hide_dept": False,
        "user_permits": [],
        "dept_permits": [],
        "brief": department.brief,
    }


def listed_department_json(department: "Department") -> dict[str, Any]:
    """A department as one of a list."""
    return {
        "dept_id": department.id,
        "name": department.name,
        "parent_id": department.parent_id,
        "create_dept_group": False,
        "auto_add_user": False,
    }
