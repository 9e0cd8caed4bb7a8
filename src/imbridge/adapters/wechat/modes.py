"""Imagined Official Accounts, one of each sort, and how the platform answers a rehearsal."""

from imbridge.adapters.rehearsal import UPLOADED, Script, Sort

_ACCOUNT = {"app_id": "wx1", "app_secret": "secret", "token": "token", "aes_key": "a" * 43}

MODES = {
    "customer_service": Sort({**_ACCOUNT, "customer_service": True}, "private/o1"),
    "passive": Sort({**_ACCOUNT, "customer_service": False, "more": ""}, "private/o1"),
    "passive_with_rest": Sort({**_ACCOUNT, "customer_service": False}, "private/o1"),
}
SCRIPT = Script(
    {"errcode": 0, "access_token": "t", "expires_in": 7200, "media_id": UPLOADED},
    tokens=frozenset({"/cgi-bin/token", "/cgi-bin/stable_token"}),
)
