"""What the tests of streams share."""

from typing import Any

from contract import until
from qq_rig import Rig
from rigs import alone

from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.sent.streaming import C2CStream
from imbridge.emulators.qq import BotMessage
from imbridge.rendering import PartKind

STREAM = "*/stream_messages"


async def asked(rig: Rig, text: str = "hi") -> Any:
    """Alice says something, which can be answered."""
    sent = await rig.alice.says(text, bot=rig.bot)
    await rig.intake.has(text)
    return sent


def growing(adapter: QQAdapter, *, markdown: bool = True) -> C2CStream:
    stream = adapter.grow(markdown=markdown)
    assert stream is not None
    return stream


async def begun(
    adapter: QQAdapter, rig: Rig, text: str = "one", *, markdown: bool = True, key: str = "key", **facts: Any
) -> C2CStream:
    """A stream that shows this."""
    stream = growing(adapter, markdown=markdown)
    await adapter.send(rig.target(**facts), alone(PartKind.CARD, await stream.open(text)), key)
    return stream


def seen(rig: Rig) -> BotMessage:
    """The one stream that people see."""
    streams = [message for message in rig.sent() if message.kind == "stream"]
    assert len(streams) == 1
    return streams[0]


def texts(rig: Rig) -> list[str]:
    """All that people read."""
    return [message.text for message in rig.sent()]


async def shows(rig: Rig, *expected: str) -> None:
    await until(lambda: texts(rig) == list(expected), f"{expected} among {texts(rig)}")
