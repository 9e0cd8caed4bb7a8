"""approval/v4: subscriptions to definitions, and instances.

Rules: https://open.feishu.cn/document/server-docs/approval-v4/event/event-interface/subscribe,
https://open.feishu.cn/document/server-docs/approval-v4/instance/get.
"""

from typing import Any

from imbridge.emulators.feishu.approvals import Approval, ApprovalInstance
from imbridge.emulators.feishu.contact_json import OPEN_ID
from imbridge.emulators.feishu.department import ROOT_ID
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("POST", "approval/v4/approvals/:code/subscribe", subscribe)
    routes.add("POST", "approval/v4/approvals/:code/unsubscribe", unsubscribe)
    routes.add("GET", "approval/v4/instances/:code", get_instance)


def subscribe(call: Call) -> dict[str, Any]:
    """`POST approval/v4/approvals/:code/subscribe`; 1390007 when the app is subscribed already."""
    subscribers = _approval(call).subscribers
    if call.app in subscribers:
        raise ApiError(1390007)
    subscribers.append(call.app)
    return {}


def unsubscribe(call: Call) -> dict[str, Any]:
    """`POST approval/v4/approvals/:code/unsubscribe`; 1390007 here too when there is nothing to do."""
    subscribers = _approval(call).subscribers
    if call.app not in subscribers:
        raise ApiError(1390007)
    subscribers.remove(call.app)
    return {}


def get_instance(call: Call) -> dict[str, Any]:
    """`GET approval/v4/instances/:code`."""
    instance = call.world.approvals.instances.get(call.args[0])
    if instance is None:
        raise ApiError(1390003)
    return _as_json(call, instance)


def _approval(call: Call) -> Approval:
    approval = call.world.approvals.definitions.get(call.args[0])
    if approval is None:
        raise ApiError(1390002)
    return approval


def _as_json(call: Call, instance: ApprovalInstance) -> dict[str, Any]:
    ids_of, app = call.world.directory.ids_of, call.app
    departments = instance.by.profile.departments
    return {
        "approval_code": instance.approval.code,
        "approval_name": instance.approval.name,
        "instance_code": instance.code,
        "serial_number": instance.serial_number,
        "status": instance.status,
        "reverted": instance.reverted,
        "start_time": str(instance.start_time),
        "end_time": str(instance.end_time),
        "user_id": instance.by.user_id,
        "open_id": ids_of(instance.by, app)[OPEN_ID],
        "department_id": departments[0].open_department_id if departments else ROOT_ID,
        "uuid": instance.uuid,
        "form": instance.form,
        "task_list": [
            {
                "id": task.task_id,
                "user_id": task.user.user_id,
                "open_id": ids_of(task.user, app)[OPEN_ID],
                "status": task.status,
                "node_id": instance.node_id,
                "node_name": "Approval",
                "type": instance.mode,
                "start_time": str(task.start_time),
                "end_time": str(task.end_time),
            }
            for task in instance.tasks
        ],
        "comment_list": [],
        "timeline": [{"ext": "{}", "comment": "", **entry} for entry in instance.timeline],
    }
