"""Approvals: what an application (审批单) looks like: `adapter.approvals`.

Source: developer.work.weixin.qq.com, path/91983 (oa/getapprovaldetail). The app needs the right to read approvals:
admin console, App Management > Approval > API > apps that may call it. Changes arrive as events (`ApprovalChanged`).
"""

from typing import Any

from pydantic import AwareDatetime, Field

from imbridge.adapters.entries import number, objects, text
from imbridge.adapters.errcode_calls import ErrcodeCaller
from imbridge.protocol.message import utc
from imbridge.protocol.model import ProtocolModel

_STATUS = {
    1: "pending", 2: "approved", 3: "rejected", 4: "withdrawn", 6: "revoked", 7: "deleted", 10: "paid",
}  # fmt: skip


class Approval(ProtocolModel):
    """An application for something that others have to approve.

    Attributes:
        id: Its number, `sp_no`.
        name: What its template is called.
        template_id: The template.
        status: `pending`, `approved`, `rejected`, `withdrawn`, `revoked` (after it was approved), `deleted`, `paid`;
            the platform's number for what is none of these.
        applicant_id: Who applies: a userid.
        applied_at: When.
        values: What was filled in, by the title of each control, in the platform's own JSON.
        payload: All that the platform says.
    """

    id: str
    name: str = ""
    template_id: str = ""
    status: str = ""
    applicant_id: str = ""
    applied_at: AwareDatetime | None = None
    values: dict[str, Any] = Field(default_factory=dict, repr=False)
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class WeComApprovals:
    """Looks approvals up. All methods raise `DeliveryError` and its kinds."""

    def __init__(self, caller: ErrcodeCaller) -> None:
        """Over one account's caller."""
        self._caller = caller

    async def detail(self, sp_no: str) -> Approval:
        """One application, by its number (`sp_no`; `ApprovalChanged.instance_code`)."""
        answer = await self._caller.call("POST", "/cgi-bin/oa/getapprovaldetail", json={"sp_no": sp_no})
        info = answer.body.get("info")
        facts = info if isinstance(info, dict) else {}
        status, applicant, form = number(facts, "sp_status"), facts.get("applyer"), facts.get("apply_data")
        applied = number(facts, "apply_time")
        return Approval(
            id=text(facts, "sp_no") or sp_no,
            name=text(facts, "sp_name"),
            template_id=text(facts, "template_id"),
            status="" if status is None else _STATUS.get(status, str(status)),
            applicant_id=text(applicant, "userid") if isinstance(applicant, dict) else "",
            applied_at=utc(applied * 1000) if applied else None,
            values=_values(form) if isinstance(form, dict) else {},
            payload=facts,
        )


def _values(form: dict[str, Any]) -> dict[str, Any]:
    return {_title(control): control.get("value") for control in objects(form, "contents")}


def _title(control: dict[str, Any]) -> str:
    """The first of its titles, of which there is one for each language; else its id."""
    titles = [text(title, "text") for title in objects(control, "title")]
    return next(filter(None, titles), "") or text(control, "id")
