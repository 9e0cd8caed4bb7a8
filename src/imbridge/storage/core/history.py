"""What happened to an entry, as it is kept beside it."""

from pydantic_core import from_json, to_json

from imbridge.storage.core.ids import plain

_LONGEST = 2000
"""Characters of a reason."""


def with_event(history: str, *, at: float, what: str, why: str) -> str:
    """The history with one more line."""
    return to_json([*from_json(history), {"at": at, "what": what, "why": plain(why, _LONGEST)}]).decode()
