"""How long a message waits that comes to another process than the one that has its conversation.

    python -m benchmarks.hints [--redis URL] [--messages N] [URL ...]

Two storages on one database stand for two processes: one has the conversations, the other one takes everything in. The
time is from the commit there to the moment when the first one has it. Ratios are of one run: the absolute numbers are
the machine's.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from imbridge.protocol import Channel, ChannelKind, Message, Sender
from imbridge.storage import InboxEntry, MongoStorage, OutboxEntry, SqlStorage
from imbridge.storage.core.storage import DatabaseStorage

_CHANNEL = Channel(platform="feishu", account="work", kind=ChannelKind.GROUP, id="oc_1")
_NUMBERS = itertools.count()
_CHATS = 20
_PAUSE = 0.5
"""Seconds between two messages, at most: longer than between two looks, so that they come at any time between two."""
_IDLE = 5.0
_LEASE = 120.0
"""Seconds, for a machine that has much else to do: nobody is to be declared gone here."""


@dataclass
class Measured:
    """What one way gave, all times in milliseconds.

    Attributes:
        waits: Of messages that come now and then, until the other process has them; in order.
        storm: For how many messages a second the other process had them all, when they came as fast as they could.
        transactions: How many the other process had for that.
        idle: CPU of a process in which nothing happens, for each second.
    """

    waits: Sequence[float]
    storm: float
    transactions: int
    idle: float


class Holder:
    """The process that has the conversations; it notes when it gets what the other one took in."""

    has_room = True

    def __init__(self) -> None:
        self.storage: DatabaseStorage | None = None
        self.got: dict[str, float] = {}
        self.came = asyncio.Event()

    def take(self, entries: Sequence[InboxEntry]) -> None:
        assert self.storage is not None
        for entry in entries:
            self.got[entry.dedup_keys[0]] = time.perf_counter()
            self.storage.finish_inbound(entry)
        self.came.set()

    def restore(self, inbound: Sequence[InboxEntry], outbound: Sequence[OutboxEntry]) -> None:
        raise AssertionError("nobody is gone")

    def drop(self, fence: int) -> None:
        raise AssertionError("nobody stands still")


def main() -> None:
    """Measure and print; nothing is asserted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hints", description=__doc__.split("\n")[0])
    parser.add_argument("urls", nargs="*", default=["postgresql://root@127.0.0.1:5432/test"], help="servers")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379", help="default: %(default)s; none: without")
    parser.add_argument("--messages", type=int, default=100, help="that come now and then")
    parser.add_argument("--storm", type=int, default=3000, help="that come at once")
    options = parser.parse_args()
    asyncio.run(_all(options.urls, options.redis, options.messages, options.storm))


async def _all(urls: Sequence[str], redis: str, messages: int, storm: int) -> None:
    heads = "Database", "hints", "ms, median", "ms, p95", "times as quick", "storm, rows/s", "its transactions"
    print(f"| {' | '.join(heads)} | idle, ms CPU/s |")
    print("|---" * (len(heads) + 1) + "|")
    for url in urls:
        kind = url.partition(":")[0].partition("+")[0]
        ways: dict[str, str | None] = {"none": "none"}
        if kind.startswith("postgres"):
            ways["LISTEN"] = None
        if redis != "none":
            ways["Redis"] = redis
        first = 0.0
        for name, hints in ways.items():
            told = await _measure(url, hints, messages, storm)
            median, p95 = statistics.median(told.waits), sorted(told.waits)[int(len(told.waits) * 0.95) - 1]
            first = first or median
            print(
                f"| {kind} | {name} | {median:.1f} | {p95:.1f} | {first / median:.1f} | {told.storm:,.0f} "
                f"| {told.transactions} | {told.idle:.1f} |",
                flush=True,
            )


async def _measure(url: str, hints: str | None, messages: int, storm: int) -> Measured:
    holder = Holder()
    has, takes_in = _storage(url, hints), _storage(url, hints)
    holder.storage = has
    await has.open()
    has.share(holder)
    await takes_in.open()
    takes_in.share(Holder())
    try:
        for process in (has, takes_in):
            await process._nodes.say_so()  # they know of each other
        for chat in range(_CHATS):
            assert await has.add_inbound(_entry(chat))
        await asyncio.sleep(1.0)  # the broker is reached
        waits = [await _one(holder, takes_in) for _ in range(messages)]
        idle = await _idle()
        before = has.transactions
        rate = await _storm(holder, takes_in, storm)
        return Measured(waits, rate, has.transactions - before, idle)
    finally:
        await takes_in.close()
        await has.close()
        await _drop_what_is_left(url)


async def _one(holder: Holder, takes_in: DatabaseStorage) -> float:
    await asyncio.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - no secret
    entry = _entry(next(_NUMBERS) % _CHATS)
    assert await takes_in.add_inbound(entry)
    committed = time.perf_counter()
    await _until_there(holder, [entry])
    return (holder.got[entry.dedup_keys[0]] - committed) * 1000


async def _idle() -> float:
    """There are two processes in this one."""
    before = time.process_time()
    await asyncio.sleep(_IDLE)
    return (time.process_time() - before) * 1000 / _IDLE / 2


async def _storm(holder: Holder, takes_in: DatabaseStorage, messages: int) -> float:
    entries = [_entry(number % _CHATS) for number in range(messages)]
    left = iter(entries)

    async def produce() -> None:
        for entry in left:
            assert await takes_in.add_inbound(entry)

    began = time.perf_counter()
    await asyncio.gather(*(produce() for _ in range(50)))
    await _until_there(holder, entries)
    return messages / (time.perf_counter() - began)


async def _until_there(holder: Holder, entries: Sequence[InboxEntry]) -> None:
    async with asyncio.timeout(60):
        while any(entry.dedup_keys[0] not in holder.got for entry in entries):
            holder.came.clear()
            await holder.came.wait()


async def _drop_what_is_left(url: str) -> None:
    """The deliveries by which the conversations were taken were never handled."""
    storage = _storage(url, "none")
    await storage.open()
    for entry in await storage.unfinished_inbound():
        storage.finish_inbound(entry)
    await storage.close()


def _storage(url: str, hints: str | None) -> DatabaseStorage:
    made = MongoStorage if url.startswith("mongodb") else SqlStorage
    return made(url, shared=True, hints=hints, lease=_LEASE)


def _entry(chat: int) -> InboxEntry:
    number = f"{time.time_ns()}-{next(_NUMBERS)}"
    message = Message(
        id=f"om_{number}", channel=_CHANNEL, sender=Sender(id="ou_1"), timestamp=datetime.now(UTC), text="hi", raw="hi"
    )
    return InboxEntry("feishu:work", (f"event-{number}", message.id), f"{_CHANNEL.address}-{chat}", message)


if __name__ == "__main__":
    main()
