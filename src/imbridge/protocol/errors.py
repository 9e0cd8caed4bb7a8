"""The error tree: everything imbridge raises on purpose is an `ImbridgeError`.

An error says what happened, with the platform's code where there is one, and what to do next. It never holds a secret.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imbridge.protocol.receipt import Degradation, Receipt


class ImbridgeError(Exception):
    """Base of every error that imbridge raises on purpose."""


class ConfigError(ImbridgeError):
    """A setting is missing or wrong.

    Attributes:
        key: The setting, in dotted form (`channels.feishu.accounts.work.app_id`), or the environment variable.
        where: File and line (`imbridge.yaml:7`) or `environment`, when known.
    """

    def __init__(self, message: str, *, key: str = "", where: str = "") -> None:
        self.key = key
        self.where = where
        super().__init__(message)


class DecodeError(ImbridgeError):
    """What a platform sent could not be understood; it is kept in `payload`.

    Attributes:
        payload: What was received, as far as it could be read: bytes, text, or parsed JSON.
    """

    def __init__(self, message: str, payload: Any = None) -> None:
        self.payload = payload
        super().__init__(message)


class AuthError(ImbridgeError):
    """The platform refused our credentials: no retry helps until a person changes them."""

    def __init__(self, message: str, *, code: int | str | None = None) -> None:
        self.code = code
        super().__init__(message)


class LinkError(ImbridgeError):
    """A long connection could not be opened or was lost.

    Attributes:
        code: The platform's code or the close code of the websocket, when known.
        fatal: True when reconnecting cannot help.
    """

    def __init__(self, message: str, *, code: int | str | None = None, fatal: bool = False) -> None:
        self.code = code
        self.fatal = fatal
        super().__init__(message)


class DeliveryError(ImbridgeError):
    """A platform did not take what we sent.

    Attributes:
        code: The platform's own code, or the HTTP status where it gave none.
        platform: Name of the platform (`feishu`).
        log_id: The platform's id of this request, to quote to its support.
        ambiguous: True when the message may have arrived all the same (the connection broke after it left).
        window_closed: True when nothing can be answered there any more, and the bot may not speak first: it can be said
            when somebody writes again.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int | str | None = None,
        platform: str = "",
        log_id: str = "",
        ambiguous: bool = False,
        window_closed: bool = False,
    ) -> None:
        self.code = code
        self.window_closed = window_closed
        self.platform = platform
        self.log_id = log_id
        self.ambiguous = ambiguous
        super().__init__(message)


class RateLimitedError(DeliveryError):
    """The platform asks us to wait.

    Attributes:
        retry_after: Seconds to wait, as far as the platform said.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: Any) -> None:
        self.retry_after = retry_after
        super().__init__(message, **facts)


class TargetGoneError(DeliveryError):
    """The chat, the user or the message no longer exists for us: further sends to it are pointless."""


class ContentRefusedError(DeliveryError):
    """The platform refuses this content (format, size, sensitive words)."""


class NotPermittedError(DeliveryError):
    """The account lacks a scope or a right; the message names it and where to grant it."""


class NotSupportedError(ImbridgeError):
    """The platform, or this account's mode, cannot do what was asked."""


class DegradedError(ImbridgeError):
    """Something was not sent, since it would have been shown otherwise than meant, and `strict` forbids that.

    Attributes:
        degradations: What would have been lost.
        receipt: What became of it; None while that is not known.
    """

    def __init__(self, degradations: "Sequence[Degradation]", receipt: "Receipt | None" = None) -> None:
        self.degradations = tuple(degradations)
        self.receipt = receipt
        lost = "; ".join(f"{one.what}: {one.how} ({one.why})" for one in self.degradations)
        super().__init__(
            f"not sent, for strict forbids what would be lost: {lost}; change the content (`imbridge render` shows "
            "what each platform makes of it), or send it without strict"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Made again from what it holds: its text is made from that, too."""
        return type(self), (self.degradations, self.receipt), self.__dict__


class UnboundError(ImbridgeError):
    """A message that did not come from a running bridge was asked to reply, react or read."""


class SkillError(ImbridgeError):
    """A skill is declared, loaded or used wrongly."""


class AskTimeoutError(ImbridgeError, TimeoutError):
    """Nobody answered a `msg.ask(...)` in time."""


class OverloadedError(ImbridgeError):
    """A bounded queue is full; the caller is told instead of memory growing."""
