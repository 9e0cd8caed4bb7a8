"""The bridge on a back end that commits late and in groups, that fails, and that an earlier process left things in."""

import asyncio

from left_behind import message
from runtime_world import account, counts, echo, skill, texts, until
from storage_double import Disk, GroupCommitStorage

from imbridge import Bridge, BridgeOptions
from imbridge.adapters.base import Inbound, Verdict
from imbridge.protocol import to_reply
from imbridge.runtime.delivery import answer_key
from imbridge.storage import InboxEntry, OutboxEntry


async def test_acknowledgements_wait_for_the_commit(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = GroupCommitStorage()
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage) as bridge:
        storage.held.clear()
        for number in range(3):
            await alice.says(f"{number}")
        await until(lambda: len(storage._queue) == 3)
        await asyncio.sleep(0.1)
        assert feishu.stats.acks_ok == 0
        assert counts(bridge)["accepted"] == 0
        storage.held.set()
        for number in range(3):
            await alice.receives(f"echo: {number}")
        assert feishu.stats.acks_ok == 3
        assert 3 in storage.commits
    assert storage.disk.inbox == {}
    assert storage.disk.outbox == {}
    assert feishu.violations == []


async def test_all_acknowledgements_of_a_commit_leave_before_anything_is_handled(feishu) -> None:
    acknowledged: list[int] = []

    async def note(msg):
        acknowledged.append(bridge.counters()["feishu:work"]["accepted"])

    app = feishu.add_app()
    users = [feishu.add_user(f"U{number}") for number in range(8)]
    storage = GroupCommitStorage()
    bridge = Bridge([account(feishu, app)], skills=[skill(note)], storage=storage)
    async with bridge:
        storage.held.clear()
        for user in users:
            await user.says("hi")
        await until(lambda: len(storage._queue) == 8)
        storage.held.set()
        await until(lambda: len(acknowledged) == 8)
    assert acknowledged == [8] * 8


async def test_order_and_completeness_with_group_commits(feishu) -> None:
    app = feishu.add_app()
    users = [feishu.add_user(f"U{number}") for number in range(5)]
    storage = GroupCommitStorage(every=0.01)
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage):
        with feishu.faults.duplicate_events(1):
            for number in range(30):
                for user in users:
                    await user.says(f"{number}")
            await until(lambda: len(feishu.messages) == 150)
            await until(lambda: feishu.unacknowledged_events(app) == 0)
    for user in users:
        assert texts(feishu, feishu.private_chat(user, app)) == [f"echo: {number}" for number in range(30)]
    assert len(feishu.messages) == 150
    assert storage.disk.inbox == storage.disk.outbox == {}
    assert feishu.violations == []


async def test_a_failing_commit_makes_the_platform_deliver_again(feishu, caplog) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = GroupCommitStorage()
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage) as bridge:
        storage.fails = 1
        await alice.says("hi")
        await alice.receives("echo: hi")
        await alice.receives_nothing()
        assert counts(bridge)["storage_failed"] == 1
        assert feishu.stats.acks_failed == 1
        assert "could not be stored (OSError: database or disk is full)" in caplog.text


async def test_an_answer_that_cannot_be_stored_is_a_failure(feishu, caplog) -> None:
    async def answer(msg):
        storage.fails = 1
        return "hi"

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = GroupCommitStorage()
    async with Bridge([account(feishu, app)], skills=[skill(answer)], storage=storage) as bridge:
        await alice.says("go")
        await alice.receives(lambda message: "went wrong" in message.text)
        assert counts(bridge)["failed"] == 1
        assert "disk is full" in caplog.text


async def test_a_session_that_cannot_be_loaded_is_told(feishu, caplog) -> None:
    class Broken(GroupCommitStorage):
        async def load_session(self, lane):
            raise OSError("no such table")

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=Broken()):
        await alice.says("go")
        await alice.receives(lambda message: "went wrong" in message.text)
        assert "no such table" in caplog.text


async def test_what_waits_for_its_commit_counts_against_the_bound(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = GroupCommitStorage()
    options = BridgeOptions(max_waiting=4)
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage, options=options) as bridge:
        storage.held.clear()
        for number in range(10):
            await alice.says(f"{number}")
        await until(lambda: counts(bridge)["overloaded"] >= 6)
        assert len(storage._queue) == 4
        storage.held.set()
        await until(lambda: len(feishu.messages) == 10)
        assert sorted(texts(feishu)) == sorted(f"echo: {number}" for number in range(10))


async def test_a_verdict_nobody_waits_for_any_more_does_not_lose_the_message(feishu, caplog) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = GroupCommitStorage()
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage) as bridge:
        storage.held.clear()
        inbound = Inbound(message(feishu, app, alice, "om_1", "hi"), ("om_1",))
        with feishu.faults.refuse_send(230002):  # the platform knows no om_1 to reply to; what counts is that we try
            verdict = bridge._handling.inbox.offer("feishu:work", inbound)
            verdict.cancel()  # as a callback's time limit does
            storage.held.set()
            await until(lambda: counts(bridge)["delivery_sent"] + counts(bridge)["delivery_failed"])
        again = await bridge._handling.inbox.offer("feishu:work", inbound)
        assert again is Verdict.DUPLICATE
        assert counts(bridge)["handled"] == 1
        assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_what_is_being_stored_when_the_bridge_stops(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = GroupCommitStorage()
    bridge = Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage)
    await bridge.start()
    storage.held.clear()
    inbound = Inbound(message(feishu, app, alice, "om_1", "hi"), ("om_1",))
    verdict = bridge._handling.inbox.offer("feishu:work", inbound)
    stopping = asyncio.create_task(bridge.stop())
    await asyncio.sleep(0.2)
    assert not stopping.done()
    storage.held.set()
    await stopping
    assert await verdict is Verdict.ACCEPTED
    assert counts(bridge)["handled"] == 1
    await alice.receives("echo: hi")
    assert storage.disk.inbox == storage.disk.outbox == {}


async def test_a_store_that_stays_busy_at_the_end_leaves_no_task(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = GroupCommitStorage()
    bridge = Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage)
    await bridge.start()
    storage.held.clear()
    await alice.says("hi")
    await until(lambda: storage._queue)
    await bridge.stop(grace=0)  # the store commits while it closes: too late for the lanes
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "inbox lane"]
    await alice.receives_nothing()
    assert feishu.stats.acks_ok == 0  # so the platform delivers it again


# -- what an earlier process left --------------------------------------------------------------------------------------


def left_behind(feishu, app, alice, *, answers: int, messages: int) -> Disk:
    disk = Disk()
    for number in range(messages):
        item = message(feishu, app, alice, f"om_{number}", f"{number}")
        row = disk.next()
        disk.inbox[row] = InboxEntry("feishu:work", (item.id,), item.channel.address, item)
        disk.keys["feishu:work", item.id] = row
    for number in range(answers):
        item = message(feishu, app, alice, f"om_old_{number}", "")
        key = answer_key("feishu:work", item.id, 0)
        disk.outbox[disk.next()] = OutboxEntry(key, item.channel, to_reply(f"left {number}"), item.id)
    return disk


async def test_what_an_earlier_process_left_is_handled_and_said(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    storage = GroupCommitStorage(left_behind(feishu, app, alice, answers=150, messages=300), every=0.002)
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=storage) as bridge:
        await alice.says("new")
        await until(lambda: len(feishu.messages) == 451, timeout=40)
        expected = [f"left {number}" for number in range(150)] + [f"echo: {number}" for number in range(300)]
        assert texts(feishu) == [*expected, "echo: new"]
        assert (
            await bridge._handling.inbox.offer(
                "feishu:work", Inbound(message(feishu, app, alice, "om_7", "7"), ("om_7",))
            )
            is Verdict.DUPLICATE
        )
    assert storage.disk.inbox == storage.disk.outbox == {}
    assert feishu.violations == []


async def test_a_crash_loses_nothing_that_was_acknowledged(feishu) -> None:
    app = feishu.add_app()
    users = [feishu.add_user(f"U{number}") for number in range(3)]
    disk = Disk()
    sent = 0

    async def slow(msg):
        await asyncio.sleep(0.005)
        return f"echo: {msg.text}"

    for _ in range(4):  # each life is ended in the middle of things
        storage = GroupCommitStorage(disk, every=0.01)
        bridge = Bridge([account(feishu, app)], skills=[skill(slow)], storage=storage)
        await bridge.start()
        for _ in range(20):
            for user in users:
                await user.says(f"{sent}")
            sent += 1
        before = len(feishu.messages)
        await until(lambda before=before: len(feishu.messages) >= before + 10)
        storage.crash()
        storage._queue = type("Gone", (list,), {"append": lambda self, item: None})()  # nothing more reaches the disk
        await bridge.stop(grace=0)
    async with Bridge([account(feishu, app)], skills=[skill(echo)], storage=GroupCommitStorage(disk)):
        await until(lambda: len(feishu.messages) == sent * len(users), timeout=15)
        await until(lambda: not disk.inbox and not disk.outbox)
    for user in users:
        heard = texts(feishu, feishu.private_chat(user, app))
        assert sorted(heard) == sorted(f"echo: {number}" for number in range(sent))
