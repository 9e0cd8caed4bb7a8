"""`message/send`, `message/recall` and `message/update_template_card`.

Rules: https://developer.work.weixin.qq.com/document/path/90236, /path/94867 (recall), /path/94888 (cards).
"""

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.content import checked_content
from imbridge.emulators.wecom.errors import ApiError
from imbridge.emulators.wecom.recipients import recipients

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call, Routes
    from imbridge.emulators.wecom.user import User

KINDS = frozenset(
    {
        "text",
        "markdown",
        "image",
        "voice",
        "video",
        "file",
        "textcard",
        "news",
        "mpnews",
        "template_card",
    }
)
LONGEST_CHECK = 4 * 3600
DEFAULT_CHECK = 1800


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "message/send", send)


def send(call: "Call") -> dict[str, Any]:
    """Sends a message to members, departments and tags."""
    world, body = call.world, call.json()
    _check_agent(call, body)
    kind = body.get("msgtype")
    if kind not in KINDS:
        raise ApiError(40008)
    whom = recipients(call, body)
    content = checked_content(world, kind, body, app=call.app)
    repeated = _repeated(call, body)
    if repeated:
        world.stats.duplicates_absorbed += 1
        return {**whom.refusals(), "msgid": repeated}
    message = world.show(call.app, _within_rate(call, whom.users), kind, body, content)
    world.stats.sends += 1
    _remember(call, body, message.msgid)
    answer: dict[str, Any] = {**whom.refusals(), "msgid": message.msgid}
    return answer


def _check_agent(call: "Call", body: dict[str, Any]) -> None:
    agent_id = body.get("agentid")
    if agent_id is None:
        raise ApiError(41011)
    try:
        number = int(agent_id)
    except (TypeError, ValueError):
        raise ApiError(40056) from None
    if number not in call.world.apps:
        raise ApiError(40056)
    if number != call.app.agent_id:
        raise ApiError(301002)


def _within_rate(call: "Call", users: "list[User]") -> "list[User]":
    """Who gets it: who has had 30 in this minute or 1000 in this hour from the app gets nothing, and nobody is told."""
    world = call.world
    if not world.settings.rate_limits:
        return users
    reached = [user for user in users if world.member_rates.take(str(call.app.agent_id), user.userid)[0] == 0]
    dropped = len(users) - len(reached)
    if dropped:
        world.stats.silently_dropped += dropped
        world.violation("member_rate", f"{call.app.name} sent {dropped} member(s) more than their rate: dropped")
    return reached


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _repeated(call: "Call", body: dict[str, Any]) -> str:
    """The msgid of the message that has the same content, if the caller wants repetitions held back."""
    if not body.get("enable_duplicate_check"):
        return ""
    until, msgid = call.world.duplicates.get(f"{call.app.agent_id}/{_digest(body)}", (0.0, ""))
    return msgid if time.monotonic() < until else ""


def _remember(call: "Call", body: dict[str, Any], msgid: str) -> None:
    if not body.get("enable_duplicate_check"):
        return
    seconds = body.get("duplicate_check_interval", DEFAULT_CHECK)
    seconds = min(seconds, LONGEST_CHECK) if isinstance(seconds, int) else DEFAULT_CHECK
    known = call.world.duplicates
    known[f"{call.app.agent_id}/{_digest(body)}"] = (time.monotonic() + seconds, msgid)
    if len(known) > call.world.settings.history:
        known.popitem(last=False)
