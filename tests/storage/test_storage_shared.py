"""Several processes share chats: each is one process's at a time, and what it says of one it has lost is refused."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from databases import Place
from processes import Process, until

from imbridge.storage import Box, EntryState, StaleLeaseError
from imbridge.storage.core import shares
from imbridge.storage.sharing import chat_of, working_as
from imbridge.testing.storage_entries import CHANNEL, SENT, inbox_entry, outbox_entry


@pytest.fixture
async def two(database: Place) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes on one database, that know of each other."""
    made: list[Process] = []
    for _ in range(2):
        process = Process(database.storage(shared=True))
        await process.storage.open()
        process.storage.share(process.partner)
        made.append(process)
    made[0].storage._nodes.others = 1
    yield made[0], made[1]
    for process in made:
        await process.storage.close()


def test_a_chat_is_a_lane_without_its_thread_and_a_click_has_none() -> None:
    assert chat_of("feishu:a/group/oc_1#omt_2") == "feishu:a/group/oc_1"
    assert chat_of("feishu:a") == "feishu:a"
    assert not chat_of("feishu:a/group/oc_1 om_3")


async def test_what_comes_to_another_process_goes_to_the_one_that_has_the_chat(two: tuple[Process, Process]) -> None:
    here, there = two
    first = await here.receive("feishu:a/group/one", "1")
    second = await there.receive("feishu:a/group/one#thread", "2")
    elsewhere = await there.receive("feishu:a/group/two", "3")
    click = await there.receive("feishu:a/group/one om_1", "4")
    assert [one.handed_over for one in (first, second, elsewhere, click)] == [False, True, False, False]
    assert not await there.storage.add_inbound(inbox_entry("feishu:a", "2")), "it is known, wherever it is"
    await until(lambda: bool(here.partner.taken))
    assert here.partner.keys() == ["2"]
    assert here.partner.taken[0].lane == "feishu:a/group/one#thread"
    assert there.partner.taken == []
    here.storage.finish_inbound(here.partner.taken[0])
    await here.storage.save_session("x", {})
    assert [one.dedup_keys for one in here.partner.taken] == [("2",)], "it is handed over once"


async def test_what_was_handed_over_comes_before_what_comes_later(two: tuple[Process, Process]) -> None:
    here, there = two
    await here.receive("feishu:a/group/one", "1")
    for number in range(2, 20, 2):
        assert (await there.receive("feishu:a/group/one", str(number))).handed_over
        before = len(here.partner.taken)
        await here.receive("feishu:a/group/one", str(number + 1))
        assert here.partner.keys()[before:] == [str(number)], "it was taken with the very next delivery"


async def test_nobody_takes_what_there_is_no_room_for(two: tuple[Process, Process]) -> None:
    here, there = two
    await here.receive("feishu:a/group/one", "1")
    here.partner.has_room = False
    await there.receive("feishu:a/group/one", "2")
    await here.receive("feishu:a/group/two", "3")
    assert here.partner.taken == []
    here.partner.has_room = True
    await until(lambda: here.partner.keys() == ["2"])


async def test_all_that_was_handed_over_is_taken_and_what_cannot_be_read_is_dead(
    two: tuple[Process, Process], database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "AT_ONCE", 2)
    here, there = two
    await here.receive("feishu:a/group/one", "0")
    here.partner.has_room = False
    handed = [await there.receive("feishu:a/group/one", f"{number}") for number in range(1, 6)]
    await database.change("inbox", {"item": "broken"}, {"uid": handed[2].uid})
    here.partner.has_room = True
    await here.receive("feishu:a/group/one", "6")
    assert here.partner.keys() == ["1", "2", "4", "5"]
    [letter] = await here.storage.kept(Box.INBOX, EntryState.DEAD)
    assert letter.uid == handed[2].uid
    assert "cannot be read" in letter.history[-1]["why"]


async def test_two_that_want_a_chat_at_once_do_not_both_get_it(two: tuple[Process, Process]) -> None:
    chats = [f"feishu:a/group/{number}" for number in range(40)]

    async def receive(process: Process, name: str) -> set[str]:
        entries = await asyncio.gather(*(process.receive(chat, f"{name} {chat}") for chat in chats))
        return {entry.lane for entry in entries if not entry.handed_over}

    ours, theirs = await asyncio.gather(receive(two[0], "first"), receive(two[1], "second"))
    assert ours | theirs == set(chats)
    assert ours & theirs == set()


async def test_a_chat_is_given_back_when_nothing_is_under_way(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "_IDLE", 0.0)
    here, there = two
    entry = await here.receive(CHANNEL.address, "1")
    answer = outbox_entry("answer")
    await here.storage.add_outbound(answer)
    here.storage.finish_inbound(entry)
    assert not here.storage._shares.has_idle, "its answer is not said yet"  # type: ignore[union-attr]
    assert (await there.receive(CHANNEL.address, "2")).handed_over
    await until(lambda: here.partner.keys() == ["2"])
    here.storage.finish_inbound(here.partner.taken[0])
    here.storage.finish_outbound(answer, SENT)
    await until(lambda: not here.storage._shares._held)  # type: ignore[union-attr]
    await here.storage.save_session("x", {})  # the transaction that gives it back is over
    assert not (await there.receive(CHANNEL.address, "3")).handed_over
    assert (await here.receive(CHANNEL.address, "4")).handed_over


async def test_a_chat_that_something_is_on_its_way_to_is_not_given_back(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = two
    entry = await here.receive("feishu:a/group/one", "1")
    here.storage.finish_inbound(entry)
    here.partner.has_room = False  # it does not look
    assert (await there.receive("feishu:a/group/one", "2")).handed_over
    monkeypatch.setattr(shares, "_IDLE", 0.0)
    await until(lambda: not here.storage._shares._held)  # type: ignore[union-attr]
    await here.storage.save_session("x", {})
    assert (await there.receive("feishu:a/group/one", "3")).handed_over
    here.partner.has_room = True
    await until(lambda: here.partner.keys() == ["2", "3"])


async def test_what_a_process_had_is_refused_when_others_have_taken_it_over(
    two: tuple[Process, Process], database: Place
) -> None:
    gone, heir = two
    entry = await gone.receive("feishu:a/group/one", "1")
    await gone.storage.start_inbound(entry)
    fence = entry.fence
    await gone.storage.add_outbound(outbox_entry("earlier"))
    await gone.fall_silent(database)
    assert (await heir.receive("feishu:a/group/one", "2")).handed_over, "what came first is not overtaken"
    await heir.takes_over("1", "2")
    assert [one.key for one in heir.partner.unsaid] == ["earlier"]
    assert not (await heir.receive("feishu:a/group/one", "3")).handed_over, "the chat came with it"
    with pytest.raises(StaleLeaseError):
        await gone.storage.start_inbound(entry)
    assert gone.partner.dropped == [fence]
    with working_as(fence):
        with pytest.raises(StaleLeaseError):
            await gone.storage.add_outbound(outbox_entry("late"))
        with pytest.raises(StaleLeaseError):
            await gone.storage.save_session("feishu:a/group/one", {"skill": {"late": True}})
    gone.storage.finish_inbound(entry)
    assert await gone.storage.load_session("feishu:a/group/one") == {}
    assert (await gone.receive("feishu:a/group/one", "4")).handed_over
    assert not (await gone.receive("feishu:a/group/two", "5")).handed_over, "it lives, under another number"
    await until(lambda: heir.partner.keys() == ["4"])
    assert await database.count("inbox") == 5, "nothing that was late has removed a row"
    assert await database.count("outbox") == 1


async def test_what_a_person_wants_again_goes_to_the_process_that_has_the_chat(
    two: tuple[Process, Process], database: Place
) -> None:
    here, there = two
    dead = await here.receive("feishu:a/group/one", "1")
    assert await here.storage.give_up(dead, "it is tried")
    await here.receive("feishu:a/group/one", "2")
    free = await there.receive("feishu:a/group/two", "3")
    assert await there.storage.give_up(free, "it is tried")
    await there.storage.close()
    assert await here.storage.retry(Box.INBOX, dead.uid, free.uid) == [dead.uid, free.uid]
    third = Process(database.storage(shared=True))
    await third.storage.open()
    third.storage.share(third.partner)
    await third.takes_over("3")  # of the chat that nobody has, and not of the other
    await until(lambda: here.partner.keys() == ["1"])
    assert (await here.receive("feishu:a/group/two", "4")).handed_over, "its chat came with it"
    await third.storage.close()


async def test_a_process_that_can_say_no_word_gives_up_what_it_has(database: Place) -> None:
    process, other = Process(database.storage(shared=True, lease=4.0)), Process(database.storage(shared=True))
    await other.storage.open()
    await process.storage.open()
    process.storage.share(process.partner)
    entry = await process.receive("feishu:a/group/one", "1")
    await process.storage.start_inbound(entry)
    assert process.storage._nodes.others == 1
    assert process.storage._nodes._beating is not None
    process.storage._nodes._beating.cancel()
    await until(lambda: process.partner.dropped == [entry.fence])
    with pytest.raises(StaleLeaseError):
        await process.storage.start_inbound(entry)
    assert process.storage._nodes.id != entry.fence
    [again] = await other.storage.unfinished_inbound()
    assert (again.dedup_keys, again.attempts) == (("1",), 0), "it is no attempt that failed"
    await process.storage.close()
    await other.storage.close()


async def test_an_orderly_end_leaves_chats_with_what_is_left_in_them(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends, stays = two
    done = await ends.receive("feishu:a/group/done", "1")
    ends.storage.finish_inbound(done)
    await ends.receive("feishu:a/group/left", "2")
    await ends.storage.close()
    assert not (await stays.receive("feishu:a/group/done", "3")).handed_over
    assert (await stays.receive("feishu:a/group/left", "4")).handed_over
    await stays.takes_over("2", "4")


async def test_after_its_own_silence_a_process_declares_nobody_gone_for_a_while(
    two: tuple[Process, Process], database: Place
) -> None:
    here, there = two
    await there.receive("feishu:a/group/one", "1")
    await there.fall_silent(database)
    nodes = here.storage._nodes
    nodes._contact -= nodes.lease  # the database was away for us, and so it was for the other
    await nodes.say_so()
    assert await here.take_over() == []
    nodes._contact_since -= nodes.lease
    await here.takes_over("1")
