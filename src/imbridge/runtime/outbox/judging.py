"""What a failed send means: over, or to be tried again. Pure."""

from imbridge.adapters.pieces import PartlySentError
from imbridge.config.options import OnUnclear
from imbridge.protocol import DeliveryError, ImbridgeError, LinkError, RateLimitedError, Receipt
from imbridge.runtime.outbox.windows import is_closed

MOST_UNCLEAR = 8
"""How often something is sent at most whose end stays unclear, where the platform does not recognise a repetition."""
_GATEWAY = range(500, 600)


class NotYetError(Exception):
    """Something could not be said now; it may be said later. It ends one try, and never leaves the outbox.

    Attributes:
        error: What the adapter said.
        receipt: What became of it, should it not be tried again.
    """

    def __init__(self, error: ImbridgeError, receipt: Receipt) -> None:
        self.error = error
        self.receipt = receipt
        super().__init__(str(error))

    @property
    def needs_message(self) -> bool:
        """Whether it can be said only when somebody has written there."""
        return is_closed(self.error)

    @property
    def retry_after(self) -> float:
        """Seconds for which the platform asks to wait; 0 when it does not say."""
        after = getattr(self.error, "retry_after", None)
        return after if isinstance(after, int | float) else 0.0


def is_passing(error: ImbridgeError) -> bool:
    """Whether it may pass by itself: too fast, no connection, a gateway's trouble."""
    if isinstance(error, PartlySentError) and isinstance(error.__cause__, ImbridgeError):
        return is_passing(error.__cause__)
    if isinstance(error, LinkError):
        return not error.fatal
    if isinstance(error, RateLimitedError):
        return True
    if not isinstance(error, DeliveryError) or error.window_closed:
        return False
    if error.ambiguous:
        return True
    # A kind of its own, or a code, is the platform's word about this very message.
    return type(error) in (DeliveryError, PartlySentError) and (error.code is None or error.code in _GATEWAY)


def is_unclear(error: ImbridgeError) -> bool:
    """Whether the message may have arrived all the same."""
    return isinstance(error, DeliveryError) and error.ambiguous


def may_be_repeated(error: ImbridgeError, *, recognised: bool, unclear_ends: int, on_unclear: OnUnclear) -> bool:
    """Whether something that failed is to be tried again.

    Args:
        error: Why it failed.
        recognised: The platform recognises a repetition by its key.
        unclear_ends: How often it ended so that nobody knows whether it arrived, this time included.
        on_unclear: What the settings say of that.
    """
    if not is_passing(error):
        return False
    if recognised:
        return True
    if isinstance(error, PartlySentError):
        return False  # the pieces that arrived would surely be there twice
    if not is_unclear(error):
        return True
    return on_unclear is OnUnclear.AT_LEAST_ONCE and unclear_ends < MOST_UNCLEAR
