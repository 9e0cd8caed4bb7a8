"""What an app has to be allowed, as data, and where that is granted. Pure.

The scopes are those that the pages of the APIs and events name (open.feishu.cn, server docs, "permissions"); any one of
those in a row is enough.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from imbridge.adapters.feishu.config import FeishuConfig

_URL = re.compile(r"https://[^\s\"'<>，。]+/auth\?q=[^\s\"'<>，。]+")


@dataclass(frozen=True, slots=True)
class Need:
    """Something the adapter does, and the scopes of which one is needed for it.

    Attributes:
        scopes: The first is the narrowest, and the one to ask for.
        purpose: What for.
        required: Without it the account is of no use.
        setting: Only accounts in which this setting says something need it.
        value: What it has to say, if not anything.
    """

    scopes: tuple[str, ...]
    purpose: str
    required: bool = False
    setting: str = ""
    value: str = ""


NEEDS = (
    Need(("im:message.p2p_msg:readonly", "im:message.p2p_msg"), "hearing private messages", required=True),
    Need(("im:message.group_at_msg:readonly", "im:message.group_at_msg", "im:message.group_msg",
          "im:message.group_msg:readonly"), "hearing mentions in groups", required=True),
    Need(("im:message:send_as_bot", "im:message", "im:message:send"), "sending and answering", required=True),
    Need(("im:message:update", "im:message:send_as_bot", "im:message"), "editing messages"),
    Need(("im:message:recall", "im:message:send_as_bot", "im:message"), "recalling messages"),
    Need(("im:message:readonly", "im:message"), "reading files, quoted and forwarded messages"),
    Need(("im:message.reactions:write_only", "im:message"), "reactions, and the sign that an answer is on its way"),
    Need(("im:resource:upload", "im:resource"), "sending images and files"),
    Need(("cardkit:card:write",), "answers that grow in a card", setting="stream", value="card"),
    Need(("im:chat:readonly", "im:chat"), "groups: their members, and events of joining and leaving"),
    Need(("approval:approval:readonly", "approval:approval"), "events of approvals", required=True,
         setting="approval_codes"),
    Need(("approval:definition", "approval:approval"), "subscribing to approvals", required=True,
         setting="approval_codes"),
)  # fmt: skip
"""What the adapter does by itself, or for any bot. What is called by its name says by itself which scope it lacks."""


def grant_url(config: FeishuConfig, scopes: Iterable[str]) -> str:
    """The console's page on which scopes are granted to the app."""
    wanted = quote(",".join(scopes), safe=",:.")
    return f"{config.console_url}/auth?q={wanted}&op_from=openapi&token_type=tenant"


def needs(config: FeishuConfig) -> list[Need]:
    """What an account with these settings needs."""
    return [need for need in NEEDS if not need.setting or _says(getattr(config, need.setting), need.value)]


def _says(given: object, value: str) -> bool:
    return given == value if value else bool(given)


def violated(body: dict[str, Any]) -> tuple[str, ...]:
    """The scopes that a refusal names, of which one is needed."""
    error = body.get("error")
    violations = error.get("permission_violations") if isinstance(error, dict) else None
    subjects = [one.get("subject") for one in violations or () if isinstance(one, dict)]
    return tuple(subject for subject in subjects if isinstance(subject, str))


def where_to_grant(body: dict[str, Any], config: FeishuConfig) -> str:
    """The page that a refusal (99991672) leads to, or the one we know; empty when neither is told."""
    error = body.get("error")
    helps = error.get("helps") if isinstance(error, dict) else None
    urls = [one.get("url") for one in helps or () if isinstance(one, dict)]
    for text in (*urls, str(body.get("msg") or "")):
        if isinstance(text, str) and (found := _URL.search(text)) is not None:
            return found[0]
    scopes = violated(body)
    return grant_url(config, scopes) if scopes else ""
