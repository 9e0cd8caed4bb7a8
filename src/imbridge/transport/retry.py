"""What to do about a platform's error codes, as data, and how long to wait before trying again."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum

from imbridge.transport.backoff import Backoff

RESET_HEADERS = ("Retry-After", "x-ogw-ratelimit-reset")
_EPOCH_SECONDS = 1_000_000_000  # a "delay" of 31 years is a point in time
_EPOCH_MILLISECONDS = 1_000_000_000_000


class Reaction(StrEnum):
    """What to do about an error."""

    RETRY = "retry"  # the same request again, later
    REFRESH = "refresh"  # once more, with a new access token
    DEGRADE = "degrade"  # once more, in a simpler form (card to text, for example)
    RETARGET = "retarget"  # once more, to another id or by another endpoint (reply to send, for example)
    HEAL = "heal"  # the caller knows how to mend it, and then once more (a stream that was closed, for example)
    DEAD = "dead"  # the target is gone: never send to it again
    FAIL = "fail"  # this request can never succeed
    STOP = "stop"  # the account itself is refused: a person has to act
    RECONNECT = "reconnect"  # the long connection has to be opened anew
    DONE = "done"  # it has happened already (a repeated idempotency key, for example)


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One row of a platform's error table.

    Attributes:
        code: The platform's code; or the beginning that a family of codes has in common, and `*`.
        meaning: What it means, in a few words.
        reaction: What to do.
        delay: Seconds to wait at least before a retry.
        max_delay: Longest wait in seconds, whatever the platform or the back-off says.
        hint: What a person can do about it.
        sub_code: Narrows the row to one sub code.
        retries: Most retries; None until time is up. Read by `imbridge.adapters.errcode_calls`.
    """

    code: int | str
    meaning: str
    reaction: Reaction
    delay: float | None = None
    max_delay: float | None = None
    hint: str = ""
    sub_code: int | str | None = None
    retries: int | None = None


_DEFAULT_4XX = ErrorRule("4xx", "refused by the platform", Reaction.FAIL)
_DEFAULT_429 = ErrorRule(429, "too many requests", Reaction.RETRY)
_DEFAULT_5XX = ErrorRule("5xx", "the platform has a problem", Reaction.RETRY)
_DEFAULT = ErrorRule("unknown", "a code that is in no table", Reaction.FAIL)


class ErrorTable:
    """A platform's codes and what to do about each.

    Codes given as numbers and as digits are the same (platforms send both). A code's own row goes before that of its
    family, and a narrower family before a wider one.

    Args:
        rules: The rows; no two for the same code and sub code.
        default: For an unknown code in an answer that says success or nothing by its status.
        default_4xx: For an unknown code with a 4xx status.
        default_429: For an unknown code with status 429.
        default_5xx: For an unknown code with a 5xx status.

    Raises:
        ValueError: Two rows for the same code.
    """

    def __init__(
        self,
        rules: Iterable[ErrorRule],
        *,
        default: ErrorRule = _DEFAULT,
        default_4xx: ErrorRule = _DEFAULT_4XX,
        default_429: ErrorRule = _DEFAULT_429,
        default_5xx: ErrorRule = _DEFAULT_5XX,
    ) -> None:
        self._rules: dict[tuple[str, str | None], ErrorRule] = {}
        for rule in rules:
            key = (str(rule.code), None if rule.sub_code is None else str(rule.sub_code))
            if key in self._rules:
                raise ValueError(f"Two rows for code {rule.code!r} and sub code {rule.sub_code!r}")
            self._rules[key] = rule
        self._families = sorted(
            ((code[:-1], rule) for (code, sub), rule in self._rules.items() if code.endswith("*") and sub is None),
            key=lambda family: -len(family[0]),
        )
        self._default = default
        self._default_4xx = default_4xx
        self._default_429 = default_429
        self._default_5xx = default_5xx

    def lookup(
        self, code: int | str | None, *, sub_code: int | str | None = None, status: int | None = None
    ) -> ErrorRule:
        """The row for a code: with its sub code, without, its family's, or else the default for the HTTP status."""
        if sub_code is not None:
            rule = self._rules.get((str(code), str(sub_code)))
            if rule is not None:
                return rule
        rule = self._rules.get((str(code), None))
        if rule is not None:
            return rule
        if code is not None:
            for beginning, family in self._families:
                if str(code).startswith(beginning):
                    return family
        if status == 429:
            return self._default_429
        if status is not None and 400 <= status < 500:
            return self._default_4xx
        if status is not None and status >= 500:
            return self._default_5xx
        return self._default

    def __iter__(self) -> Iterator[ErrorRule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)


def retry_delay(
    headers: Mapping[str, str],
    attempt: int,
    rule: ErrorRule | None,
    backoff: Backoff,
    *,
    reset_headers: Iterable[str] = RESET_HEADERS,
    cap: float = 3600.0,
    now: Callable[[], float] = time.time,
) -> float:
    """Seconds to wait before retry number `attempt` (0 is the first).

    What the server asks for wins over the back-off, with a little of the back-off's jitter added so that a crowd which
    was told the same moment does not come back in it. Several headers: the longest counts. Junk counts as absent.

    Args:
        headers: Headers of the answer.
        attempt: How many retries there have been.
        rule: The table's row, for its `delay` (at least) and `max_delay` (at most).
        backoff: Used when the server says nothing.
        reset_headers: Headers that say when to come back: seconds, an HTTP date, or a point in time as a number.
        cap: Longest wait, unless the rule has its own.
        now: The time of day, in seconds since 1970.
    """
    jittered = backoff.delay(attempt)
    asked = server_delay(headers, reset_headers=reset_headers, now=now)
    delay = jittered if asked is None else asked + min(jittered, 1.0)
    if rule is not None and rule.delay is not None:
        delay = max(delay, rule.delay)
    return min(delay, cap if rule is None or rule.max_delay is None else rule.max_delay)


def server_delay(
    headers: Mapping[str, str],
    *,
    reset_headers: Iterable[str] = RESET_HEADERS,
    now: Callable[[], float] = time.time,
) -> float | None:
    """Seconds that the server asks to wait, or None when it does not say so in a form that can be understood."""
    wanted = {name.lower() for name in reset_headers}
    found = [_seconds(value, now) for name, value in headers.items() if name.lower() in wanted]
    delays = [delay for delay in found if delay is not None]
    return max(delays) if delays else None


def _seconds(value: str, now: Callable[[], float]) -> float | None:
    text = value.strip()
    if len(text) > 64:
        return None
    try:
        number = float(text)
    except ValueError:
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - now())
        except (ValueError, TypeError, OverflowError):
            return None
    if not math.isfinite(number) or number < 0:
        return None
    if number >= _EPOCH_MILLISECONDS:
        number /= 1000
    return max(0.0, number - now()) if number >= _EPOCH_SECONDS else number
