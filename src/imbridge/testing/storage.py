"""What every storage must do: derive a test class, and give it a fixture `storage` with one that is open.

    class TestMine(DeadLetterContract):
        @pytest.fixture
        async def storage(self, tmp_path):
            self.opened = []
            self.where = str(tmp_path / "mine.db")
            with Nursery("my_package.storage") as self.nursery:
                yield await self._open()
                for storage in self.opened:
                    await storage.close()

        async def _open(self):
            self.opened.append(StorageInChild(self.nursery, "my_package.storage:MyStorage", self.where))
            await self.opened[-1].open()
            return self.opened[-1]

        async def reopen(self, storage):
            await storage.kill()
            return await self._open()

`imbridge.testing.storage_kept` has more, to stand beside it: `NotesContract`, `TokensContract`, `MediaContract`.

The tests are coroutines: they need pytest-asyncio in its mode `auto`.
"""

import asyncio
from functools import partial

from imbridge.protocol import (
    Degradation,
    DeliveryState,
    Loss,
    Receipt,
    SentPart,
)
from imbridge.storage import BaseStorage, Box, DurableStorage, EntryState, Progress
from imbridge.testing.storage_entries import CHANNEL, SENT, inbox_entry, outbox_entry
from imbridge.testing.storage_restart import RestartContract


def _note(done: list[int], number: int, _: object) -> None:
    done.append(number)


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
            future.add_done_callback(partial(_note, done, number))
        await asyncio.gather(*added)
        await asyncio.sleep(0)
        assert done == list(range(50))

    async def test_a_new_store_has_nothing_unfinished(self, storage: BaseStorage) -> None:
        assert list(await storage.unfinished_inbound()) == []
        assert list(await storage.unfinished_outbound()) == []

    async def test_what_is_begun_can_be_finished(self, storage: BaseStorage) -> None:
        entry, answer = inbox_entry("a", "e"), outbox_entry("k")
        await asyncio.gather(storage.add_inbound(entry), storage.add_outbound(answer))
        for begun in (storage.start_inbound(entry), storage.start_outbound(answer)):
            if begun is not None:
                await begun
        storage.finish_inbound(entry)
        storage.finish_outbound(answer, SENT)
        assert not await storage.add_inbound(inbox_entry("a", "e"))

    async def test_an_outbox_entry_comes_and_goes(self, storage: BaseStorage) -> None:
        entry = outbox_entry("k")
        await storage.add_outbound(entry)
        storage.finish_outbound(entry, SENT)

    async def test_what_was_said_under_a_key_is_known(self, storage: BaseStorage) -> None:
        sent = Receipt(state=DeliveryState.SENT, channel=CHANNEL.address, parts=(SentPart(message_id="om_2"),))
        entry = outbox_entry("k")
        assert await storage.add_outbound(entry) is None
        storage.finish_outbound(entry, sent)
        assert await storage.add_outbound(outbox_entry("k")) == sent
        elsewhere = outbox_entry("k")
        elsewhere.channel = CHANNEL.model_copy(update={"account": "home"})
        assert await storage.add_outbound(elsewhere) is None
        assert await storage.add_outbound(outbox_entry("other")) is None

    async def test_what_was_not_said_can_be_said_under_its_key(self, storage: BaseStorage) -> None:
        for state in (DeliveryState.FAILED, DeliveryState.SKIPPED):
            entry = outbox_entry("k")
            assert await storage.add_outbound(entry) is None
            storage.finish_outbound(entry, Receipt(state=state))
        assert await storage.add_outbound(outbox_entry("k")) is None

    async def test_sessions(self, storage: BaseStorage) -> None:
        assert await storage.load_session("a") == {}
        state = {"echo": {"n": 1, "list": [1, {"deep": None}]}, "other": {}}
        await storage.save_session("a", state)
        assert await storage.load_session("a") == state
        assert await storage.load_session("b") == {}
        await storage.save_session("a", {"echo": {}})
        assert await storage.load_session("a") == {"echo": {}}


class DurableStorageContract(StorageContract, RestartContract):
    """For storages that survive."""

    async def test_what_was_said_is_known_after_a_crash(self, storage: BaseStorage) -> None:
        entry, unclear = outbox_entry("k"), outbox_entry("unclear")
        await asyncio.gather(storage.add_outbound(entry), storage.add_outbound(unclear))
        storage.finish_outbound(entry, SENT)
        storage.finish_outbound(unclear, Receipt(state=DeliveryState.UNKNOWN, error="who knows"))
        await storage.add_outbound(outbox_entry("flush"))
        again = await self.reopen(storage)
        assert await again.add_outbound(outbox_entry("k")) == SENT
        known = await again.add_outbound(outbox_entry("unclear"))
        assert known is not None
        assert (known.state, known.error) == (DeliveryState.UNKNOWN, "who knows")

    async def test_how_far_it_is_survives_and_what_was_under_way_is_unclear(self, storage: BaseStorage) -> None:
        half, waiting, begun = (outbox_entry(key) for key in ("half", "waiting", "begun"))
        await asyncio.gather(*(storage.add_outbound(entry) for entry in (half, waiting, begun)))
        for entry in (half, begun):
            if (marked := storage.start_outbound(entry)) is not None:
                await marked
        half.progress = Progress(parts=3, done=1, sent=(SentPart(message_id="om_2"),), attempts=2)
        if (noted := storage.note_progress(half)) is not None:
            await noted
        again = await self.reopen(storage)
        left = {entry.key: entry.progress for entry in await again.unfinished_outbound()}
        assert left["waiting"] == Progress()
        assert (left["begun"].unclear_since is None, left["begun"].unclear_ends) == (False, 1)
        assert left["half"].but(unclear_since=None, unclear_ends=0) == half.progress
        assert left["half"].unclear_since is not None

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

    async def test_what_is_forgotten_is_new_again_after_a_restart(self, storage: BaseStorage) -> None:
        entry = inbox_entry("a", "e", "m")
        await storage.add_inbound(entry)
        storage.forget_inbound(entry)
        await storage.add_inbound(inbox_entry("a", "flush"))
        again = await self.reopen(storage)
        assert [left.dedup_keys for left in await again.unfinished_inbound()] == [("flush",)]
        assert await again.add_inbound(inbox_entry("a", "e", "m"))

    async def test_an_answer_keeps_its_files_and_what_was_lost(self, storage: BaseStorage) -> None:
        entry = outbox_entry("k")
        entry.spool = "/tmp/imbridge-1"  # noqa: S108 - a name, no file is made
        entry.degradations = (Degradation(loss=Loss.AS_TEXT, what="file", how="text", why="too large"),)
        await storage.add_outbound(entry)
        (left,) = await (await self.reopen(storage)).unfinished_outbound()
        assert (left.spool, left.degradations) == (entry.spool, entry.degradations)

    async def test_accounts_are_taken_over_one_by_one(self, storage: BaseStorage) -> None:
        await asyncio.gather(*(storage.add_inbound(inbox_entry(account, "e")) for account in ("a", "b", "c")))
        await storage.add_outbound(outbox_entry("k"))
        again = await self.reopen(storage)
        assert [entry.account for entry in await again.unfinished_inbound(["c", "a"])] == ["a", "c"]
        assert list(await again.unfinished_outbound(["a", "b", "c"], wait=False)) == []
        assert list(await again.unfinished_inbound(["c", "a"], wait=False)) == []  # it has them already
        assert [entry.account for entry in await again.unfinished_inbound(wait=False)] == ["b"]
        assert [entry.key for entry in await again.unfinished_outbound([CHANNEL.account_key])] == ["k"]

    async def test_what_is_taken_over_can_be_finished(self, storage: BaseStorage) -> None:
        await asyncio.gather(*(storage.add_inbound(inbox_entry("a", f"e{number}")) for number in range(3)))
        await storage.add_outbound(outbox_entry("k"))
        second = await self.reopen(storage)
        taken = await second.unfinished_inbound()
        second.finish_inbound(taken[0])
        second.finish_outbound((await second.unfinished_outbound())[0], SENT)
        await second.add_inbound(inbox_entry("a", "flush"))
        third = await self.reopen(second)
        assert [entry.dedup_keys[0] for entry in await third.unfinished_inbound()] == ["e1", "e2", "flush"]
        assert list(await third.unfinished_outbound()) == []


class DeadLetterContract(DurableStorageContract):
    """For a `DurableStorage` that lets something be under way at the end of a process twice, and no more."""

    async def _killed_while_handling(self, storage: BaseStorage, *keys: str) -> DurableStorage:
        """The next process after one that was killed while it handled these."""
        for entry in await storage.unfinished_inbound():
            if entry.dedup_keys[0] in keys and (begun := storage.start_inbound(entry)) is not None:
                await begun
        again = await self.reopen(storage)
        assert isinstance(again, DurableStorage)
        return again

    async def test_what_is_put_off_comes_back_with_its_time_and_how_far_it_is(self, storage: DurableStorage) -> None:
        entry = outbox_entry("k")
        await storage.add_outbound(entry)
        for tries in range(1, 4):  # more often than it may be under way at the end of a process
            if (begun := storage.start_outbound(entry)) is not None:
                await begun
            entry.progress = entry.progress.but(put_off=tries, sent=(SentPart(message_id="om_2"),))
            assert await storage.put_off(entry, 12345.5, "too many messages")
        again = await self._reopened(storage)
        (left,) = await again.unfinished_outbound()
        assert (left.not_before, left.progress) == (12345.5, entry.progress)
        (kept,) = await again.kept(Box.OUTBOX, EntryState.PENDING)
        assert [(event["what"], event["why"]) for event in kept.history] == [("put off", "too many messages")] * 3
        again.finish_outbound(left, SENT)
        assert await again.add_outbound(outbox_entry("k")) == SENT

    async def test_what_ends_the_process_twice_is_dead(self, storage: DurableStorage) -> None:
        await asyncio.gather(*(storage.add_inbound(inbox_entry("a", name)) for name in ("good", "bad", "late")))
        storage = await self._killed_while_handling(await self._reopened(storage), "bad")
        storage = await self._killed_while_handling(storage, "bad")
        left = await storage.unfinished_inbound()
        assert [(entry.dedup_keys, entry.attempts) for entry in left] == [(("good",), 0), (("late",), 0)]
        (dead,) = await storage.kept(Box.INBOX, EntryState.DEAD)
        assert (dead.attempts, dead.lane, dead.account) == (2, "lane", "a")
        assert [event["what"] for event in dead.history] == ["interrupted", "dead"]
        assert [kept.uid for kept in await storage.kept(Box.INBOX, EntryState.PENDING)] == [entry.uid for entry in left]

    async def test_what_was_not_alone_is_blamed_later(self, storage: DurableStorage) -> None:
        await asyncio.gather(*(storage.add_inbound(inbox_entry("a", name)) for name in ("bad", "innocent")))
        storage = await self._reopened(storage)
        for _ in range(2):
            storage = await self._killed_while_handling(storage, "bad", "innocent")
        storage = await self._killed_while_handling(storage, "bad")
        left = await storage.unfinished_inbound()
        assert [(entry.dedup_keys[0], entry.attempts) for entry in left] == [("innocent", 2)]
        for _ in range(4):  # however much company it has: some day it is enough
            await storage.add_inbound(inbox_entry("a", "other"))
            storage = await self._killed_while_handling(storage, "innocent", "other")
        assert [entry.dedup_keys[0] for entry in await storage.unfinished_inbound()] == ["other"]

    async def test_what_did_not_begin_is_not_blamed(self, storage: DurableStorage) -> None:
        await storage.add_inbound(inbox_entry("a", "waits"))
        for _ in range(4):
            storage = await self._killed_while_handling(storage)
        assert [entry.attempts for entry in await storage.unfinished_inbound()] == [0]

    async def test_company_of_another_account_counts(self, storage: DurableStorage) -> None:
        await asyncio.gather(storage.add_inbound(inbox_entry("a", "one")), storage.add_inbound(inbox_entry("b", "two")))
        storage = await self._reopened(storage)
        for _ in range(2):
            storage = await self._killed_while_handling(storage, "one", "two")
        assert [entry.dedup_keys for entry in await storage.unfinished_inbound(["a"])] == [("one",)]

    async def test_what_was_under_way_is_suspect(self, storage: DurableStorage) -> None:
        await asyncio.gather(*(storage.add_inbound(inbox_entry("a", name)) for name in ("waits", "runs")))
        storage = await self._killed_while_handling(await self._reopened(storage), "runs")
        for _ in range(2):  # it stays so, also when it only waited the next time
            left = await storage.unfinished_inbound()
            assert [(entry.dedup_keys[0], entry.suspect) for entry in left] == [("waits", False), ("runs", True)]
            storage = await self._reopened(storage)

    async def test_what_began_with_its_addition_is_suspect_unless_it_had_to_wait(self, storage: DurableStorage) -> None:
        runs, waits = (inbox_entry("a", key) for key in ("runs", "waits"))
        said, held = (outbox_entry(key) for key in ("said", "held"))
        runs.at_once = waits.at_once = said.at_once = held.at_once = True
        await asyncio.gather(*(storage.add_inbound(one) for one in (runs, waits)))
        await asyncio.gather(*(storage.add_outbound(one) for one in (said, held)))
        await asyncio.gather(*filter(None, (storage.start_inbound(runs), storage.start_outbound(said))))
        storage.delay_inbound(waits)
        storage.delay_outbound(held)
        await storage.add_inbound(inbox_entry("b", "flush"))
        again = await self._reopened(storage)
        left, unsaid = await again.unfinished_inbound(["a"]), await again.unfinished_outbound()
        assert [(one.suspect, one.attempts) for one in left] == [(True, 1), (False, 0)]
        assert [(one.suspect, one.attempts) for one in unsaid] == [(True, 1), (False, 0)]

    async def test_what_nobody_works_on_is_counted(self, storage: DurableStorage) -> None:
        await asyncio.gather(*(storage.add_inbound(inbox_entry(account, "e")) for account in ("a", "b", "b2")))
        await storage.add_outbound(outbox_entry("k"))
        assert await storage.unclaimed([]) == {}
        again = await self._reopened(storage)
        assert await again.unclaimed(["a"]) == {"b": 1, "b2": 1, CHANNEL.account_key: 1}
        await again.unfinished_inbound(["b"])
        assert await again.unclaimed(["a", CHANNEL.account_key]) == {"b2": 1}

    async def test_a_dead_letter_can_be_tried_again_or_dropped(self, storage: DurableStorage) -> None:
        await asyncio.gather(*(storage.add_inbound(inbox_entry("a", name)) for name in ("one", "two")))
        storage = await self._reopened(storage)
        for name in ("one", "one", "two", "two"):
            storage = await self._killed_while_handling(storage, name)
        assert list(await storage.unfinished_inbound()) == []
        one, two = await storage.kept(Box.INBOX, EntryState.DEAD)
        assert await storage.kept(Box.INBOX, EntryState.DEAD, limit=1) == [one]
        assert await storage.kept(Box.INBOX, EntryState.DEAD, after=one) == [two]
        assert await storage.kept(Box.INBOX, EntryState.DEAD, lane="other") == []
        assert await storage.retry(Box.INBOX, one.uid)
        assert await storage.drop(Box.INBOX, two.uid)
        assert not await storage.drop(Box.INBOX, two.uid)
        assert not await storage.retry(Box.INBOX, one.uid)
        assert await storage.kept(Box.INBOX, EntryState.DEAD) == []
        (again,) = await storage.unfinished_inbound()
        assert (again.dedup_keys, again.attempts) == (("one",), 0)

    async def test_what_a_living_process_has_is_left_to_it(self, storage: DurableStorage) -> None:
        await asyncio.gather(*(storage.add_inbound(inbox_entry("a", name, lane=name)) for name in ("one", "two")))
        one, two = await storage.kept(Box.INBOX, EntryState.PENDING)
        assert (one.in_hand, two.in_hand, await storage.count(Box.INBOX, EntryState.PENDING)) == (True, True, 2)
        assert not await storage.retry(Box.INBOX, one.uid, two.uid, state=EntryState.PENDING)
        assert not await storage.drop(Box.INBOX, one.uid, state=EntryState.PENDING)
        assert not await storage.drop(Box.INBOX, one.uid, two.uid)  # neither is dead
        assert await storage.drop(Box.INBOX, one.uid, state=EntryState.PENDING, in_hand=True) == [one.uid]
        assert await storage.count(Box.INBOX, EntryState.PENDING, lane="two") == 1
        again = await self._reopened(storage)
        (left,) = await again.kept(Box.INBOX, EntryState.PENDING)
        assert (left.uid, left.in_hand) == (two.uid, False)
        assert await again.retry(Box.INBOX, one.uid, two.uid, state=EntryState.PENDING) == [two.uid]
        assert [entry.dedup_keys[0] for entry in await again.unfinished_inbound()] == ["two"]

    async def test_an_answer_that_ends_the_process_twice_is_dead(self, storage: DurableStorage) -> None:
        await asyncio.gather(*(storage.add_outbound(outbox_entry(name, name)) for name in ("good", "bad")))
        for _ in range(2):
            storage = await self._reopened(storage)
            for entry in await storage.unfinished_outbound():
                if entry.key == "bad" and (begun := storage.start_outbound(entry)) is not None:
                    await begun
        storage = await self._reopened(storage)
        assert [entry.key for entry in await storage.unfinished_outbound()] == ["good"]
        (dead,) = await storage.kept(Box.OUTBOX, EntryState.DEAD)
        assert (dead.text, dead.attempts) == ("bad", 2)

    async def test_an_orderly_end_is_no_attempt(self, storage: DurableStorage) -> None:
        await storage.add_inbound(inbox_entry("a", "slow"))
        for _ in range(3):
            storage = await self._reopened(storage)
            (entry,) = await storage.unfinished_inbound()
            assert entry.attempts == 0
            if (begun := storage.start_inbound(entry)) is not None:
                await begun
            await storage.close()

    async def _reopened(self, storage: BaseStorage) -> DurableStorage:
        again = await self.reopen(storage)
        assert isinstance(again, DurableStorage)
        return again
