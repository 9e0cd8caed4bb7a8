"""What an answer with an `errcode` that is not 0 becomes: the error, and what it means for whoever asked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from imbridge.protocol import (
    ContentRefusedError,
    DeliveryError,
    NotPermittedError,
    RateLimitedError,
    TargetGoneError,
)
from imbridge.transport import ErrorRule, ErrorTable, HttpError, HttpResponse, Reaction

NO_JSON = ErrorRule("no JSON", "an answer that is none of the platform's (a proxy's page?)", Reaction.RETRY, delay=1.0)
"""For a status that says success with something else than the platform's JSON in it."""


class DegradeError(ContentRefusedError):
    """The platform refuses this form of the content; a plainer one may pass."""


class RetargetError(DeliveryError):
    """It cannot go this way; the same content may go another way."""


@dataclass(frozen=True, slots=True)
class ErrorKinds:
    """Which codes are which error, beside what the reaction says.

    Attributes:
        refused: `ContentRefusedError`: the content, not the target.
        forbidden: `NotPermittedError`: a right is missing.
        closed: It can be said when somebody writes again: the error is `window_closed`.
        unclear: The platform cannot say whether it has happened: as a gateway's page, the error is ambiguous.

    A family is named as its row is (`invalidParameter.robotCode.*`).
    """

    refused: Collection[int | str] = frozenset()
    forbidden: Collection[int | str] = frozenset()
    closed: Collection[int | str] = frozenset()
    unclear: Collection[int | str] = frozenset()


@dataclass(frozen=True, slots=True)
class Api:
    """A platform's API as one account sees it.

    Attributes:
        platform: The platform's name, for errors.
        account: `platform:name`, for the log.
        base_url: Where it is, without a slash at the end.
        errors: The error table.
        kinds: Which codes are which error.
        docs: Where its codes are explained; the code is put behind it.
        timeout: Seconds after which passing trouble is given up.
    """

    platform: str
    account: str
    base_url: str
    errors: ErrorTable
    kinds: ErrorKinds = field(default_factory=ErrorKinds)
    docs: str = ""
    timeout: float = 120.0


_KINDS: dict[Reaction, type[DeliveryError]] = {
    Reaction.RETRY: RateLimitedError,
    Reaction.DEAD: TargetGoneError,
    Reaction.DEGRADE: DegradeError,
    Reaction.RETARGET: RetargetError,
}


def failure_of(
    api: Api, name: str, response: HttpResponse, body: Mapping[str, Any], code: Any, rule: ErrorRule
) -> DeliveryError:
    """The error that a refusal is, by the row of the table that fits it.

    Args:
        api: Whose.
        name: What was called, for people.
        response: The answer.
        body: Its JSON.
        code: Its `errcode`; None when it has none.
        rule: The row.
    """
    code = code if isinstance(code, int | str) else None
    said = str(body.get("errmsg", ""))[:300]
    facts = [f"{name}: {rule.meaning} (code {code}, HTTP {response.status}): {said}"]
    if rule.hint:
        facts.append(rule.hint)
    elif code is not None and api.docs:
        facts.append(f"see {api.docs}{code}")
    # A gateway's answer says neither that we are too fast nor that nothing happened.
    broken = rule.code in ("5xx", NO_JSON.code) or rule.code in api.kinds.unclear
    return _kind(api.kinds, code, rule, broken=broken)(
        "; ".join(facts),
        code=response.status if code is None else code,
        platform=api.platform,
        ambiguous=broken,
        window_closed=code in api.kinds.closed,
    )


def _kind(kinds: ErrorKinds, code: int | str | None, rule: ErrorRule, *, broken: bool) -> type[DeliveryError]:
    if broken:
        return DeliveryError
    codes = {code, rule.code}
    if not codes.isdisjoint(kinds.forbidden):
        return NotPermittedError
    kind = _KINDS.get(rule.reaction, DeliveryError)
    return ContentRefusedError if kind is DeliveryError and not codes.isdisjoint(kinds.refused) else kind


def without(secret: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of a refusal without what a platform, or a proxy, may repeat of what it was asked."""
    said = str(body.get("errmsg", ""))
    return {**body, "errmsg": said.replace(secret, "***") if secret else said}


def json_object(response: HttpResponse) -> dict[str, Any]:
    """The answer's JSON object; empty for a page of HTML or anything else, so that its HTTP status decides."""
    try:
        body = response.json()
    except HttpError:
        return {}
    return body if isinstance(body, dict) else {}
