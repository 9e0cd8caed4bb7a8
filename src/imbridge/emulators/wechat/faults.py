"""Faults on demand: what goes wrong on networks and platforms, when a test wants it to.

Every method that returns a `Fault` sets one that counts how often it struck, ends by itself after `times`, and can be
used as a context manager: `with wechat.faults.refuse("*/custom/send", 45009): ...`.
"""

import fnmatch
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wechat.fault import Fault

if TYPE_CHECKING:
    from imbridge.emulators.wechat.tokens import Tokens

SEND = "/cgi-bin/message/custom/send"


class Faults:
    """All faults of one emulator; `active` says whether any is set."""

    def __init__(self, tokens: "Tokens") -> None:
        self.active = False
        self._set: dict[str, list[Fault]] = {}
        self._tokens = tokens

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

    def http_fail(
        self,
        path_pattern: str,
        status: int,
        times: int | None = 1,
        body: str | bytes = "",
        headers: Mapping[str, str] | None = None,
    ) -> Fault:
        """Requests whose path fits (`*` and `?` as in file names) are answered with this, unhandled."""
        facts = {"pattern": path_pattern, "status": status, "body": body, "headers": dict(headers or {})}
        return self._add("http_fail", times, **facts)

    def http_delay(self, path_pattern: str, seconds: float, times: int | None = 1) -> Fault:
        """Requests whose path fits are handled late."""
        return self._add("http_delay", times, pattern=path_pattern, seconds=seconds)

    def lose_answer(self, path_pattern: str = SEND, times: int | None = 1) -> Fault:
        """Calls whose path fits are handled, then the connection is cut before the answer."""
        return self._add("lose_answer", times, pattern=path_pattern)

    def slow_answer(self, path_pattern: str, seconds: float, times: int | None = 1) -> Fault:
        """Calls whose path fits are handled at once and answered late."""
        return self._add("slow_answer", times, pattern=path_pattern, seconds=seconds)

    # --- tokens -----------------------------------------------------------------------------------------------------

    def expire_tokens(self, code: int = 42001) -> int:
        """All access tokens are refused with this code from now on (42001, 40001, 40014); returns how many lived."""
        return self._tokens.expire_all(code)

    def token_lifetime(self, seconds: float) -> Fault:
        """Tokens die this many seconds after they are issued, although their expiry says otherwise."""
        tokens = self._tokens
        tokens.early_death = seconds

        def undo() -> None:
            tokens.early_death = None

        return self._add("token_lifetime", None, seconds=seconds).on_clear(undo)

    # --- callbacks --------------------------------------------------------------------------------------------------

    def delay_callbacks(self, seconds: float, times: int | None = None) -> Fault:
        """Callbacks are sent this much later."""
        return self._add("delay_callbacks", times, seconds=seconds)

    def duplicate_callbacks(self, copies: int = 1, times: int | None = None) -> Fault:
        """Every callback is sent so many times more than once, at the same time, with the same MsgId."""
        return self._add("duplicate_callbacks", times, copies=copies)

    # --- asked by the emulator's parts --------------------------------------------------------------------------------

    def take(self, kind: str, path: str = "") -> Fault | None:
        """A fault of this kind that strikes this request."""
        for fault in self._set.get(kind, ()):
            if fnmatch.fnmatchcase(path, fault.facts.get("pattern", "*")):
                fault.strike()
                return fault
        return None

    def _add(self, kind: str, times: int | None, **facts: Any) -> Fault:
        fault = Fault(self, kind, times, facts)
        self._set.setdefault(kind, []).append(fault)
        self.active = True
        return fault
