"""Imagined accounts of DingTalk, one of each sort, and how the platform answers a rehearsal."""

from imbridge.adapters.rehearsal import UPLOADED, Script, Sort

_HOOK = f"https://oapi.dingtalk.com/robot/send?access_token={'0' * 64}"

MODES = {
    "app": Sort({"client_id": "ding1", "client_secret": "secret"}, "private/alice"),
    "custom_robot": Sort({"mode": "custom_robot", "webhook_url": _HOOK}, "group/hook"),
}
SCRIPT = Script(
    {
        "errcode": 0,
        "accessToken": "t",
        "expireIn": 7200,
        "processQueryKey": "preview",
        "media_id": UPLOADED,
        "success": True,
        "result": {"deliverResults": [{"success": True, "carrierId": "preview"}]},
    },
    tokens=frozenset({"/v1.0/oauth2/accessToken"}),
)
