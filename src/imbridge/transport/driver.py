"""What an adapter supplies so that a `Link` can keep its platform's long connection open."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from imbridge.transport.connection import Connection, Dial
from imbridge.transport.reconnect import LinkVerdict
from imbridge.transport.watchdog import Heartbeat


class LinkState(StrEnum):
    """How a link is."""

    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"  # lost, and waiting before the next attempt
    FAILED = "failed"  # given up: a person has to act
    STOPPED = "stopped"


class LinkDriver(Heartbeat, Protocol):
    """What an adapter tells a link about its platform."""

    async def dial(self) -> Dial:
        """Ask the platform where to connect; called anew for every connection."""

    async def on_open(self, conn: Connection) -> None:
        """Introduce ourselves (identify, subscribe).

        Frames already reach `on_frame`; the link is up when this returns.
        """

    async def on_frame(self, conn: Connection, data: bytes | str) -> None:
        """Handle one frame; the next one of this connection is read when it returns.

        Answer on `conn`, which during a rotation may be the older of two. To rotate from here call `Link.rotate_soon`:
        waiting for `Link.rotate` would keep the old connection from being read.
        """

    def classify(self, error: Exception) -> LinkVerdict:
        """Judge what ended a connection or kept it from being opened.

        `LinkError` has the close code, `HttpError` the status and headers of a refused handshake; anything else is what
        `dial` or `on_open` raised.
        """


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """Limits and times of a link; times in seconds, sizes in bytes.

    Attributes:
        open_timeout: For dialling, handshake and `on_open` together.
        send_timeout: For the peer to take what we send.
        ping_interval: Between websocket pings.
        ping_timeout: For an answer to a ping, the platform's own included.
        drain: How long a connection that was rotated away is still read, unless the server closes it earlier.
        stop_grace: For the frame in hand when the link is stopped.
        close_timeout: For the peer to close in order, which one that is gone does not; a stop is to end within 1 s.
        max_msg_size: Longest message to accept; a longer one ends the connection.
    """

    open_timeout: float = 15.0
    send_timeout: float = 10.0
    ping_interval: float = 30.0
    ping_timeout: float = 15.0
    drain: float = 30.0
    stop_grace: float = 5.0
    close_timeout: float = 0.8
    max_msg_size: int = 4 * 1024 * 1024
