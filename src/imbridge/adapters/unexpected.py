"""What arrives and is not as the platform's documents say: it is passed on whole."""

import hashlib

NOT_AS_EXPECTED = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading raises on something of a known kind that lacks what its kind should have. It is passed on whole, not
dropped: the platform may have changed, and a handler for unknown events can still use it."""


def digest(content: bytes) -> str:
    """What stands for the id of something that has none."""
    return hashlib.sha256(content).hexdigest()[:32]
