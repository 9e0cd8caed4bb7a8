"""Imagined bots of QQ, one for each sort of conversation, and how the platform answers a rehearsal."""

from imbridge.adapters.rehearsal import UPLOADED, Script, Sort

_BOT = {"app_id": "1", "secret": "secret"}

MODES = {
    "c2c": Sort(_BOT, "private/person"),
    "c2c_text": Sort({**_BOT, "markdown": "off"}, "private/person"),
    "group": Sort(_BOT, "group/group"),
    "guild": Sort(_BOT, "guild/channel"),
}
SCRIPT = Script(
    {
        "access_token": "t",
        "expires_in": 7200,
        "id": "preview",
        "file_info": UPLOADED,
        "ttl": 0,
        "upload_id": UPLOADED,
        "parts": [],
    },
    tokens=frozenset({"/app/getAppAccessToken"}),
    uploads=("/files", "/upload_prepare"),
    contents=frozenset({"file_data"}),
)
