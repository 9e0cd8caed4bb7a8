"""Authorisations that were asked for and are not finished: by whom, for what, and the secret half of PKCE."""

import base64
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from imbridge.protocol import NotPermittedError
from imbridge.transport import constant_time_equal
from imbridge.transport.hosts import LOOPBACK

LIFETIME = 600.0
"""Seconds in which somebody has to agree."""
_MOST = 1000


class UnknownStateError(NotPermittedError):
    """Nobody was asked with this state, or it was long ago: a stranger, or an old link."""


@dataclass(frozen=True, slots=True)
class Pending:
    """One request for authorisation.

    Attributes:
        state: Goes with the person to the platform and back; nobody can guess it.
        verifier: Proves that the code is used by who asked for it (RFC 7636); goes to the platform only.
        redirect_uri: Where the person is sent back to.
        user: The person who has to agree, by the platform's id; anybody, if empty.
        note: What the caller wants back with it.
        expires: When it counts no more, on the clock.
    """

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    user: str
    note: str
    expires: float

    @property
    def challenge(self) -> str:
        """What the platform is told of the verifier: its SHA-256 (`S256`)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class PendingAuthorisations:
    """The newest 1,000 of the last 10 minutes; each counts once.

    Args:
        platform: Whose, for errors.
        clock: Seconds.
    """

    def __init__(self, platform: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._platform = platform
        self._clock = clock
        self._by_digest: OrderedDict[bytes, Pending] = OrderedDict()  # in the order in which they were asked for

    def __len__(self) -> int:
        return len(self._by_digest)

    def ask(self, redirect_uri: str, user: str, note: str) -> Pending:
        """A new one."""
        now = self._clock()
        while self._by_digest and (
            len(self._by_digest) >= _MOST or next(iter(self._by_digest.values())).expires <= now
        ):
            self._by_digest.popitem(last=False)
        # Letters and digits: WeCom takes nothing else in a state.
        pending = Pending(secrets.token_hex(32), secrets.token_urlsafe(48), redirect_uri, user, note, now + LIFETIME)
        self._by_digest[_digest(pending.state)] = pending
        return pending

    def take(self, state: str) -> Pending:
        """The one with this state, which counts no more, whatever comes of it.

        Raises:
            UnknownStateError: There is none, or its time is over.
        """
        # Found by its digest, whose first bytes tell nothing about those of the state.
        pending = self._by_digest.pop(_digest(state), None)
        if pending is None or not constant_time_equal(pending.state, state) or pending.expires <= self._clock():
            raise UnknownStateError(
                f"{self._platform} oauth: this state is unknown, used or older than 10 minutes; begin again",
                platform=self._platform,
            )
        return pending


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).digest()


def check_redirect_uri(redirect_uri: str) -> None:
    """See that a code may be sent there.

    Raises:
        ValueError: it is no https address, nor one of this machine.
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError(f"the redirect_uri must be an https address, not {parts.scheme or 'a relative'} one")
