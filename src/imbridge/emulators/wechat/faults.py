"""Faults on demand: what goes wrong on networks and platforms, when a test wants it to.

Every method that returns a `Fault` sets one that counts how often it struck, ends by itself after `times`, and can be
used as a context manager: `with wechat.faults.refuse("*/custom/send", 45009): ...`.
"""

from typing import TYPE_CHECKING

from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.http_faults import HttpFaults

if TYPE_CHECKING:
    from imbridge.emulators.wechat.tokens import Tokens

SEND = "/cgi-bin/message/custom/send"


class Faults(HttpFaults):
    """All faults of one emulator; `active` says whether any is set."""

    def __init__(self, tokens: "Tokens") -> None:
        super().__init__()
        self._tokens = tokens

    # --- API --------------------------------------------------------------------------------------------------------

    def refuse(self, path_pattern: str, code: int, times: int | None = 1, *, detail: str = "") -> Fault:
        """Calls of any API whose path fits (`*/custom/send`) are refused with this code, unhandled."""
        return self._add("refuse", times, pattern=path_pattern, code=code, detail=detail)

    def refuse_send(self, code: int, times: int | None = 1) -> Fault:
        """Customer-service messages are refused with this code."""
        return self.refuse(SEND, code, times)

    def refuse_token(self, code: int, times: int | None = 1) -> Fault:
        """Both token endpoints refuse with this code: 40001, 40125, 40013, 40164, 45009, -1."""
        return self.refuse("/cgi-bin/*token", code, times)

    def lose_answer(self, path_pattern: str = SEND, times: int | None = 1, *, method: str | None = None) -> Fault:
        """Calls whose path fits are handled, then the connection is cut before the answer."""
        return super().lose_answer(path_pattern, times, method=method)

    def slow_answer(self, path_pattern: str, seconds: float, times: int | None = 1) -> Fault:
        """Calls whose path fits are handled at once and answered late: `http_delay` with `accepted=True`."""
        return self.http_delay(path_pattern, seconds, times, accepted=True)

    # --- tokens -----------------------------------------------------------------------------------------------------

    def expire_tokens(self, code: int = 42001) -> int:
        """All access tokens are refused with this code from now on (42001, 40001, 40014); returns how many lived."""
        return self._tokens.expire_all(code)

    def token_lifetime(self, seconds: float) -> Fault:
        """Tokens die this many seconds after they are issued, although their expiry says otherwise."""
        return self._early_death(self._tokens, seconds)

    # --- callbacks --------------------------------------------------------------------------------------------------

    def delay_callbacks(self, seconds: float, times: int | None = None) -> Fault:
        """Callbacks are sent this much later."""
        return self._add("delay_callbacks", times, seconds=seconds)

    def duplicate_callbacks(self, copies: int = 1, times: int | None = None) -> Fault:
        """Every callback is sent so many times more than once, at the same time, with the same MsgId."""
        return self._add("duplicate_callbacks", times, copies=copies)
