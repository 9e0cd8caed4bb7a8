"""What the gateway means by closing a connection, and what to do about it: data, tested row by row.

Source: bot.q.qq.com, "WebSocket error codes". 4004 is not among them; clients report it for a wrong token. That a
session is resumed once after 4009 and then given up is between the documents, which resume, and clients, which do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CloseReaction(StrEnum):
    """What to do about a closed connection."""

    STOP = "stop"
    """No connection helps until a person acts."""
    INTENTS = "intents"
    """Ask for fewer events, where that is ours to decide; else stop."""
    TOKEN = "token"  # noqa: S105 - a word
    """A new token; then resume once, then identify."""
    IDENTIFY = "identify"
    """The session is over: identify, and never resume it again."""
    RESUME = "resume"
    """Resume, for as long as it takes."""
    RESUME_ONCE = "resume_once"
    """Resume; if that is refused, too, identify."""


@dataclass(frozen=True, slots=True)
class CloseRule:
    """One row.

    Attributes:
        meaning: What it means, in a few words.
        reaction: What to do.
        delay: Seconds to wait at least.
        hint: What a person can do about it.
    """

    meaning: str
    reaction: CloseReaction
    delay: float = 0.0
    hint: str = ""


_STOP, _ONCE = CloseReaction.STOP, CloseReaction.RESUME_ONCE
_REPORT = "this is a mistake of the bridge: report it"
_INTERNAL = CloseRule("the gateway has a problem", CloseReaction.IDENTIFY)
UNKNOWN = CloseRule("a code that is in no table", _ONCE)
NETWORK = CloseRule("the connection broke", CloseReaction.RESUME)

CLOSE_CODES: Mapping[int, CloseRule] = {
    1001: NETWORK,
    1006: NETWORK,
    1012: NETWORK,
    4001: CloseRule("an opcode that the platform does not know", _STOP, hint=_REPORT),
    4002: CloseRule("a payload that the platform does not take", _STOP, hint=_REPORT),
    4004: CloseRule("the token is not valid", CloseReaction.TOKEN),
    4006: CloseRule("the session is not valid", CloseReaction.IDENTIFY),
    4007: CloseRule("the sequence number is wrong", CloseReaction.IDENTIFY),
    4008: CloseRule("too many payloads", CloseReaction.RESUME, 60.0),
    4009: CloseRule("the connection has expired", _ONCE),
    4010: CloseRule("a shard that the platform does not take", _STOP, hint="set shards: auto"),
    4011: CloseRule("too many guilds for one connection", _STOP, hint="set shards: auto, or more of them"),
    4012: CloseRule("a version that the platform does not know", _STOP, hint=_REPORT),
    4013: CloseRule("intents that the platform does not know", _STOP, hint="leave out some of the setting intents"),
    4014: CloseRule(
        "intents that the bot may not have", CloseReaction.INTENTS, hint="q.qq.com > the bot > Development > events"
    ),
    **dict.fromkeys(range(4900, 4914), _INTERNAL),
    4914: CloseRule("the bot is delisted: only the sandbox is open to it", _STOP, hint="set sandbox: true"),
    4915: CloseRule("the bot is banned", _STOP, hint="q.qq.com says why, and how to appeal"),
}


def close_rule(code: int | str | None) -> CloseRule:
    """The row for a close code; None: there was no code."""
    if code is None:
        return NETWORK
    return CLOSE_CODES.get(int(code), UNKNOWN) if str(code).isdigit() else UNKNOWN


def explained(code: int | str | None) -> str:
    """What a close code means, and what a person can do; empty when there is nothing to say."""
    rule = close_rule(code)
    if rule in (UNKNOWN, NETWORK):
        return ""
    return f"{rule.meaning}; {rule.hint}" if rule.hint else rule.meaning
