"""Imagined accounts of WeCom, one of each sort, and how the platform answers a rehearsal."""

from imbridge.adapters.rehearsal import UPLOADED, Script, Sort

_APP = {"mode": "app", "corp_id": "ww1", "secret": "secret", "agent_id": 1}

MODES = {
    "app": Sort(_APP, "private/alice"),
    "app_text": Sort({**_APP, "markdown": False}, "private/alice"),
    "bot": Sort({"mode": "bot", "bot_id": "bot", "bot_secret": "secret"}, "private/alice"),
    "bot_callback": Sort({"mode": "bot_callback", "token": "token", "aes_key": "a" * 43}, "private/alice"),
    "group_robot": Sort({"mode": "group_robot", "webhook_url": "00000000-0000-0000-0000-000000000000"}, "group/hook"),
}
SCRIPT = Script(
    {
        "errcode": 0,
        "access_token": "t",
        "expires_in": 7200,
        "msgid": "preview",
        "media_id": UPLOADED,
        "url": UPLOADED,
    },
    tokens=frozenset({"/cgi-bin/gettoken"}),
    contents=frozenset({"base64"}),
)
