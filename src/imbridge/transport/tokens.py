import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Protocol

from imbridge.protocol.errors import ImbridgeError

_log = logging.getLogger(__name__)
_AHEAD = 300.0


class TokenError(ImbridgeError):
    """No access token: the source is closed, or the platform's answer held none that can be used."""


class Token:
    """An access token that does not show itself.

    Attributes:
        issued_at: When it was asked for, on the source's clock.
        refresh_at: From when on a new one is fetched ahead.
        expires_at: When it stops being valid, on the source's clock.
    """

    __slots__ = ("_value", "expires_at", "issued_at", "refresh_at")

    def __init__(self, value: str, *, issued_at: float, lifetime: float) -> None:
        self._value = value
        self.issued_at = issued_at
        self.expires_at = issued_at + lifetime
        self.refresh_at = self.expires_at - min(_AHEAD, lifetime / 3)

    def reveal(self) -> str:
        """The token itself, to put into a request and nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return f"Token('**********', expires_at={self.expires_at:.0f})"


class TokenKeeper(Protocol):
    """Where a token outlives its process."""

    async def load(self) -> tuple[str, float] | None:
        """The token of an earlier process and the seconds that it lasts, if there is one."""

    def save(self, value: str, lifetime: float) -> None:
        """There is a new one, for so many seconds."""

    def drop(self) -> None:
        """The platform does not take it."""


class TokenSource:
    """Keeps one account's access token: fetched once for all who wait, and again before it expires.

    Args:
        fetch: Asks the platform for a token; returns it with its lifetime in seconds.
        clock: Monotonic clock in seconds.
        name: The account, for the log.
        backoff: Seconds to leave between a failed fetch and the next one; doubled by each failure in a row. Callers
            wait through it; a failure itself is never remembered.
        backoff_cap: Longest such pause.
        keeper: Where the token outlives the process, if anywhere.
        young: Seconds. A token refused within so many of its issue was never any good, which counts as a failed fetch.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[tuple[str, float]]],
        *,
        clock: Callable[[], float] = time.monotonic,
        name: str = "",
        backoff: float = 0.5,
        backoff_cap: float = 5.0,
        young: float = 0.3,
        keeper: TokenKeeper | None = None,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._name = name
        self._backoff = backoff
        self._backoff_cap = backoff_cap
        self._young = young
        self._keeper = keeper
        self._looked = keeper is None
        self._token: Token | None = None
        self._fetching: asyncio.Task[Token] | None = None
        self._failures = 0
        self._refused = 0
        self._failed_at: TracebackType | None = None
        self._not_before = -math.inf
        self._closed = False

    def at_hand(self) -> str | None:
        """The current token, if there is nothing to be done about it: nearly always; None: ask with `get`."""
        token = self._token
        return token.reveal() if token is not None and self._clock() < token.refresh_at else None

    async def get(self) -> str:
        """The current token.

        While a valid one is at hand it is returned at once, also while its successor is being fetched.

        Raises:
            TokenError: The source is closed or the platform's answer held no token.
            Exception: Whatever `fetch` raised; every caller that waited for that fetch gets it.
        """
        if (value := self.at_hand()) is not None:
            return value
        token = self._token
        if token is not None:
            now = self._clock()
            if now < token.expires_at:
                if self._fetching is None and now >= self._not_before and not self._closed:
                    self._start().add_done_callback(self._log_failed_refresh)
                return token.reveal()
        if self._closed:
            raise TokenError(f"The token source of {self._name or 'this account'} is closed")
        task = self._fetching or self._start()
        # Not `await task`: a caller that is cancelled must not cancel the fetch that the others wait for.
        await asyncio.wait((task,))
        if task.cancelled():
            raise TokenError(f"The token source of {self._name or 'this account'} was closed during the fetch")
        if (error := task.exception()) is not None:
            # Many callers raise this one object; each starts from the traceback of the fetch, not from its neighbour's.
            raise error.with_traceback(self._failed_at)
        return task.result().reveal()

    def invalidate(self, value: str) -> None:
        """Forget a token that the platform refused, if it is still the current one.

        So ten calls that failed with the same dead token cause one fetch. A token refused right after it was issued
        counts as a failure, which slows the next fetch down: a platform that refuses all of them is not hammered.
        """
        token = self._token
        if token is None or token.reveal() != value:
            return
        self._token = None
        if self._keeper is not None:
            self._keeper.drop()
        if self._clock() - token.issued_at < self._young:
            self._refused += 1
            self._postpone(self._refused)
        else:
            self._refused = 0

    async def close(self) -> None:
        """Cancel a fetch in flight and forget the token."""
        self._closed = True
        self._token = None
        task = self._fetching
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    def _start(self) -> asyncio.Task[Token]:
        task = asyncio.create_task(self._refresh(), name=f"token:{self._name}")
        self._fetching = task
        task.add_done_callback(self._finished)
        return task

    async def _refresh(self) -> Token:
        if self._keeper is not None and not self._looked:
            self._looked = True
            if (kept := await self._keeper.load()) is not None:
                value, lasts = kept  # one that is refused at once was good before: that is no failed fetch
                self._token = token = Token(value, issued_at=self._clock() - self._young, lifetime=lasts + self._young)
                return token
        wait = self._not_before - self._clock()
        if wait > 0:
            await asyncio.sleep(min(wait, self._backoff_cap))
        now = self._clock()
        try:
            token = self._checked(now, *(await self._fetch()))
        except Exception:
            self._failures += 1
            self._postpone(self._failures)
            raise
        self._failures = 0
        self._token = token
        if self._keeper is not None:
            self._keeper.save(token.reveal(), token.expires_at - token.issued_at)
        return token

    def _checked(self, now: float, value: object, lifetime: object) -> Token:
        who = self._name or "this account"
        if not isinstance(value, str) or not value:
            raise TokenError(f"The platform's answer for {who} held no token")
        if not isinstance(lifetime, int | float) or not math.isfinite(lifetime) or lifetime <= 0:
            raise TokenError(f"The platform gave a token for {who} with a lifetime of {lifetime!r} seconds")
        return Token(value, issued_at=now, lifetime=float(lifetime))

    def _postpone(self, times: int) -> None:
        self._not_before = self._clock() + min(self._backoff * 2 ** min(times - 1, 16), self._backoff_cap)

    def _finished(self, task: asyncio.Task[Token]) -> None:
        self._fetching = None
        if task.cancelled():
            return
        error = task.exception()  # also marks it as retrieved when every caller has gone away meanwhile
        self._failed_at = error.__traceback__ if error is not None else None

    def _log_failed_refresh(self, task: asyncio.Task[Token]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning(
                "%s: refreshing the access token ahead of time failed (%s: %s); the current one is used while it lasts",
                self._name or "account",
                type(error).__name__,
                error,
            )
