"""What every back end must do. Derive a test class from it, with a fixture `storage` that gives an open one."""

import asyncio
from datetime import UTC, datetime

from imbridge.protocol import Channel, ChannelKind, DeliveryState, Message, Receipt, Sender, to_reply
from imbridge.storage import BaseStorage, InboxEntry, OutboxEntry

CHANNEL = Channel(platform="feishu", account="work", kind=ChannelKind.PRIVATE, id="oc_1")


def inbox_entry(account: str, *keys: str, lane: str = "lane") -> InboxEntry:
    message = Message(id=keys[-1], channel=CHANNEL, sender=Sender(id="ou_1"), timestamp=datetime.now(UTC))
    return InboxEntry(account, keys, lane, message)


def outbox_entry(key: str, text: str = "hi") -> OutboxEntry:
    return OutboxEntry(key=key, channel=CHANNEL, reply=to_reply(text), reply_to="om_1")


SENT = Receipt(state=DeliveryState.SENT)


class StorageContract:
    """The part that holds for all of them; what survives a restart is `DurableStorageContract`."""

    async def test_a_delivery_is_known_by_any_of_its_keys(self, storage: BaseStorage) -> None:
        assert await storage.add_inbound(inbox_entry("a", "event1", "message1")) is True
        assert await storage.add_inbound(inbox_entry("a", "event1", "message2")) is False
        assert await storage.add_inbound(inbox_entry("a", "event2", "message1")) is False
        assert await storage.add_inbound(inbox_entry("a", "event3", "message3")) is True

    async def test_a_refused_delivery_leaves_no_keys(self, storage: BaseStorage) -> None:
        assert await storage.add_inbound(inbox_entry("a", "event1", "message1"))
        assert not await storage.add_inbound(inbox_entry("a", "event1", "message2"))
        assert await storage.add_inbound(inbox_entry("a", "event2", "message2"))

    async def test_accounts_know_nothing_of_each_other(self, storage: BaseStorage) -> None:
        assert await storage.add_inbound(inbox_entry("a", "e"))
        assert await storage.add_inbound(inbox_entry("b", "e"))

    async def test_what_is_finished_stays_known(self, storage: BaseStorage) -> None:
        entry = inbox_entry("a", "e", "m")
        await storage.add_inbound(entry)
        storage.finish_inbound(entry)
        assert not await storage.add_inbound(inbox_entry("a", "e", "m"))

    async def test_what_is_forgotten_is_new_again(self, storage: BaseStorage) -> None:
        entry = inbox_entry("a", "e", "m")
        await storage.add_inbound(entry)
        storage.forget_inbound(entry)
        assert await storage.add_inbound(inbox_entry("a", "e", "m"))

    async def test_deliveries_at_once(self, storage: BaseStorage) -> None:
        entries = [inbox_entry("a", f"e{number % 50}", f"m{number % 50}") for number in range(100)]
        added = [storage.add_inbound(entry) for entry in entries]  # in one go: no await in between
        assert await asyncio.gather(*added) == [True] * 50 + [False] * 50

    async def test_futures_are_done_in_the_order_of_the_calls(self, storage: BaseStorage) -> None:
        done: list[int] = []
        added = [storage.add_inbound(inbox_entry("a", f"e{number}")) for number in range(50)]
        for number, future in enumerate(added):
            future.add_done_callback(lambda _, number=number: done.append(number))
        await asyncio.gather(*added)
        await asyncio.sleep(0)
        assert done == list(range(50))

    async def test_a_new_store_has_nothing_unfinished(self, storage: BaseStorage) -> None:
        assert list(await storage.unfinished_inbound()) == []
        assert list(await storage.unfinished_outbound()) == []

    async def test_an_outbox_entry_comes_and_goes(self, storage: BaseStorage) -> None:
        entry = outbox_entry("k")
        assert await storage.add_outbound(entry) is None
        storage.finish_outbound(entry, SENT)

    async def test_sessions(self, storage: BaseStorage) -> None:
        assert await storage.load_session("a") == {}
        state = {"echo": {"n": 1, "list": [1, {"deep": None}]}, "other": {}}
        await storage.save_session("a", state)
        assert await storage.load_session("a") == state
        assert await storage.load_session("b") == {}
        await storage.save_session("a", {"echo": {}})
        assert await storage.load_session("a") == {"echo": {}}


class DurableStorageContract(StorageContract):
    """For back ends that survive: `reopen` closes the store (as `kill -9` would, where it can) and opens it again."""

    async def reopen(self, storage: BaseStorage) -> BaseStorage:
        raise NotImplementedError

    async def test_what_was_not_finished_is_there_again_in_order(self, storage: BaseStorage) -> None:
        entries = [inbox_entry("a", f"e{number}", lane=f"lane{number % 2}") for number in range(6)]
        await asyncio.gather(*(storage.add_inbound(entry) for entry in entries))
        storage.finish_inbound(entries[0])
        storage.forget_inbound(entries[3])
        await storage.add_inbound(inbox_entry("a", "flush"))
        again = await self.reopen(storage)
        left = list(await again.unfinished_inbound())
        assert [entry.dedup_keys[0] for entry in left] == ["e1", "e2", "e4", "e5", "flush"]
        assert left[0].item == entries[1].item
        assert left[0].lane == entries[1].lane

    async def test_keys_are_known_after_a_restart(self, storage: BaseStorage) -> None:
        entry = inbox_entry("a", "e", "m")
        await storage.add_inbound(entry)
        storage.finish_inbound(entry)
        again = await self.reopen(storage)
        assert not await again.add_inbound(inbox_entry("a", "e", "m"))

    async def test_what_was_not_said_is_there_again_in_order(self, storage: BaseStorage) -> None:
        entries = [outbox_entry(f"k{number}", f"text {number}") for number in range(4)]
        await asyncio.gather(*(storage.add_outbound(entry) for entry in entries))
        storage.finish_outbound(entries[1], SENT)
        await storage.add_outbound(outbox_entry("flush"))
        again = await self.reopen(storage)
        left = list(await again.unfinished_outbound())
        assert [entry.key for entry in left] == ["k0", "k2", "k3", "flush"]
        assert (left[0].channel, left[0].reply, left[0].reply_to) == (CHANNEL, entries[0].reply, "om_1")
        assert not left[0].receipt.done()

    async def test_sessions_survive(self, storage: BaseStorage) -> None:
        await storage.save_session("a", {"echo": {"n": 1}})
        again = await self.reopen(storage)
        assert await again.load_session("a") == {"echo": {"n": 1}}
