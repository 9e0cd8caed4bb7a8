"""`message/send` and `message/recall`.

Rules: https://developer.work.weixin.qq.com/document/path/90236, /path/90454 (rates), /path/94867 (recall).
`miniprogram_notice`, which needs a program of the corp, is not emulated: 40008.
"""

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.api_cards import can_change
from imbridge.emulators.wecom.content import Sender, checked_content
from imbridge.emulators.wecom.errors import ApiError
from imbridge.emulators.wecom.known_fields import APP, check_flags, note_unknown
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
DAY = 86_400
PER_ACCOUNT = 200


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "message/send", send)
    routes.add("POST", "message/recall", recall)


def send(call: "Call") -> dict[str, Any]:
    """Sends a message to members, departments and tags."""
    world, body = call.world, call.json()
    _check_agent(call, body)
    kind = body.get("msgtype")
    if kind not in KINDS:
        raise ApiError(40008)
    whom = recipients(call, body)
    repeated = _repeated(call, body)
    if repeated:
        # What the answer is then is not documented: here it is the first message's.
        world.stats.duplicates_absorbed += 1
        return {**whom.refusals(), "msgid": repeated}
    settings = world.settings
    sender = Sender(settings.text_limit, settings.markdown_limit, agent_id=call.app.agent_id)
    content = checked_content(world, kind, body, sender)
    check_flags(body)
    note_unknown(world, kind, body, APP, ())
    _within_the_day(call, len(whom.users))
    message = world.show(call.app, _within_rate(call, whom.users), kind, body, content)
    world.stats.sends += 1
    _remember(call, body, message.msgid)
    answer: dict[str, Any] = {**whom.refusals(), "msgid": message.msgid}
    if kind == "template_card" and can_change(content):
        answer["response_code"] = world.clicks.new_code(message)
    return answer


def recall(call: "Call") -> dict[str, Any]:
    """Takes a message of the last 24 hours back. That refusals are 40058 is unverified."""
    world = call.world
    message = world.by_msgid.get(str(call.json().get("msgid", "")))
    if message is None or message.app is not call.app or message.passive or message.chatid:
        raise ApiError(40058, "msgid invalid")
    if message.recalled or time.time() - message.sent_at > world.settings.recall_window:
        raise ApiError(40058, "the message can not be recalled any more")
    message.recalled = True
    world.stats.recalls += 1
    for user in message.recipients:
        user.inbox.touch()
    return {}


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


def _within_the_day(call: "Call", count: int) -> None:
    """An app sends at most 200 times the corp's accounts in a day."""
    world = call.world
    if not world.settings.rate_limits:
        return
    key = (call.app.agent_id, int(time.time() // DAY))
    sent = world.sent_today.get(key, 0) + count
    if sent > PER_ACCOUNT * world.settings.account_limit:
        world.stats.rate_limited += 1
        world.violation("rate_exceeded", f"{call.app.name} sent more than {PER_ACCOUNT} messages an account in a day")
        raise ApiError(45009)
    world.sent_today[key] = sent


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
    call.world.duplicates[f"{call.app.agent_id}/{_digest(body)}"] = (time.monotonic() + seconds, msgid)
