from datetime import UTC, datetime

import pytest

from imbridge.protocol import Channel, ChannelKind, Message, Sender
from imbridge.storage import InboxEntry, MemoryStorage


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def entry(account: str, *keys: str) -> InboxEntry:
    message = Message(
        id=keys[-1],
        channel=Channel(platform="feishu", account="work", kind=ChannelKind.PRIVATE, id="oc_1"),
        sender=Sender(id="ou_1"),
        timestamp=datetime.now(UTC),
    )
    return InboxEntry(account, keys, "lane", message)


@pytest.fixture
async def clock() -> Clock:
    return Clock()


@pytest.fixture
async def storage(clock: Clock) -> MemoryStorage:
    storage = MemoryStorage(clock=clock, max_keys=10, max_sessions=2, dedup_seconds=100)
    await storage.open()
    return storage


async def test_known_by_any_key(storage: MemoryStorage) -> None:
    assert await storage.add_inbound(entry("a", "event1", "message1"))
    assert not await storage.add_inbound(entry("a", "event1", "message2"))
    assert not await storage.add_inbound(entry("a", "event2", "message1"))
    assert await storage.add_inbound(entry("a", "event3", "message3"))


async def test_accounts_know_nothing_of_each_other(storage: MemoryStorage) -> None:
    assert await storage.add_inbound(entry("a", "e"))
    assert await storage.add_inbound(entry("b", "e"))


async def test_forgotten_is_new_again(storage: MemoryStorage) -> None:
    assert await storage.add_inbound(entry("a", "e", "m"))
    storage.forget_inbound(entry("a", "e", "m"))
    assert await storage.add_inbound(entry("a", "e", "m"))


async def test_keys_expire(storage: MemoryStorage, clock: Clock) -> None:
    assert await storage.add_inbound(entry("a", "old"))
    clock.now = 99
    assert await storage.add_inbound(entry("a", "x"))
    assert not await storage.add_inbound(entry("a", "old"))
    clock.now = 101
    assert await storage.add_inbound(entry("a", "y"))
    assert await storage.add_inbound(entry("a", "old"))


async def test_keys_are_bounded(storage: MemoryStorage) -> None:
    for number in range(1000):
        assert await storage.add_inbound(entry("a", f"e{number}", f"m{number}"))
    assert len(storage._seen["a"]) == 10
    assert not await storage.add_inbound(entry("a", "e999"))


async def test_sessions_are_kept_and_bounded(storage: MemoryStorage) -> None:
    assert await storage.load_session("a") == {}
    await storage.save_session("a", {"echo": {"n": 1}})
    await storage.save_session("b", {"echo": {"n": 2}})
    assert await storage.load_session("a") == {"echo": {"n": 1}}
    await storage.save_session("c", {"echo": {"n": 3}})
    assert await storage.load_session("b") == {}
    assert await storage.load_session("a") == {"echo": {"n": 1}}


async def test_closed_before_open_is_said() -> None:
    with pytest.raises(RuntimeError, match="not open"):
        MemoryStorage().add_inbound(entry("a", "e"))
