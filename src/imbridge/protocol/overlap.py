"""Messages that come while a skill still works for their author."""

from enum import StrEnum

LONGEST_DEBOUNCE = 60.0
"""Seconds for which a message may be held for what follows."""


class Overlap(StrEnum):
    """What becomes of a message for a skill that still works on an earlier one of the same person."""

    QUEUE = "queue"
    """It waits its turn."""
    LATEST = "latest"
    """It waits its turn, in place of the one that waits already, which is not handled."""
    INTERRUPT = "interrupt"
    """It stops the skill, and is handled next."""
