"""One part that the platform takes as several messages only."""

from collections.abc import Awaitable, Callable, Iterable

from imbridge.adapters.base import Sent
from imbridge.protocol import Degradation, DeliveryError, ImbridgeError
from imbridge.rendering import Part


class PartlySentError(DeliveryError):
    """Some of the messages that a part became were sent, and the next one was not.

    Attributes:
        sent: What is there.
    """

    def __init__(self, error: ImbridgeError, sent: Sent) -> None:
        """`error` is why it went no further."""
        self.sent = sent
        super().__init__(
            f"after {1 + len(sent.more)} of its messages: {error}",
            code=getattr(error, "code", None),
            platform=getattr(error, "platform", ""),
            ambiguous=getattr(error, "ambiguous", False),
        )


async def say_in_pieces(
    parts: Iterable[Part],
    key: str,
    say: Callable[[Part, str], Awaitable[Sent]],
    told: Iterable[Degradation] = (),
) -> Sent | None:
    """Say one after another.

    Args:
        parts: The pieces.
        key: Of the whole; each piece has its own.
        say: Sends one.
        told: What of the whole is shown otherwise than meant.

    Returns:
        All of them as one; None when there are none.

    Raises:
        PartlySentError: it ended after the first.
        ImbridgeError: nothing was sent.
    """
    whole: Sent | None = None
    for number, part in enumerate(parts):
        try:
            one = await say(part, f"{key}-t{number}")
        except ImbridgeError as error:
            if whole is None:
                raise
            raise PartlySentError(error, whole) from error
        whole = one.but(*told) if whole is None else whole.followed_by(one)
    return whole
