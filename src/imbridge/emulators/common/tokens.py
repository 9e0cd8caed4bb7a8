"""Access tokens: one for each app, the same while it lives."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from imbridge.emulators.common.newest import Newest

KEPT = 10_000


class Lifetime(Protocol):
    """What an emulator's settings have to say about its tokens."""

    @property
    def token_lifetime(self) -> float:
        """How long a token lives, in seconds."""


OwnerT = TypeVar("OwnerT")


@dataclass(slots=True, eq=False)
class Token(Generic[OwnerT]):
    """One token.

    Attributes:
        value: Itself.
        owner: The app or bot whose it is.
        expires: When it ends, as the platform has promised (`time.monotonic()`).
        dies: When it really ends, which may be earlier.
    """

    value: str = field(repr=False)
    owner: OwnerT
    expires: float
    dies: float

    @property
    def alive(self) -> bool:
        """Whether a call may use it."""
        return time.monotonic() < min(self.expires, self.dies)


class Tokens(Generic[OwnerT]):
    """All tokens of an emulated platform.

    Args:
        settings: How long they live.
        make: Makes the next one.
    """

    def __init__(self, settings: Lifetime, make: Callable[[], str]) -> None:
        self._settings = settings
        self._make = make
        self._all: Newest[str, Token[OwnerT]] = Newest(KEPT)
        self._current: dict[OwnerT, Token[OwnerT]] = {}
        self.early_death: float | None = None
        """When set, tokens die this many seconds after they were issued, whatever their expiry said."""
        self.issued = 0

    def request(self, owner: OwnerT, *, overlap: float = 0.0) -> tuple[str, int]:
        """The owner's valid token and the seconds it is said to have left.

        Args:
            owner: Whose.
            overlap: With so many seconds left or fewer there is a new one; the old one stays valid.
        """
        now = time.monotonic()
        lifetime = self._settings.token_lifetime
        token = self._current.get(owner)
        if token is None or not token.alive or token.expires - now <= overlap:
            dies = lifetime if self.early_death is None else self.early_death
            token = Token(self._make(), owner, now + lifetime, now + dies)
            self._current[owner] = token
            self._all[token.value] = token
            self.issued += 1
        return token.value, min(math.ceil(token.expires - now), int(lifetime))

    def find(self, value: str) -> Token[OwnerT] | None:
        """A token that was issued, dead or alive."""
        return self._all.get(value)

    def expire_all(self) -> int:
        """Ends every token; returns how many lived."""
        living = [token for token in self._all.values() if token.alive]
        for token in living:
            token.dies = 0.0
        return len(living)

    def forget_all(self) -> int:
        """Ends every token and knows none any more; returns how many lived."""
        count = self.expire_all()
        self._all.clear()
        self._current.clear()
        return count
