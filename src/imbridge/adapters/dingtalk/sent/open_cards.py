"""Cards that an earlier process left open: they are finished with what they showed, and a word that it stopped there.

A card that nobody finishes turns for ever on people's screens. So every card is noted while it is open, with its text.
"""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

from imbridge.adapters.broken_off import broken_off
from imbridge.adapters.dingtalk.sent.card_api import GONE, CardApi
from imbridge.adapters.dingtalk.sent.card_texts import end_card
from imbridge.adapters.notes import Notes
from imbridge.protocol import AuthError, DeliveryError, NotPermittedError, RateLimitedError

log = logging.getLogger(__name__)

_KIND = "open_card"


class OpenCards:
    """Which cards of an account are open, also over the end of a process."""

    def __init__(self, api: CardApi, notes: Notes) -> None:
        """Nothing is read before `load`."""
        self._api = api
        self._notes = notes
        self._left: dict[str, Any] = {}
        self._ending = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def note(self, track: str, text: str) -> None:
        """A card is open and shows this text."""
        self._notes.put(_KIND, track, {"text": text, "since": datetime.now(UTC).isoformat(timespec="seconds")})

    def forget(self, track: str) -> None:
        """A card is finished."""
        self._notes.drop(_KIND, track)

    async def load(self) -> None:
        """Read what an earlier process left; before anything is sent."""
        self._left = await self._notes.left(_KIND)

    async def claim(self, track: str) -> None:
        """Somebody says again what an earlier process did not say to its end: its card is theirs."""
        if track in self._left:
            async with self._ending:
                self._left.pop(track, None)

    def start(self) -> None:
        """Finish them, one after another, in a task of its own."""
        if self._left:
            self._task = asyncio.create_task(self._finish_all(), name=f"link:{self._api.api.config.key}:open cards")

    async def close(self) -> None:
        """Stop with that; what is left is done by the next process."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        await self._notes.flush()

    async def _finish_all(self) -> None:
        account = self._api.api.config.key
        log.info("%s: %d cards were left open by an earlier process; they are finished now", account, len(self._left))
        for track in tuple(self._left):
            async with self._ending:
                if track in self._left:
                    await self._finish(track, self._left[track])
                    self._left.pop(track, None)

    async def _finish(self, track: str, note: Any) -> None:
        account = self._api.api.config.key
        text = note.get("text") if isinstance(note, dict) else None
        shown = text if isinstance(text, str) else ""
        try:
            await end_card(self._api, track, broken_off(shown), shown)
        except (DeliveryError, AuthError) as error:
            again = isinstance(error, AuthError | NotPermittedError | RateLimitedError) or error.ambiguous
            if error.code not in GONE:
                then = "the next start tries again" if again else "it stays as it is"
                log.warning("%s: a card that was left open could not be finished (%s): %s", account, then, error)
            if again:
                return
        self.forget(track)
