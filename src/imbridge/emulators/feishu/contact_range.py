"""What an app may see of the directory.

Rules: https://open.feishu.cn/document/server-docs/contact-v3/guides/scope_authority: a department in the range brings
its people and everything below it.
"""

from typing import TYPE_CHECKING

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.department import Department

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User


def sees_user(app: App, user: "User") -> bool:
    """Whether the person is in the app's range; nobody sees who has left (that the platform hides them: unverified)."""
    if user.profile.resigned:
        return False
    if app.contact_scope is None or user in app.contact_scope:
        return True
    return any(sees_department(app, department) for department in user.profile.departments)


def sees_department(app: App, department: Department | None) -> bool:
    """Whether the department is in the app's range; None is the root, which needs the range "everybody"."""
    if app.contact_scope is None:
        return True
    return department is not None and any(above in app.contact_scope for above in department.line())
