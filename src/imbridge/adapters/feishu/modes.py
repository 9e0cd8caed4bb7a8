"""Imagined accounts of Feishu, one of each sort, and how the platform answers a rehearsal."""

from imbridge.adapters.rehearsal import UPLOADED, Script, Sort

_HOOK = "https://open.feishu.cn/open-apis/bot/v2/hook/00000000-0000-0000-0000-000000000000"

MODES = {
    "app": Sort({"app_id": "cli_a1", "app_secret": "secret"}, "private/oc_1"),
    "custom_bot": Sort({"mode": "custom_bot", "webhook_url": _HOOK}, "group/hook"),
}
SCRIPT = Script(
    {
        "code": 0,
        "tenant_access_token": "t",
        "expire": 7200,
        "data": {"message_id": "om_preview", "image_key": UPLOADED, "file_key": UPLOADED},
    },
    tokens=frozenset({"/open-apis/auth/v3/tenant_access_token/internal"}),
)
