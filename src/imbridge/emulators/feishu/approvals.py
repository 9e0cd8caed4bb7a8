"""Approvals: definitions, instances and tasks; apps that subscribed to the definition's code are told.

Rules: https://open.feishu.cn/document/server-docs/approval-v4/event/common-event/approval-instance-event and
https://open.feishu.cn/document/server-docs/approval-v4/event/common-event/approval-task-event. Instances have one node.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from imbridge.emulators.feishu import old_events
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.events import now_ms

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World

APPROVAL_UPDATED = "approval.approval.updated_v4"


@dataclass(slots=True, eq=False)
class Approval:
    """An approval definition. `subscribers` are the apps that asked for its events."""

    code: str
    name: str
    approval_id: str
    subscribers: list[App] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ApprovalTask:
    """What one person has to decide."""

    task_id: str
    instance: "ApprovalInstance"
    user: "User"
    start_time: int
    end_time: int = 0
    status: str = "PENDING"


@dataclass(slots=True, eq=False)
class ApprovalInstance:
    """A request somebody made. `form` is the JSON text of its widgets; `mode`: all must agree (AND) or one (OR)."""

    code: str
    approval: Approval
    by: "User"
    form: str
    uuid: str
    mode: Literal["AND", "OR"]
    node_id: str
    serial_number: str
    start_time: int
    end_time: int = 0
    status: str = "PENDING"
    reverted: bool = False
    tasks: list[ApprovalTask] = field(default_factory=list)
    timeline: list[dict[str, Any]] = field(default_factory=list)


class Approvals:
    """All approvals of the tenant. Reached as `feishu.approvals`."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.definitions: dict[str, Approval] = {}
        self.instances: dict[str, ApprovalInstance] = {}

    def define(self, name: str, code: str | None = None) -> Approval:
        """An administrator publishes a definition."""
        approval = Approval(code or self._code("approval"), name, str(int(self._world.ids.hex("approval_id", 15), 16)))
        self.definitions[approval.code] = approval
        return approval

    def update(self, approval: Approval, name: str) -> list[str]:
        """An administrator changes a definition: `approval.approval.updated_v4`, the times in seconds."""
        approval.name = name
        ids = self._world.ids
        changed = {
            "approval_id": approval.approval_id,
            "approval_code": approval.code,
            "version_id": str(int(ids.hex("approval_version", 15), 16)),
            "widget_group_type": 0,
            "form_definition_id": str(int(ids.hex("approval_form", 15), 16)),
            "process_obj": "{}",
            "timestamp": str(now_ms() // 1000),
            "extra": "",
        }
        pushed = [self._world.push(app, APPROVAL_UPDATED, {"object": changed}) for app in approval.subscribers]
        return [event_id for event_id in pushed if event_id]

    def start(
        self,
        approval: Approval,
        *,
        by: "User",
        approvers: "list[User]",
        form: str = "[]",
        uuid: str = "",
        mode: Literal["AND", "OR"] = "AND",
    ) -> ApprovalInstance:
        """Somebody makes a request: the instance and the task of every approver are PENDING."""
        now = now_ms()
        instance = ApprovalInstance(
            code=self._code("approval_instance"),
            approval=approval,
            by=by,
            form=form,
            uuid=uuid,
            mode=mode,
            node_id=self._world.ids.hex("approval_node"),
            serial_number=f"2026{len(self.instances) + 1:08d}",
            start_time=now,
        )
        self.instances[instance.code] = instance
        instance.timeline.append(self._entry("START", by))
        self._tell_instance(instance, "PENDING")
        for user in approvers:
            self._new_task(instance, user)
        return instance

    def approve(self, task: ApprovalTask) -> None:
        """An approver agrees; with the last one (AND) or the first (OR) the instance is APPROVED."""
        instance = self._decided(task, "APPROVED", "PASS")
        pending = [one for one in instance.tasks if one.status == "PENDING"]
        if instance.mode == "OR":
            self._finish_tasks(instance)
        elif pending:
            for one in pending:  # the platform pushes those that are still to decide once more
                self._tell_task(one, "PENDING")
            return
        self._end(instance, "APPROVED")

    def reject(self, task: ApprovalTask) -> None:
        """An approver refuses: the instance is REJECTED and nobody else has to decide."""
        instance = self._decided(task, "REJECTED", "REJECT")
        self._finish_tasks(instance)
        self._end(instance, "REJECTED")

    def transfer(self, task: ApprovalTask, to: "User") -> ApprovalTask:
        """An approver hands the task on; returns the other person's task."""
        instance = self._decided(task, "TRANSFERRED", "TRANSFER")
        return self._new_task(instance, to)

    def cancel(self, instance: ApprovalInstance) -> None:
        """Who made the request takes it back while it is pending."""
        self._must_be(instance, "PENDING")
        instance.timeline.append(self._entry("CANCEL", instance.by))
        self._finish_tasks(instance)
        self._end(instance, "CANCELED")

    def revert(self, instance: ApprovalInstance) -> None:
        """Who made the request takes back what was approved; here the event's operate_time is a number."""
        self._must_be(instance, "APPROVED")
        instance.reverted = True
        self._tell_instance(instance, "REVERTED", operate_time=now_ms())

    def copy_to(self, instance: ApprovalInstance, user: "User", *, by: "User | None" = None) -> str:
        """Somebody gets a copy: `approval_cc`, CREATE; returns the copy's id."""
        copy_id = str(int(self._world.ids.hex("approval_cc", 15), 16))
        self._tell_copy(instance, user, copy_id, "CREATE", by)
        return copy_id

    def read_copy(self, instance: ApprovalInstance, user: "User", copy_id: str) -> None:
        """Somebody reads their copy: `approval_cc`, READ."""
        self._tell_copy(instance, user, copy_id, "READ", None)

    def _new_task(self, instance: ApprovalInstance, user: "User") -> ApprovalTask:
        task = ApprovalTask(str(int(self._world.ids.hex("approval_task", 15), 16)), instance, user, now_ms())
        instance.tasks.append(task)
        self._tell_task(task, "PENDING")
        return task

    def _decided(self, task: ApprovalTask, status: str, entry: str) -> ApprovalInstance:
        if task.status != "PENDING":
            raise ValueError(f"task {task.task_id} is {task.status}, nothing is left to decide")
        task.end_time = now_ms()
        task.instance.timeline.append(self._entry(entry, task.user) | {"task_id": task.task_id})
        self._tell_task(task, status)
        return task.instance

    def _finish_tasks(self, instance: ApprovalInstance) -> None:
        for task in instance.tasks:
            if task.status == "PENDING":
                task.end_time = now_ms()
                self._tell_task(task, "DONE")

    def _end(self, instance: ApprovalInstance, status: str) -> None:
        instance.end_time = now_ms()
        self._tell_instance(instance, status)

    def _tell_instance(self, instance: ApprovalInstance, status: str, operate_time: int | None = None) -> None:
        if status != "REVERTED":
            instance.status = status
        now = str(now_ms())
        event: dict[str, Any] = {
            "approval_code": instance.approval.code,
            "instance_code": instance.code,
            "status": status,
            "operate_time": now if operate_time is None else operate_time,
            "instance_operate_time": now,
            "uuid": instance.uuid,
        }
        self._tell(instance, old_events.APPROVAL_INSTANCE, event)

    def _tell_task(self, task: ApprovalTask, status: str) -> None:
        task.status = status
        for app in task.instance.approval.subscribers:
            event = {
                "open_id": self._world.directory.ids_of(task.user, app)["open_id"],
                "user_id": task.user.user_id,
                "approval_code": task.instance.approval.code,
                "instance_code": task.instance.code,
                "task_id": task.task_id,
                "status": status,
                "operate_time": str(now_ms()),
                "custom_key": "",
                "def_key": task.instance.node_id,
                "extra": "",
            }
            self._world.push_old(app, old_events.APPROVAL_TASK, event)

    def _tell_copy(
        self, instance: ApprovalInstance, user: "User", copy_id: str, operate: str, by: "User | None"
    ) -> None:
        event = {
            "approval_code": instance.approval.code,
            "instance_code": instance.code,
            "id": copy_id,
            "user_id": user.user_id,
            "create_time": now_ms(),
            "operate": operate,
            "from": "" if by is None else by.user_id,
        }
        self._tell(instance, old_events.APPROVAL_CC, event)

    def _tell(self, instance: ApprovalInstance, event_type: str, event: dict[str, Any]) -> None:
        for app in instance.approval.subscribers:
            self._world.push_old(app, event_type, event)

    def _entry(self, kind: str, user: "User") -> dict[str, Any]:
        return {"type": kind, "create_time": str(now_ms()), "user_id": user.user_id}

    def _must_be(self, instance: ApprovalInstance, status: str) -> None:
        if instance.status != status or instance.reverted:
            raise ValueError(f"instance {instance.code} is {instance.status}, not {status}")

    def _code(self, kind: str) -> str:
        return self._world.ids.uuid(kind).upper()
