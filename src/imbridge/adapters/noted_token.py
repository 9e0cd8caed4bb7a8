"""An app's access token over a restart: among the account's notes, where nobody can read them."""

import hashlib
import time
from typing import Any

from imbridge.adapters.notes import Notes

_KIND = "app_token"
_WORTH = 600.0
"""Seconds that a token has to last for it to save a request."""


class NotedToken:
    """Keeps one app's token. While it lasts it is worth what the secret is: it is kept only where notes are encrypted.

    It does no harm to several processes: the platforms give the same token to all who ask while it lasts.
    """

    def __init__(self, notes: Notes, name: str, *secrets: str) -> None:
        """`name` tells an account's tokens apart; `secrets` are what it is got with: of others it is not taken."""
        self._notes = notes
        self._name = name
        self._of = hashlib.blake2b("\n".join(secrets).encode("utf-8", "replace"), digest_size=16).hexdigest()

    async def load(self) -> tuple[str, float] | None:
        """The token and the seconds that it lasts, if it is worth it."""
        if not self._notes.encrypted:
            return None
        note: Any = (await self._notes.all(_KIND)).get(self._name)
        try:
            value, until, of = note["value"], float(note["until"]), note["of"]
        except (KeyError, TypeError, ValueError):
            return None
        left = until - time.time()
        return (str(value), left) if of == self._of and left > _WORTH else None

    def save(self, value: str, lifetime: float) -> None:
        """There is a new one, for so many seconds."""
        if self._notes.encrypted:
            until = time.time() + lifetime
            self._notes.put(_KIND, self._name, {"value": value, "until": until, "of": self._of}, until=until)

    def drop(self) -> None:
        """The platform does not take it."""
        self._notes.drop(_KIND, self._name)
