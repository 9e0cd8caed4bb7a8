"""Faults on demand: what goes wrong on networks and platforms, when a test wants it to.

Methods that set a fault return it: it counts how often it struck, ends by itself after `times`, and can be used as a
context manager: `with platform.faults.refuse("aibot_respond_msg", 846608): ...`.
"""

from typing import TYPE_CHECKING

from imbridge.emulators.common.connection_faults import ConnectionFaults
from imbridge.emulators.common.fault import Fault
from imbridge.emulators.wecom.bot.bot import Bot

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.connection import Connection
    from imbridge.emulators.wecom.bot.link import Link


class Faults(ConnectionFaults[Bot]):
    """All faults of one emulator. Commands are named as on the wire, with `*` for any."""

    def __init__(self) -> None:
        super().__init__()
        self._link: Link | None = None

    def attach(self, link: "Link") -> None:
        """Connects the faults with what they act on."""
        self._link = link

    # --- connections ------------------------------------------------------------------------------------------------

    def refuse_handshakes(self, status: int = 503, times: int | None = 1) -> Fault:
        """Answers websocket handshakes with this HTTP status."""
        return self._add("refuse_handshakes", times, status=status)

    def mute_pings(self, times: int | None = None) -> Fault:
        """Pings are not answered."""
        return self._add("mute_pings", times)

    def kick(self, bot: Bot, *, close: bool = True) -> int:
        """Sends `disconnected_event` as if a newer connection had come; returns to how many.

        Args:
            bot: Whose connections.
            close: Whether the platform also cuts them. Either way they are subscribed no longer.
        """
        connections = self._connections(bot)
        for connection in connections:
            connection.kick(close=close)
        return len(connections)

    def never_close_kicked(self, times: int | None = None) -> Fault:
        """Replaced connections get their `disconnected_event` but are not cut."""
        return self._add("never_close_kicked", times)

    def forget_subscription(self, bot: Bot) -> int:
        """The connections stay open and say nothing, but are subscribed no longer: 846609; returns how many."""
        connections = self._connections(bot)
        for connection in connections:
            connection.unsubscribe()
        return len(connections)

    def send_raw(self, bot: Bot, data: str | bytes) -> int:
        """Sends a websocket message of any content to every connection of a bot; returns to how many."""
        connections = self._connections(bot)
        for connection in connections:
            connection.write(data)
        return len(connections)

    # --- commands and acknowledgements ------------------------------------------------------------------------------

    def refuse(self, cmd: str, code: int, times: int | None = 1) -> Fault:
        """Answers commands with this code and does not do them."""
        return self._add("refuse", times, pattern=cmd, code=code)

    def lose_acks(self, cmd: str = "*", times: int | None = 1) -> Fault:
        """Does what is asked and does not acknowledge it."""
        return self._add("lose_acks", times, pattern=cmd)

    def delay_acks(self, seconds: float, cmd: str = "*", times: int | None = None) -> Fault:
        """Does what is asked and acknowledges it this much later."""
        return self._add("delay_acks", times, pattern=cmd, seconds=seconds)

    def cut_after_accept(self, cmd: str = "*", times: int | None = 1) -> Fault:
        """Does what is asked and cuts the connection instead of acknowledging it."""
        return self._add("cut_after_accept", times, pattern=cmd)

    # --- callbacks and the rest -------------------------------------------------------------------------------------

    def duplicate_callbacks(self, n: int = 1, times: int | None = 1) -> Fault:
        """Callbacks come this many times more, with the same msgid."""
        return self._add("duplicate_callbacks", times, n=n)

    def lose_callbacks(self, times: int | None = 1) -> Fault:
        """Callbacks are not given out at all."""
        return self._add("lose_callbacks", times)

    def fail_downloads(self, status: int = 503, times: int | None = 1) -> Fault:
        """Answers downloads of media with this HTTP status."""
        return self._add("fail_downloads", times, status=status)

    def garble_downloads(self, times: int | None = 1) -> Fault:
        """The last byte of a downloaded medium is wrong, so its padding is too."""
        return self._add("garble_downloads", times)

    def refuse_response_url(self, code: int, times: int | None = 1) -> Fault:
        """Answers a `response_url` with this code; the address stays usable."""
        return self._add("refuse_response_url", times, code=code)

    def fail_response_url(self, status: int = 503, times: int | None = 1) -> Fault:
        """Answers a `response_url` with this HTTP status; the address stays usable."""
        return self._add("fail_response_url", times, status=status)

    def _connections(self, owner: Bot | None) -> "list[Connection]":
        return [] if self._link is None else self._link.connections(owner)
