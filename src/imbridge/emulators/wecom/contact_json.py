"""People and departments as the contact API shows them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imbridge.emulators.wecom.app import App
    from imbridge.emulators.wecom.directory import Department
    from imbridge.emulators.wecom.user import User


def user_json(user: "User", app: "App") -> dict[str, Any]:
    """A member in full.

    Apps made since June 2022 are not shown the private fields here
    (https://developer.work.weixin.qq.com/document/path/90196), but with the person's consent only.
    """
    shown: dict[str, Any] = {
        "userid": user.userid,
        "name": user.name,
        "department": list(user.departments),
        "order": [0] * len(user.departments),
        "position": user.position,
        "is_leader_in_dept": [0] * len(user.departments),
        "direct_leader": [],
        "telephone": "",
        "alias": user.alias,
        "status": 1 if user.active else 4,
        "isleader": 0,
        "enable": 1,
        "main_department": user.departments[0] if user.departments else 0,
        "extattr": {"attrs": []},
        "external_profile": {},
        "hide_mobile": 0,
    }
    return {**shown, **private_json(user)} if app.sees_private else shown


def private_json(user: "User") -> dict[str, Any]:
    """What needs the person's consent."""
    return {
        "gender": str(user.gender),
        "avatar": f"https://wework.qpic.cn/bizmail/{user.userid}/0",
        "qr_code": f"https://open.work.weixin.qq.com/wwopen/userQRCode?vcode={user.userid}",
        "mobile": user.mobile,
        "email": user.email,
        "biz_mail": "",
        "address": "",
    }


def department_json(department: "Department") -> dict[str, Any]:
    """A department in full."""
    return {
        "id": department.id,
        "name": department.name,
        "name_en": department.name_en,
        "department_leader": list(department.leaders),
        "parentid": department.parent_id,
        "order": department.order,
    }
