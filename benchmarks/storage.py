"""Rows per second that a storage acknowledges: one after another, and many at once, in each database that is there.

    python -m benchmarks.storage [--rows N] [--turns N] [URL ...]

A row is a delivery: what is written for it is a row of the inbox, two dedup keys and a line of the message log. Ratios
are of neighbouring turns of one run: the absolute numbers are the machine's.
"""

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from imbridge.protocol import Channel, ChannelKind, Message, Sender
from imbridge.storage import BaseStorage, InboxEntry, MemoryStorage, SqlStorage

_CHANNEL = Channel(platform="feishu", account="work", kind=ChannelKind.PRIVATE, id="oc_1")
_TEXT = "今天天气怎么样？" * 20
_NUMBERS = itertools.count()
_AT_ONCE = (50, 500)


def main() -> None:
    """Measure and print; nothing is asserted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storage", description=__doc__.split("\n")[0])
    parser.add_argument("urls", nargs="*", help="servers: postgresql://user:password@host/name, mariadb://...")
    parser.add_argument("--rows", type=int, default=4000, help="rows of a grouped turn; one by one a tenth of it")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    asyncio.run(_all(options.urls, options.rows, options.turns))


async def _all(urls: list[str], rows: int, turns: int) -> None:
    many = " | ".join(f"{count} at once/s" for count in _AT_ONCE)
    print(f"| Storage | one by one/s | {many} | ratio | p99 ms of {_AT_ONCE[0]} |")
    print("|---|---|" + "---|" * len(_AT_ONCE) + "---|---|")
    with tempfile.TemporaryDirectory() as folder:
        await _measure("memory", MemoryStorage(), rows, turns)
        for mode in ("full", "normal"):
            storage = SqlStorage(Path(folder) / f"{mode}.db", synchronous="full" if mode == "full" else "normal")
            await _measure(f"SQLite, synchronous={mode}", storage, rows, turns)
        for url in urls:
            kind = url.partition(":")[0]
            await _measure(f"{kind}, not shared", SqlStorage(url, shared=False), rows, turns)
            await _measure(f"{kind}, shared, 50 chats", SqlStorage(url, shared=True), rows, turns, chats=50)
            await _measure(f"{kind}, shared, a chat for each row", SqlStorage(url, shared=True), rows, turns, chats=0)


async def _measure(name: str, storage: BaseStorage, rows: int, turns: int, chats: int = 1) -> None:
    """`chats`: in how many the rows come; 0: each in its own."""
    await storage.open()
    try:
        alone: list[float] = []
        rates: dict[int, list[float]] = {count: [] for count in _AT_ONCE}
        worst: list[float] = []
        for _ in range(turns):
            alone.append((await _turn(storage, max(rows // 10, 1), 1, chats))[0])
            for count in _AT_ONCE:
                rate, p99 = await _turn(storage, rows, count, chats)
                rates[count].append(rate)
                if count == _AT_ONCE[0]:
                    worst.append(p99)
    finally:
        await storage.close()
    ratio = statistics.median(many / one for one, many in zip(alone, rates[_AT_ONCE[-1]], strict=True))
    shown = " | ".join(f"{statistics.median(rates[count]):,.0f}" for count in _AT_ONCE)
    print(f"| {name} | {statistics.median(alone):,.0f} | {shown} | {ratio:.1f} | {statistics.median(worst):.1f} |")


async def _turn(storage: BaseStorage, rows: int, at_once: int, chats: int) -> tuple[float, float]:
    """Rows per second, and how many milliseconds 99 of 100 wait at most for their commit."""
    entries = iter([_entry(chats) for _ in range(rows)])
    waits: list[float] = []

    async def produce() -> None:
        for entry in entries:
            begun = time.perf_counter()
            await storage.add_inbound(entry)
            waits.append(time.perf_counter() - begun)
            storage.finish_inbound(entry)

    begun = time.perf_counter()
    await asyncio.gather(*(produce() for _ in range(at_once)))
    taken = time.perf_counter() - begun
    return rows / taken, sorted(waits)[int(len(waits) * 0.99) - 1] * 1000


def _entry(chats: int) -> InboxEntry:
    count = next(_NUMBERS)
    number = f"{time.time_ns()}-{count}"
    lane = f"{_CHANNEL.address}-{count % chats if chats else count}"
    message = Message(
        id=f"om_{number}",
        channel=_CHANNEL,
        sender=Sender(id="ou_1"),
        timestamp=datetime.now(UTC),
        text=_TEXT,
        raw=_TEXT,
    )
    return InboxEntry("feishu:work", (f"event-{number}", message.id), lane, message)


if __name__ == "__main__":
    main()
