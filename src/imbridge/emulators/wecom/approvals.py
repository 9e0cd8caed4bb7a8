"""Approvals: somebody asks, others decide, the app is told by the event `sys_approval_change`.

Rule: https://developer.work.weixin.qq.com/document/path/91815.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.message import SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User
    from imbridge.emulators.wecom.world import World

PENDING, APPROVED, REJECTED, WITHDRAWN = 1, 2, 3, 4
SUBMITTED_EVENT, APPROVED_EVENT, REJECTED_EVENT, WITHDRAWN_EVENT, COMMENTED_EVENT = 1, 2, 3, 6, 10


@dataclass(slots=True, eq=False)
class Decision:
    """One approver's part: `status` is 1 pending, 2 approved, 3 rejected."""

    approver: "User"
    status: int = PENDING
    speech: str = ""
    time: int = 0


@dataclass(slots=True, eq=False)
class Approval:
    """An approval.

    Attributes:
        sp_no: Its number.
        name: The form's name.
        template_id: The form's id.
        applicant: Who asks.
        decisions: Who decides, all of them.
        contents: What is in the form, as `apply_data.contents`.
        status: 1 pending, 2 approved, 3 rejected, 4 withdrawn.
        comments: Remarks: who, when, what, id.
        apply_time: Seconds since the epoch.
    """

    sp_no: str
    name: str
    template_id: str
    applicant: "User"
    decisions: list[Decision]
    contents: list[dict[str, Any]]
    status: int = PENDING
    comments: list[tuple["User", int, str, str]] = field(default_factory=list)
    apply_time: int = field(default_factory=lambda: int(time.time()))


class Approvals:
    """Reached as `wecom.approvals`."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.by_number: dict[str, Approval] = {}

    def start(
        self,
        applicant: "User",
        approvers: "Sequence[User]",
        *,
        name: str = "Leave",
        contents: Sequence[dict[str, Any]] = (),
        app: App | None = None,
    ) -> tuple[Approval, SentMessage]:
        """Somebody asks; returns the approval and the event."""
        ids = self._world.ids
        approval = Approval(
            sp_no=time.strftime("%Y%m%d") + ids.number("sp_no", 4),
            name=name,
            template_id=ids.text("template", 43),
            applicant=applicant,
            decisions=[Decision(one) for one in approvers],
            contents=list(contents),
        )
        self.by_number[approval.sp_no] = approval
        return approval, self._tell(app, approval, SUBMITTED_EVENT)

    def approve(self, approval: Approval, by: "User", speech: str = "", *, app: App | None = None) -> SentMessage:
        """Somebody agrees; when all have, it is approved."""
        self._decide(approval, by, APPROVED, speech)
        if all(one.status == APPROVED for one in approval.decisions):
            approval.status = APPROVED
        return self._tell(app, approval, APPROVED_EVENT)

    def reject(self, approval: Approval, by: "User", speech: str = "", *, app: App | None = None) -> SentMessage:
        """Somebody refuses: it is rejected."""
        self._decide(approval, by, REJECTED, speech)
        approval.status = REJECTED
        return self._tell(app, approval, REJECTED_EVENT)

    def withdraw(self, approval: Approval, *, app: App | None = None) -> SentMessage:
        """Who asked takes it back."""
        approval.status = WITHDRAWN
        return self._tell(app, approval, WITHDRAWN_EVENT)

    def comment(self, approval: Approval, by: "User", text: str, *, app: App | None = None) -> SentMessage:
        """Somebody adds a remark."""
        approval.comments.append((by, int(time.time()), text, self._world.ids.number("comment", 19)))
        return self._tell(app, approval, COMMENTED_EVENT)

    def _decide(self, approval: Approval, by: "User", status: int, speech: str) -> None:
        for decision in approval.decisions:
            if decision.approver is by and decision.status == PENDING and approval.status == PENDING:
                decision.status, decision.speech, decision.time = status, speech, int(time.time())
                return
        raise ValueError(f"{by!r} has nothing to decide in {approval.sp_no}")

    def _tell(self, app: App | None, approval: Approval, change: int) -> SentMessage:
        app = self._world.the_app(app)
        fields = {
            "ToUserName": app.corp_id,
            "FromUserName": "sys",
            "CreateTime": int(time.time()),
            "MsgType": "event",
            "Event": "sys_approval_change",
            "AgentID": app.agent_id,
            "ApprovalInfo": _event(approval, change),
        }
        return self._world.callbacks.push(app, fields)


def _event(approval: Approval, change: int) -> dict[str, Any]:
    records = [
        {
            "SpStatus": one.status,
            "ApproverAttr": 1,
            "Details": {
                "Approver": {"UserId": one.approver.userid},
                "Speech": one.speech,
                "SpStatus": one.status,
                "SpTime": one.time,
            },
        }
        for one in approval.decisions
    ]
    comments = [
        {"CommentUserInfo": {"UserId": by.userid}, "CommentTime": at, "CommentContent": text, "CommentId": number}
        for by, at, text, number in approval.comments
    ]
    applicant = approval.applicant
    party = str(applicant.departments[0]) if applicant.departments else ""
    return {
        "SpNo": approval.sp_no,
        "SpName": approval.name,
        "SpStatus": approval.status,
        "TemplateId": approval.template_id,
        "ApplyTime": approval.apply_time,
        "Applyer": {"UserId": applicant.userid, "Party": party},
        "SpRecord": records,
        "Comments": comments,
        "StatuChangeEvent": change,
    }
