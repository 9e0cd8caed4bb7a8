import json
from collections.abc import AsyncIterable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Self

import psutil
import pytest
from agent_programs import OTHERS, children

from imbridge.protocol import Channel, ChannelKind, Mention, Message, Receipt, Sender, Text
from imbridge.protocol.receipt import DeliveryState


class RecordingStream:
    """Keeps what is written, and says it when it ends."""

    def __init__(self, said: list[Any]) -> None:
        self._said, self._text = said, ""

    async def write(self, text: str) -> None:
        self._text += text

    async def think(self, text: str) -> None:
        del text

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self._said.append(self._text)


class RecordingConversation:
    """Stands in for the runtime: keeps what was said and a session that must be JSON."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.state: dict[str, Any] = {}

    @property
    def session(self) -> dict[str, Any]:
        json.dumps(self.state)
        return self.state

    async def reply(self, content: Any, *, in_thread: bool | None, quote: bool | None) -> Receipt:
        self.said.append(content)
        return Receipt(state=DeliveryState.SENT)

    def stream(self, *, markdown: bool, strict: bool | None, grows: bool) -> RecordingStream:
        return RecordingStream(self.said)

    async def reply_stream(self, pieces: AsyncIterable[str]) -> Receipt:
        self.said.append("".join([piece async for piece in pieces]))
        return Receipt(state=DeliveryState.SENT)


@pytest.fixture
def conversation() -> RecordingConversation:
    return RecordingConversation()


@pytest.fixture
def say(conversation: RecordingConversation) -> Callable[..., Message]:
    """Makes a message as a bridge would deliver it."""

    def make(text: str = "", *elements: Any, mentioned: bool = False, chat: str = "c1", **fields: Any) -> Message:
        parts = list(elements)
        if mentioned:
            parts.insert(0, Mention(id="bot", name="bot", is_self=True))
        if text:
            parts.append(Text(text))
        kind = fields.pop("kind", ChannelKind.PRIVATE)
        message = Message(
            id="m1",
            channel=Channel(platform="console", account="a", kind=kind, id=chat),
            sender=fields.pop("sender", Sender(id="u1", name="Ann")),
            elements=tuple(parts),
            content_type=fields.pop("content_type", elements[0].type if elements and not text else "text"),
            text=text,
            raw=fields.pop("raw", text),
            timestamp=datetime(2026, 1, 1, tzinfo=UTC),
            **fields,
        )
        return message.bind(conversation)

    return make


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    """No child, no zombie of ours and no pipe may outlive a test."""
    before = psutil.Process().num_fds()
    OTHERS.clear()
    OTHERS.update(psutil.Process().children(recursive=True))
    yield
    assert children() == set()
    assert psutil.Process().num_fds() <= before
