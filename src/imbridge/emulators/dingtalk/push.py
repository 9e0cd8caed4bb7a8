"""What is pushed over the stream, and what becomes of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App

Kind = Literal["CALLBACK", "EVENT"]


@dataclass(slots=True, eq=False)
class Push:
    """One frame that is to reach one connection of an app.

    Attributes:
        app: For whom.
        kind: CALLBACK or EVENT.
        topic: The topic, `*` for events.
        data: The frame's `data`, as text.
        headers: What else stands in the frame's headers.
        answer: The acknowledgement's `code` and `data`, when it came; None when the connection ended before.
        message_id: The frame's id.
        copies: How many times more than once it is written.
        acks: How many acknowledgements came.
    """

    app: "App"
    kind: Kind
    topic: str
    data: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: "asyncio.Future[Ack | None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    message_id: str = ""
    copies: int = 0
    acks: int = 0

    async def acknowledged(self, timeout: float = 10.0) -> "Ack | None":
        """Waits for the acknowledgement; None: the connection ended before.

        Raises:
            TimeoutError: None came within `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self.answer)

    def settle(self, ack: "Ack | None") -> bool:
        """Says what became of it; whether that was not known yet."""
        if self.answer.done():
            return False
        self.answer.set_result(ack)
        return True


@dataclass(frozen=True, slots=True)
class Ack:
    """An acknowledgement.

    Attributes:
        code: 200, or what went wrong.
        data: Its `data`, decoded; `{}` if there was none.
    """

    code: int
    data: dict[str, Any]
