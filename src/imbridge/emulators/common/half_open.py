"""Connections that can be half-open: the TCP connection stays, and nothing goes over it any more."""

import asyncio


class HalfOpen:
    """What a long connection needs for it; a platform's own writes only while it is thawed.

    Attributes:
        frozen: Whether a fault keeps it half-open; one that is cut then stays so.
    """

    def __init__(self) -> None:
        self.frozen = False
        self._transport: asyncio.Transport | None = None
        self._thawed = asyncio.Event()
        self._thawed.set()

    def freeze(self) -> None:
        """Half-open: the TCP connection stays, but nothing is read or written any more."""
        self.frozen = True
        self._thawed.clear()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def thaw(self) -> None:
        """Ends `freeze`."""
        if self.frozen and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        self.frozen = False
        self._thawed.set()

    def abort(self) -> None:
        """Cuts the TCP connection with no closing handshake."""
        self._thawed.set()
        if self._transport is not None:
            self._transport.abort()
