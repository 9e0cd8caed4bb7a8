"""How far something is that is being said."""

from datetime import datetime

from pydantic import AwareDatetime

from imbridge.protocol import Degradation, SentPart
from imbridge.protocol.model import ProtocolModel, filled


class Progress(ProtocolModel):
    """What became so far of something to be said: kept, so that whoever goes on with it repeats nothing.

    Attributes:
        parts: How many parts it was cut into; 0: none of them arrived yet.
        done: How many of them arrived, in order.
        message_ids: Of each of those, the id of its first message.
        sent: Their messages.
        degradations: What of these is otherwise than meant.
        attempts: Requests made for them.
        unclear_since: The next part may have arrived, for it left and nobody knows its end: since then.
        unclear_ends: How often that happened.
        perhaps_twice: Something of it may be there twice.
        put_off: How often it was put off.
        failing_since: When it was put off first.
        window_missed: Since then it waits for somebody to write.
    """

    parts: int = 0
    done: int = 0
    message_ids: tuple[str, ...] = ()
    sent: tuple[SentPart, ...] = ()
    degradations: tuple[Degradation, ...] = ()
    attempts: int = 0
    unclear_since: AwareDatetime | None = None
    unclear_ends: int = 0
    perhaps_twice: bool = False
    put_off: int = 0
    failing_since: AwareDatetime | None = None
    window_missed: AwareDatetime | None = None

    def but(self, **changes: object) -> "Progress":
        """The same with these changes, which are valid."""
        told = self.__pydantic_fields_set__ | changes.keys()
        return filled(Progress.__new__(Progress), self.__dict__ | changes, told)


def interrupted(progress: Progress, at: datetime) -> Progress:
    """How far something is whose process ended while it was under way."""
    if progress.unclear_since is not None:
        return progress
    return progress.but(unclear_since=at, unclear_ends=progress.unclear_ends + 1)


NEW = Progress()
"""Nothing was done about it yet."""
