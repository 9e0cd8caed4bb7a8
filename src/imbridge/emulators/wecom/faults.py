"""Faults on demand: what goes wrong on networks and at the platform, when a test wants it to.

Every method that lasts returns a `Fault`, which counts how often it struck, ends by itself after `times`, and can be
used as a context manager: `with wecom.faults.http_fail("*/message/send", 502): ...`. Patterns are of the path, as in
file names: `*/message/*`.
"""

import fnmatch
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.fault import Fault

if TYPE_CHECKING:
    from imbridge.emulators.wecom.world import World

SEND = "/cgi-bin/message/send"
HTML = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"


class Faults:
    """All faults of one emulator; `active` says whether any is set."""

    def __init__(self) -> None:
        self.active = False
        self._set: dict[str, list[Fault]] = {}
        self._world: World | None = None

    def attach(self, world: "World") -> None:
        """Connects the faults with what they act on."""
        self._world = world

    def clear(self) -> None:
        """Ends all faults."""
        for fault in [one for faults in self._set.values() for one in faults]:
            fault.clear()

    def forget(self, fault: Fault) -> None:
        """Takes a fault out of the set."""
        faults = self._set.get(fault.kind, [])
        if fault in faults:
            faults.remove(fault)
        if not faults:
            self._set.pop(fault.kind, None)
        self.active = bool(self._set)

    # --- the API ------------------------------------------------------------------------------------------------------

    def refuse(self, path: str, code: int, times: int | None = 1, *, detail: str = "") -> Fault:
        """Calls whose path fits are refused with this errcode (HTTP 200), unhandled."""
        return self._add("refuse", times, path=path, code=code, detail=detail)

    def refuse_send(self, code: int, times: int | None = 1) -> Fault:
        """`message/send` is refused with this errcode."""
        return self.refuse(SEND, code, times)

    def over_rate(self, path: str = SEND, times: int | None = 1) -> Fault:
        """Calls whose path fits are over the platform's rate: 45009."""
        return self.refuse(path, 45009, times)

    def distrust(self, times: int | None = 1, path: str = "*") -> Fault:
        """The caller's address is not in the app's trusted list: 60020, with the address in the errmsg.

        `gettoken` is not concerned: it answers everybody.
        """
        return self._add("distrust", times, path=path)

    def http_fail(
        self,
        path: str,
        status: int,
        times: int | None = 1,
        body: str | bytes = "",
        headers: Mapping[str, str] | None = None,
    ) -> Fault:
        """Requests whose path fits are answered with this, unhandled."""
        return self._add("http_fail", times, path=path, status=status, body=body, headers=dict(headers or {}))

    def html_page(self, path: str = "*", times: int | None = 1, status: int = 200) -> Fault:
        """Requests whose path fits are answered with a page of HTML, as gateways on the way do."""
        return self.http_fail(path, status, times, HTML, {"Content-Type": "text/html"})

    def http_delay(self, path: str, seconds: float, times: int | None = 1, *, accepted: bool = False) -> Fault:
        """Requests whose path fits are handled late; with `accepted=True` handled at once and answered late."""
        return self._add("accepted_delay" if accepted else "http_delay", times, path=path, seconds=seconds)

    def cut_before(self, path: str = SEND, times: int | None = 1) -> Fault:
        """Requests whose path fits are not handled: the connection is cut."""
        return self._add("cut_before", times, path=path)

    def cut_after_accept(self, times: int | None = 1, path: str = SEND) -> Fault:
        """Requests whose path fits are handled, then the connection is cut before the answer."""
        return self._add("lose_answer", times, path=path)

    # --- tokens -------------------------------------------------------------------------------------------------------

    def expire_tokens(self) -> int:
        """All tokens have expired from now on (42001); returns how many lived."""
        return self._the_world().tokens.expire_all()

    def forget_tokens(self) -> int:
        """All tokens are unknown from now on (40014); returns how many lived."""
        return self._the_world().tokens.forget_all()

    def token_lifetime(self, seconds: float) -> Fault:
        """Tokens die this many seconds after they are issued, although their expiry says otherwise."""
        tokens = self._the_world().tokens
        tokens.early_death = seconds

        def undo() -> None:
            tokens.early_death = None

        return self._add("token_lifetime", None, seconds=seconds).on_clear(undo)

    # --- callbacks ----------------------------------------------------------------------------------------------------

    def delay_callbacks(self, seconds: float, times: int | None = None) -> Fault:
        """Callbacks are sent this much later."""
        return self._add("delay_callbacks", times, seconds=seconds)

    def duplicate_callbacks(self, n: int = 1, times: int | None = None) -> Fault:
        """Every callback is sent `n` times more than once, at the same time."""
        return self._add("duplicate_callbacks", times, copies=n)

    def lose_callback_answers(self, times: int | None = 1) -> Fault:
        """The app's answer to a callback does not arrive: it is sent again."""
        return self._add("lose_callback_answers", times)

    # --- asked by the emulator's parts --------------------------------------------------------------------------------

    def take(self, kind: str, path: str = "") -> Fault | None:
        """A fault of this kind that strikes this request."""
        for fault in self._set.get(kind, ()):
            if fnmatch.fnmatchcase(path, fault.facts.get("path", "*")):
                fault.strike()
                return fault
        return None

    def _add(self, kind: str, times: int | None, **facts: Any) -> Fault:
        fault = Fault(self, kind, times, facts)
        self._set.setdefault(kind, []).append(fault)
        self.active = True
        return fault

    def _the_world(self) -> "World":
        if self._world is None:
            raise RuntimeError("the faults are attached to no emulator")
        return self._world
