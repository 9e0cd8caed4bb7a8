"""Approvals: somebody asks, others decide, the apps are told.

Sources: open.dingtalk.com, "审批实例开始、结束、终止、删除" (event-bpms-instance-change) and
"审批任务开始，结束，转交" (event-bpms-task-change).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from imbridge.emulators.dingtalk.frame import now_ms
from imbridge.emulators.dingtalk.told import Told, tell

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World

Result = Literal["agree", "refuse"]
RUNNING, FINISHED, TERMINATED, DELETED = "RUNNING", "finish", "terminate", "delete"


@dataclass(slots=True, eq=False)
class Task:
    """One approver's part.

    Attributes:
        id: Its number.
        approver: Who decides.
        create_time: Milliseconds since the epoch.
        result: agree, refuse, redirect; empty while it is open.
    """

    id: int
    approver: "User"
    create_time: int
    result: str = ""


class Approval:
    """An approval that runs; its methods are what people do with it.

    Attributes:
        process_instance_id: Its id.
        process_code: The form's code, `PROC-...`.
        business_id: Its number for people.
        title: What people see.
        originator: Who asks.
        tasks: Who decides, all of them.
        state: RUNNING, finish, terminate or delete.
        result: agree or refuse, once it is finished.
        told: Every event so far.
    """

    def __init__(self, world: "World", originator: "User", title: str, app: "App | None") -> None:
        ids = world.ids
        self.process_instance_id = ids.text("process_instance", 22)
        self.process_code = "PROC-" + ids.uuid("process_code").upper()
        self.business_id = time.strftime("%Y%m%d%H%M") + ids.number("business_id", 9)
        self.title = title
        self.originator = originator
        self.tasks: list[Task] = []
        self.state = RUNNING
        self.result = ""
        self.told: list[Told] = []
        self.create_time = now_ms()
        self._world = world
        self._app = app

    def __repr__(self) -> str:
        return f"Approval({self.process_instance_id!r}, {self.title!r}, {self.state})"

    def begin(self) -> Told:
        """It has been asked for: `bpms_instance_change` with `start`."""
        return self._instance("start")

    def decided(self, result: Result = "agree", *, by: "User | None" = None, remark: str = "") -> Told:
        """Somebody decides (the first who has not): `bpms_task_change`, and at the end `bpms_instance_change`.

        It ends when somebody refuses, or all have agreed; of an approval that asks nobody, at once.

        Raises:
            ValueError: They have nothing to decide.
        """
        if not self.tasks and by is None and self.state == RUNNING:
            return self._ended(FINISHED, result)
        task = self._open_task(by)
        task.result = result
        told = self._task("finish", task, remark=remark, result=result)
        open_tasks = [one for one in self.tasks if not one.result]
        if result == "refuse":
            for other in open_tasks:
                self.task_cancelled(other.approver)
        if result == "refuse" or not open_tasks:
            told = Told((*told, *self._ended(FINISHED, result)))
        return told

    def terminated(self) -> Told:
        """Who asked takes it back: `bpms_instance_change` with `terminate`, which has no result."""
        return self._ended(TERMINATED, "")

    def deleted(self) -> Told:
        """It is deleted: `bpms_instance_change` with `delete`."""
        return self._ended(DELETED, "")

    def task_started(self, approver: "User") -> Told:
        """Somebody is to decide: `bpms_task_change` with `start`."""
        task = Task(int(self._world.ids.number("task", 11)), approver, now_ms())
        self.tasks.append(task)
        return self._task("start", task)

    def task_redirected(self, approver: "User", to: "User", remark: str = "") -> Told:
        """Somebody hands their part on: `finish` with `redirect`, and `start` for the other."""
        task = self._open_task(approver)
        task.result = "redirect"
        told = self._task("finish", task, remark=remark, result="redirect")
        return Told((*told, *self.task_started(to)))

    def task_cancelled(self, approver: "User") -> Told:
        """Somebody's part is over because another has decided: `cancel`."""
        task = self._open_task(approver)
        task.result = "cancel"
        return self._task("cancel", task)

    def task_commented(self, by: "User", remark: str) -> Told:
        """Somebody adds a remark: `comment`."""
        task = next((one for one in self.tasks if one.approver is by), None)
        return self._task("comment", task or Task(int(self._world.ids.number("task", 11)), by, now_ms()), remark=remark)

    def _open_task(self, by: "User | None") -> Task:
        for task in self.tasks:
            if not task.result and by in {None, task.approver} and self.state == RUNNING:
                return task
        raise ValueError(f"{by!r} has nothing to decide in {self!r}")

    def _ended(self, state: str, result: str) -> Told:
        if self.state != RUNNING and state != DELETED:
            raise ValueError(f"{self!r} has ended already")
        self.state, self.result = state, result or self.result
        return self._instance(state, result)

    def _instance(self, change: str, result: str = "") -> Told:
        fields: dict[str, Any] = {
            "processInstanceId": self.process_instance_id,
            "createTime": self.create_time,
            "processCode": self.process_code,
            "bizCategoryId": "",
            "businessId": self.business_id,
            "type": change,
            "title": self.title,
            "businessType": "",
            "url": "https://aflow.dingtalk.com/dingtalk/mobile/homepage.htm?procInstId=" + self.process_instance_id,
            "staffId": self.originator.userid,
        }
        if change != "start":
            fields["finishTime"] = now_ms()
        if result:
            fields["result"] = result
        return self._note(tell(self._world, "bpms_instance_change", fields, self._app))

    def _task(self, change: str, task: Task, *, remark: str = "", result: str = "") -> Told:
        fields: dict[str, Any] = {
            "processInstanceId": self.process_instance_id,
            "createTime": task.create_time,
            "processCode": self.process_code,
            "bizCategoryId": "",
            "businessId": self.business_id,
            "type": change,
            "title": self.title,
            "taskId": task.id,
            "staffId": task.approver.userid,
        }
        if change != "start":
            fields |= {"finishTime": now_ms(), "remark": remark}
        if result:
            fields["result"] = result
        return self._note(tell(self._world, "bpms_task_change", fields, self._app))

    def _note(self, told: Told) -> Told:
        self.told.append(told)
        return told


@dataclass(slots=True)
class Approvals:
    """All approvals, by processInstanceId."""

    world: "World" = field(repr=False)
    by_id: dict[str, Approval] = field(default_factory=dict)

    def start(
        self, originator: "User", title: str, approvers: "Sequence[User]" = (), *, app: "App | None" = None
    ) -> Approval:
        """Somebody asks; without `app` all apps are told."""
        approval = Approval(self.world, originator, title, app)
        self.by_id[approval.process_instance_id] = approval
        approval.begin()
        for approver in approvers:
            approval.task_started(approver)
        return approval
