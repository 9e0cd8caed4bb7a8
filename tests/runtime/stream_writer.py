"""Skills whose answers grow as a test says, and platforms that show it quickly."""

import asyncio
from typing import Any

import pytest
from runtime_world import until

from imbridge.adapters.feishu.sent.streaming import StreamingCard
from imbridge.protocol import Receipt
from imbridge.runtime import surfaces


def show_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show states more often than is pleasant to read, or allowed, so that tests are short."""
    monkeypatch.setattr(StreamingCard, "interval", 0.02)
    monkeypatch.setattr(surfaces, "_FIRST_INTERVAL", 0.02)
    monkeypatch.setattr(surfaces, "_LONGEST_INTERVAL", 0.05)


class StreamWriter:
    """A skill that writes what the test gives it, fails with an exception, and ends with None."""

    def __init__(self, *, markdown: bool = False) -> None:
        self._pieces: asyncio.Queue[str | Exception | None] = asyncio.Queue()
        self._markdown = markdown
        self.receipts: list[Receipt] = []

    def write(self, *pieces: str | Exception | None) -> None:
        for piece in pieces:
            self._pieces.put_nowait(piece)

    async def answer(self, msg: Any) -> None:
        async with msg.stream(markdown=self._markdown) as out:
            while (piece := await self._pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                await out.write(piece)
        self.receipts.append(await out.finish())

    async def receipt(self) -> Receipt:
        """End the answer; what became of it."""
        self.write(None)
        await until(lambda: self.receipts, timeout=20)
        return self.receipts[0]
