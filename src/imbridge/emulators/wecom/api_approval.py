"""`oa/getapprovaldetail`: an approval by its number.

Rule: https://developer.work.weixin.qq.com/document/path/91983.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call, Routes


def add_routes(routes: "Routes") -> None:
    """Adds the path of this part."""
    routes.add("POST", "oa/getapprovaldetail", detail)


def detail(call: "Call") -> dict[str, Any]:
    """An approval by its number."""
    approval = call.world.approvals.by_number.get(str(call.json().get("sp_no", "")))
    if approval is None:
        raise ApiError(301025)
    records = [
        {
            "sp_status": one.status,
            "approverattr": 1,
            "details": [
                {
                    "approver": {"userid": one.approver.userid},
                    "speech": one.speech,
                    "sp_status": one.status,
                    "sptime": one.time,
                    "media_id": [],
                }
            ],
        }
        for one in approval.decisions
    ]
    comments = [
        {"commentUserInfo": {"userid": by.userid}, "commenttime": at, "commentcontent": text, "commentid": number}
        for by, at, text, number in approval.comments
    ]
    party = str(approval.applicant.departments[0]) if approval.applicant.departments else ""
    info = {
        "sp_no": approval.sp_no,
        "sp_name": approval.name,
        "sp_status": approval.status,
        "template_id": approval.template_id,
        "apply_time": approval.apply_time,
        "applyer": {"userid": approval.applicant.userid, "partyid": party},
        "sp_record": records,
        "notifyer": [],
        "apply_data": {"contents": approval.contents},
        "comments": comments,
    }
    return {"info": info}
