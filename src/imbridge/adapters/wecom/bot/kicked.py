"""What to do when another connection took the bot: come back once, and do not fight."""

import random

from imbridge.protocol import LinkError

KICKED = "disconnected_event"
_WINDOW = 600.0
"""Seconds within which a second time is a fight."""
_PAUSE = (5.0, 15.0)


class Kicks:
    """Counts how often another connection took the bot.

    Of one bot only the newest connection lives (path/101463). Two processes that both come back at once would take it
    from each other for ever, so whoever loses it twice in ten minutes stays away: of two that fight exactly one
    remains. Once may be a rolling update, or a connection of our own that the platform still took for alive.

    Args:
        name: The account, for errors.
        pause: Shortest and longest wait before we come back, in seconds.
    """

    def __init__(self, name: str, *, pause: tuple[float, float] = _PAUSE) -> None:
        self._name = name
        self.pause = pause
        self._last: float | None = None
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing
        self.count = 0

    def note(self, now: float) -> LinkError:
        """It happened now, on the clock of the event loop; the error that ends the connection."""
        again = self._last is not None and now - self._last < _WINDOW
        self._last = now
        self.count += 1
        if again:
            return LinkError(
                f"{self._name}: another process uses this bot and took it twice within {_WINDOW / 60:g} minutes; this "
                "one stays away. A smart bot has one connection: stop the other process, or give each a bot of its own",
                code=KICKED,
                fatal=True,
            )
        return LinkError(
            f"{self._name}: another connection took the bot (a smart bot has only one); coming back once", code=KICKED
        )

    def wait(self) -> float:
        """Seconds before we come back."""
        return self._random.uniform(*self.pause)
