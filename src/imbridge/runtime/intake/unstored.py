"""Deliveries that the storage refuses while it is away: told once, with their number when it is over."""

import logging

from imbridge.protocol import OverloadedError
from imbridge.storage import StorageError

log = logging.getLogger(__name__)


class Unstored:
    """Counts what is refused: a database that is away for a minute would be a line of the log for each delivery.

    Attributes:
        count: Deliveries that were refused since the storage is away; 0: it is not.
    """

    def __init__(self) -> None:
        """Nothing is refused."""
        self.count = 0

    def refused(self, lane: str, error: BaseException | None) -> None:
        """A delivery could not be stored, and the platform is to deliver it again; None: it was cancelled."""
        why = "cancelled" if error is None else f"{type(error).__name__}: {error}"
        if not _is_away(error):
            log.error("%s: a delivery could not be stored (%s); the platform is to deliver it again", lane, why)
            return
        self.count += 1
        if self.count == 1:
            log.error(
                "%s: a delivery could not be stored (%s); the platform is to deliver it again. Further ones are "
                "counted until the storage is back (counter `storage_failed`)",
                lane,
                why,
            )

    def stored(self) -> None:
        """A delivery was stored."""
        if self.count:
            log.warning(
                "deliveries are stored again: %d could not be, and the platforms were asked to deliver them again",
                self.count,
            )
            self.count = 0


def _is_away(error: BaseException | None) -> bool:
    """Whether it is about the storage, and not about this one delivery."""
    return isinstance(error, OverloadedError) or (isinstance(error, StorageError) and error.passing)
