"""Faults on demand: what goes wrong on networks and at the platform, when a test wants it to.

Every method that lasts returns a `Fault`, which counts how often it struck, ends by itself after `times`, and can be
used as a context manager: `with wecom.faults.http_fail("*/message/send", 502): ...`. Patterns are of the path, as in
file names: `*/message/*`.
"""

from typing import TYPE_CHECKING

from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.http_faults import HttpFaults

if TYPE_CHECKING:
    from imbridge.emulators.wecom.world import World

SEND = "/cgi-bin/message/send"
HTML = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"


class Faults(HttpFaults):
    """All faults of one emulator; `active` says whether any is set."""

    def __init__(self) -> None:
        super().__init__()
        self._world: World | None = None

    def attach(self, world: "World") -> None:
        """Connects the faults with what they act on."""
        self._world = world

    # --- the API ------------------------------------------------------------------------------------------------------

    def refuse(self, path_pattern: str, code: int, times: int | None = 1, *, detail: str = "") -> Fault:
        """Calls whose path fits are refused with this errcode (HTTP 200), unhandled."""
        return self._add("refuse", times, pattern=path_pattern, code=code, detail=detail)

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
        return self._add("distrust", times, pattern=path)

    def html_page(self, path: str = "*", times: int | None = 1, status: int = 200) -> Fault:
        """Requests whose path fits are answered with a page of HTML, as gateways on the way do."""
        return self.http_fail(path, status, times, HTML, {"Content-Type": "text/html"})

    def cut_before(self, path: str = SEND, times: int | None = 1) -> Fault:
        """Requests whose path fits are not handled: the connection is cut."""
        return self._add("cut_before", times, pattern=path)

    def cut_after_accept(self, times: int | None = 1, path: str = SEND) -> Fault:
        """Requests whose path fits are handled, then the connection is cut before the answer."""
        return self.lose_answer(path, times)

    # --- tokens -------------------------------------------------------------------------------------------------------

    def expire_tokens(self) -> int:
        """All tokens have expired from now on (42001); returns how many lived."""
        return self._the_world().tokens.expire_all()

    def forget_tokens(self) -> int:
        """All tokens are unknown from now on (40014); returns how many lived."""
        return self._the_world().tokens.forget_all()

    def token_lifetime(self, seconds: float) -> Fault:
        """Tokens die this many seconds after they are issued, although their expiry says otherwise."""
        return self._early_death(self._the_world().tokens, seconds)

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

    def _the_world(self) -> "World":
        if self._world is None:
            raise RuntimeError("the faults are attached to no emulator")
        return self._world
