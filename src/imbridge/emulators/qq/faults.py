"""Faults on demand: what goes wrong on networks and at the platform, when a test wants it to.

Every method that lasts returns a `Fault`, which counts how often it struck, ends by itself after `times`, and can be
used as a context manager: `with qq.faults.http_fail("/v2/*", 502): ...`. Patterns are of the path, as in file names.
"""

from typing import TYPE_CHECKING, Literal

from imbridge.emulators.common.connection_faults import ConnectionFaults
from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.http_faults import HttpFaults
from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.qq.connection import Connection
    from imbridge.emulators.qq.routes import Call
    from imbridge.emulators.qq.world import World

HTML = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"


class Faults(HttpFaults, ConnectionFaults[Bot]):
    """All faults of one emulator; `active` says whether any is set."""

    def __init__(self) -> None:
        super().__init__()
        self._world: World | None = None

    def attach(self, world: "World") -> None:
        """Connects the faults with what they act on."""
        self._world = world

    # --- the API ------------------------------------------------------------------------------------------------------

    def refuse(
        self,
        path_pattern: str,
        code: int,
        status: int = 400,
        times: int | None = 1,
        *,
        message: str = "",
        method: str | None = None,
    ) -> Fault:
        """Calls whose path fits are refused with this code; a status of 2xx is how errors inside success look."""
        return self._add(
            "refuse", times, pattern=path_pattern, code=code, status=status, message=message, method=method
        )

    def rate_limit(self, path: str = "*", times: int | None = 1) -> Fault:
        """Calls whose path fits are too many: HTTP 429 and code 22009."""
        return self.refuse(path, 22009, 429, times)

    def html_page(self, path: str = "*", times: int | None = 1, status: int = 200) -> Fault:
        """Requests whose path fits are answered with a page of HTML, as gateways on the way do."""
        return self.http_fail(path, status, times, HTML, {"Content-Type": "text/html"})

    def cut_before(self, path: str, times: int | None = 1) -> Fault:
        """Requests whose path fits are not handled: the connection is cut."""
        return self._add("cut_before", times, pattern=path)

    def cut_after_accept(self, path: str, times: int | None = 1) -> Fault:
        """Requests whose path fits are handled, then the connection is cut before the answer."""
        return self.lose_answer(path, times)

    def audit_pending(self, status: Literal[201, 202] = 202, times: int | None = 1) -> Fault:
        """Messages to channels wait for an audit: HTTP 201 or 202 and code 304023 or 304024."""
        return self._add("audit_pending", times, status=status)

    def part_not_ready(self, times: int | None = 1) -> Fault:
        """`upload_part_finish` says 40093001: the part is not there yet."""
        return self.refuse("*/upload_part_finish", 40093001, 400, times)

    # --- tokens -------------------------------------------------------------------------------------------------------

    def expire_tokens(self) -> int:
        """All access tokens have expired from now on; returns how many lived."""
        return self._the_world().tokens.expire_all()

    def token_lifetime(self, seconds: float) -> Fault:
        """Tokens die this many seconds after they are issued, although their expiry says otherwise."""
        return self._early_death(self._the_world().tokens, seconds)

    def expires_in_as(self, kind: Literal["number", "string"], times: int | None = None) -> Fault:
        """`expires_in` comes as a number, as documented, or as a string, as in the example and in reality."""
        return self._add("expires_in", times, type=int if kind == "number" else str)

    # --- the gateway --------------------------------------------------------------------------------------------------

    def refuse_handshake(self, status: int = 502, times: int | None = 1) -> Fault:
        """The websocket handshake is refused."""
        return self._add("refuse_handshake", times, status=status)

    def refuse_identify(self, code: int = 4004, times: int | None = 1) -> Fault:
        """Identify closes the connection with this code."""
        return self._add("refuse_identify", times, code=code)

    def refuse_resume(self, code: int = 4902, times: int | None = 1) -> Fault:
        """Resume closes the connection with this code."""
        return self._add("refuse_resume", times, code=code)

    def silent_heartbeats(self, times: int | None = None) -> Fault:
        """Heartbeats are not answered."""
        return self._add("silent_heartbeats", times)

    def duplicate_events(self, copies: int = 1, times: int | None = 1, event_type: str = "*") -> Fault:
        """Events of a type are written so many times more than once."""
        return self._add("duplicate_events", times, copies=copies, pattern=event_type)

    def send_raw(self, bot: Bot, text: str) -> int:
        """Writes this text to every connection of the bot, as it is; returns how many there are."""
        connections = self._connections(bot)
        for connection in connections:
            connection.write(text)
        return len(connections)

    # --- asked by the door --------------------------------------------------------------------------------------------

    def refuse_call(self, call: "Call") -> None:
        """Refuses a call that a fault concerns.

        Raises:
            ApiError: A fault concerns it.
        """
        fault = self.take("refuse", call.path, method=call.request.method)
        if fault is not None:
            facts = fault.facts
            raise ApiError(facts["code"], facts["message"], status=facts["status"])

    def _connections(self, owner: Bot | None) -> "list[Connection]":
        return self._the_world().gateway.of(owner)

    def _the_world(self) -> "World":
        if self._world is None:
            raise RuntimeError("the faults are not attached to an emulator")
        return self._world
