"""What an answer that says no becomes: the error, and what it means for whoever asked."""

import re
from typing import Any

from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.adapters.feishu.errors import FORBIDDEN, GONE, NO_JSON, REFUSED_CONTENT
from imbridge.adapters.feishu.scopes import violated, where_to_grant
from imbridge.protocol import (
    ContentRefusedError,
    DeliveryError,
    NotPermittedError,
    RateLimitedError,
    TargetGoneError,
)
from imbridge.transport import ErrorRule, HttpError, HttpResponse, Reaction

_DOCS = "https://open.feishu.cn/search?q="


class RetargetError(DeliveryError):
    """The message that is answered to is gone; the same content may go to the chat instead."""


class DegradeError(ContentRefusedError):
    """The platform refuses this form of the content; a plainer one may pass.

    Attributes:
        sub_code: What exactly it refuses about a card; None when it does not say.
    """

    sub_code: int | None = None


def json_object(response: HttpResponse) -> dict[str, Any]:
    """The answer's JSON; a page of HTML or anything else counts as no code at all, so its HTTP status decides."""
    try:
        body = response.json()
    except HttpError:
        return {"code": None, "msg": f"HTTP {response.status} without JSON"}
    return body if isinstance(body, dict) else {"code": None, "msg": "JSON that is no object"}


_KINDS: dict[Reaction, type[DeliveryError]] = {
    Reaction.RETRY: RateLimitedError,
    Reaction.DEAD: TargetGoneError,
    Reaction.DEGRADE: DegradeError,
    Reaction.RETARGET: RetargetError,
}
_CARD_REFUSED = 230099
_SUB_CODE = re.compile(r"ErrCode:\s*(\d+)")


def failure_of(
    api: str, response: HttpResponse, body: dict[str, Any], rule: ErrorRule, config: FeishuConfig
) -> DeliveryError:
    """The error that an API's refusal is, by the row of the table that fits it."""
    code = body.get("code")
    if not isinstance(code, int | str):
        code = None
    said = body.get("msg")
    facts = [f"feishu {api}: {rule.meaning} (code {code}, HTTP {response.status}): {str(said)[:300]}"]
    if rule.hint:
        facts.append(rule.hint)
    elif code is not None:
        facts.append(f"see {_DOCS}{code}")
    if code == 99991672 and (url := where_to_grant(body, config)):
        facts.append(f"grant it at {url}")
    elif code == 99991679 and (scopes := violated(body)):
        facts.append(f"the person has to authorise {' or '.join(scopes)}")
    log_id = response.headers.get("X-Tt-Logid", "")
    if log_id:
        facts.append(f"log id {log_id}")
    kind = NotPermittedError if code in FORBIDDEN else _KINDS.get(rule.reaction, DeliveryError)
    if kind is DeliveryError and rule.code in REFUSED_CONTENT:
        kind = ContentRefusedError
    # A gateway's answer says neither that we are too fast nor that nothing happened.
    broken = rule.code in ("5xx", NO_JSON.code)
    if broken:
        kind = DeliveryError
    failure = kind(
        "; ".join(facts),
        code=response.status if code is None else code,
        platform="feishu",
        log_id=log_id,
        ambiguous=broken,
    )
    if isinstance(failure, DegradeError):
        failure.sub_code = sub_code(body)
    return failure


def sub_code(body: dict[str, Any]) -> int | None:
    """What exactly is refused about a card: the platform says so in the middle of its message."""
    if body.get("code") != _CARD_REFUSED:
        return None
    found = _SUB_CODE.search(str(body.get("msg")))
    return int(found[1]) if found is not None else None


def passing(error: DeliveryError) -> bool:
    """Whether it may pass by itself: too fast, a gateway's trouble, no connection."""
    return isinstance(error, RateLimitedError) or error.ambiguous or (type(error) is DeliveryError and not error.code)


def gone(error: RetargetError) -> DeliveryError:
    """What it means where nothing else could be the target: an edit, a reaction."""
    kind = TargetGoneError if error.code in GONE else DeliveryError
    return kind(str(error), code=error.code, platform=error.platform, log_id=error.log_id, ambiguous=error.ambiguous)
