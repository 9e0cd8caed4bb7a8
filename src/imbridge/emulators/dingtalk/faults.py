"""Faults on demand: what goes wrong on networks and at the platform, when a test wants it to.

Every method that lasts returns a `Fault`, which counts how often it struck, ends by itself after `times`, and can be
used as a context manager: `with ding.faults.http_fail("*/batchSend", 502): ...`. Patterns are of the path, as in file
names: `/v1.0/robot/*`.
"""

import json
import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from imbridge.emulators.common.connection_faults import ConnectionFaults
from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.http_faults import HttpFaults
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.errors import ApiError, OapiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.connection import Connection
    from imbridge.emulators.dingtalk.routes import Call
    from imbridge.emulators.dingtalk.world import World

BANNED = '<html><body><script>var data={"status":1111,"wait":5,"source":"","punish":"deny"}</script></body></html>'
HTML = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"


class Faults(HttpFaults, ConnectionFaults[App]):
    """All faults of one emulator; `active` says whether any is set."""

    def __init__(self) -> None:
        super().__init__()
        self._world: World | None = None

    def attach(self, world: "World") -> None:
        """Connects the faults with what they act on."""
        self._world = world

    # --- the API ------------------------------------------------------------------------------------------------------

    def refuse(
        self, path_pattern: str, code: str | int, times: int | None = 1, *, status: int | None = None, message: str = ""
    ) -> Fault:
        """Calls whose path fits are refused with this code: a word of api.dingtalk.com, a number of oapi.dingtalk.com.

        `status` is the HTTP status, by default 400 of api.dingtalk.com; oapi.dingtalk.com says 200 always.
        """
        return self._add("refuse", times, pattern=path_pattern, code=code, status=status or 400, message=message)

    def over_qps(self, path: str = "*", times: int | None = 1) -> Fault:
        """Calls whose path fits are over the rate of their API."""
        return self._add("over_qps", times, pattern=path)

    def over_month(self, path: str = "*", times: int | None = 1) -> Fault:
        """Calls whose path fits find the month's calls used up."""
        return self._add("over_month", times, pattern=path)

    def flow_control(self, userids: Collection[str], times: int | None = None) -> Fault:
        """`batchSend` lists these people in `flowControlledStaffIdList` and sends them nothing."""
        return self._add("flow_control", times, userids=frozenset(userids))

    def ban_ip(self, seconds: float) -> Fault:
        """For so many seconds every request is answered with the page of a banned address, and HTTP 200."""
        return self._add("ban_ip", None, until=time.monotonic() + seconds)

    def html_page(self, path: str = "*", times: int | None = 1, status: int = 200) -> Fault:
        """Requests whose path fits are answered with a page of HTML, as gateways on the way do."""
        return self.http_fail(path, status, times, HTML, {"Content-Type": "text/html"})

    def cut_before(self, path: str, times: int | None = 1) -> Fault:
        """Requests whose path fits are not handled: the connection is cut."""
        return self._add("cut_before", times, pattern=path)

    def cut_after_accept(self, path: str, times: int | None = 1) -> Fault:
        """Requests whose path fits are handled, then the connection is cut before the answer."""
        return self.lose_answer(path, times)

    # --- tokens and sessions ------------------------------------------------------------------------------------------

    def expire_tokens(self) -> int:
        """All access tokens have expired from now on; returns how many lived."""
        return self._the_world().tokens.expire_all()

    def token_lifetime(self, seconds: float) -> Fault:
        """Tokens die this many seconds after they are issued, although their expiry says otherwise."""
        return self._early_death(self._the_world().tokens, seconds)

    def expire_session_webhooks(self) -> int:
        """All session webhooks have expired from now on; returns how many lived."""
        return self._the_world().sessions.expire_all()

    # --- the stream ---------------------------------------------------------------------------------------------------

    def refuse_open(
        self, code: str = "authFailed", status: int = 401, times: int | None = 1, message: str = ""
    ) -> Fault:
        """`connections/open` is refused."""
        return self._add("refuse_open", times, code=code, status=status, message=message)

    def refuse_handshake(self, status: int = 401, times: int | None = 1) -> Fault:
        """The websocket handshake is refused."""
        return self._add("refuse_handshake", times, status=status)

    def send_raw(self, app: App, text: str) -> int:
        """Writes this text to every connection of the app, as it is; returns how many there are."""
        connections = self._connections(app)
        message_id = _message_id(text)
        for connection in connections:
            if message_id:
                connection.tolerate(message_id)
            connection.write(text)
        return len(connections)

    def skip_pings(self, times: int | None = None) -> Fault:
        """SYSTEM pings are not sent."""
        return self._add("skip_pings", times)

    def duplicate_events(self, n: int = 1, times: int | None = None) -> Fault:
        """Messages and events are written `n` times more than once."""
        return self._add("duplicate_events", times, copies=n)

    def delay_events(self, seconds: float, times: int | None = None) -> Fault:
        """Messages and events are pushed this much later."""
        return self._add("delay_events", times, seconds=seconds)

    # --- asked by the emulator's parts --------------------------------------------------------------------------------

    def refuse_call(self, call: "Call") -> None:
        """Refuses a call, if that was asked for.

        Raises:
            ApiError: It is refused, of api.dingtalk.com.
            OapiError: It is refused, of oapi.dingtalk.com.
        """
        from imbridge.emulators.dingtalk.limits import over_month, over_qps

        fault = self.take("refuse", call.path)
        if fault is not None:
            code, message = fault.facts["code"], fault.facts["message"]
            if isinstance(code, int):
                raise OapiError(code, message)
            raise ApiError(code, message, status=fault.facts["status"])
        if self.take("over_qps", call.path) is not None:
            raise over_qps(call)
        if self.take("over_month", call.path) is not None:
            raise over_month(call)

    def slowed(self, userids: Sequence[str]) -> list[str]:
        """Which of these people get nothing for flow control."""
        fault = self.take("flow_control") if self.active else None
        return [one for one in userids if one in fault.facts["userids"]] if fault is not None else []

    def banned(self) -> web.Response | None:
        """The page of a banned address, while it is banned."""
        fault = self.take("ban_ip")
        if fault is None:
            return None
        if time.monotonic() >= fault.facts["until"]:
            fault.clear()
            return None
        return web.Response(body=BANNED.encode(), headers={"Content-Type": "text/html"})

    def _connections(self, owner: App | None) -> "list[Connection]":
        return self._the_world().stream.of(owner)

    def _the_world(self) -> "World":
        if self._world is None:
            raise RuntimeError("the faults are attached to no emulator")
        return self._world


def _message_id(text: str) -> str:
    """The messageId of a frame written by hand, if it has one."""
    try:
        return str(json.loads(text)["headers"]["messageId"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
