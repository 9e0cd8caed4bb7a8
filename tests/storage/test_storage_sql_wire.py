"""What the network does between a storage and its server: a commit whose answer is lost, a server that is away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from benchmarks.nodes.database import COMMIT
from databases import Place, place
from wire import Wire, wired

from imbridge.storage import StorageError
from imbridge.storage.core.storage import DatabaseStorage
from imbridge.testing.storage_entries import SENT, inbox_entry, outbox_entry


@pytest.fixture(params=list(COMMIT))
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(request.param, tmp_path) as made:
        yield made


@pytest.fixture
async def reached(server: Place) -> AsyncIterator[tuple[Wire, DatabaseStorage]]:
    """A storage whose server is reached over a wire."""
    async with wired(server) as (wire, over):
        storage = over.storage(patience=5.0)
        await storage.open()
        yield wire, storage
        await storage.close()


Reached = tuple[Wire, DatabaseStorage]


async def counted(server: Place, table: str) -> int:
    return await server.count(table)


async def test_a_commit_whose_answer_is_lost_is_not_done_twice(reached: Reached, server: Place) -> None:
    wire, storage = reached
    assert await storage.add_inbound(inbox_entry("a", "before"))
    wire.lose_answer_to = COMMIT[server.kind]
    added = [storage.add_inbound(inbox_entry("a", f"e{number}")) for number in range(3)]
    answer = storage.add_outbound(outbox_entry("k"))
    assert await asyncio.gather(*added) == [True] * 3
    await answer
    assert wire.losses == 1
    assert await counted(server, "inbox") == 4
    assert await counted(server, "outbox") == 1
    assert await counted(server, "log") == 4


async def test_a_transaction_that_is_lost_before_its_commit_is_done(reached: Reached, server: Place) -> None:
    wire, storage = reached
    assert await storage.add_inbound(inbox_entry("a", "before"))
    wire.lose_answer_to = b"imbridge_outbox"
    await asyncio.gather(storage.add_outbound(outbox_entry("k")), storage.add_inbound(inbox_entry("a", "e")))
    assert wire.losses == 1
    assert await counted(server, "inbox") == 2
    assert await counted(server, "outbox") == 1


async def test_what_may_be_stored_is_handled_when_it_comes_again(reached: Reached, server: Place) -> None:
    """The commit's answer is lost, and then the server is away: nobody can tell whether it is stored. It is."""
    wire, storage = reached
    assert await storage.add_inbound(inbox_entry("a", "before"))
    wire.lose_answer_to = COMMIT[server.kind]
    down = asyncio.create_task(_down_after_the_loss(wire))
    with pytest.raises(StorageError) as raised:
        await storage.add_inbound(inbox_entry("a", "e", "m"))
    assert raised.value.passing
    await down
    assert await counted(server, "inbox") == 2
    await wire.up()
    again = inbox_entry("a", "e", "m")
    assert await storage.add_inbound(again), "the platform brings it again, and nobody has handled it"
    assert not await storage.add_inbound(inbox_entry("a", "e", "m"))
    storage.finish_inbound(again)
    await storage.save_session("flush", {})
    assert await counted(server, "inbox") == 1


async def test_what_is_to_be_said_and_may_be_stored_is_there_once_when_it_is_asked_for_again(
    reached: Reached, server: Place
) -> None:
    wire, storage = reached
    assert await storage.add_inbound(inbox_entry("a", "before"))
    wire.lose_answer_to = COMMIT[server.kind]
    down = asyncio.create_task(_down_after_the_loss(wire))
    answer = outbox_entry("k")
    with pytest.raises(StorageError):
        await storage.add_outbound(answer)
    await down
    assert await counted(server, "outbox") == 1
    with pytest.raises(StorageError):
        await storage.add_outbound(answer)
    await wire.up()
    assert await storage.add_outbound(answer) is None
    assert await counted(server, "outbox") == 1
    storage.finish_outbound(answer, SENT)
    await storage.save_session("flush", {})
    assert await counted(server, "outbox") == 0


async def test_a_server_that_is_away_refuses_and_gets_later_what_was_done(
    reached: Reached, server: Place, caplog: pytest.LogCaptureFixture
) -> None:
    wire, storage = reached
    entry, answer = inbox_entry("a", "e"), outbox_entry("k")
    await asyncio.gather(storage.add_inbound(entry), storage.add_outbound(answer))
    await wire.down()
    with pytest.raises(StorageError, match="not stored"):
        await storage.add_inbound(inbox_entry("a", "refused"))
    with pytest.raises(StorageError, match="could not be read"):
        await storage.load_session("lane")
    storage.finish_inbound(entry)
    storage.finish_outbound(answer, SENT)
    with pytest.raises(StorageError):
        await storage.save_session("lane", {})
    assert "what is done is written when it is back" in caplog.text
    await wire.up()
    assert await storage.add_inbound(inbox_entry("a", "refused"))
    while await counted(server, "outbox") or await counted(server, "inbox") > 1:  # it is tried again by itself
        await asyncio.sleep(0.05)
    assert await storage.load_session("lane") == {}


async def _down_after_the_loss(wire: Wire) -> None:
    while not wire.losses:
        await asyncio.sleep(0)
    await wire.down()
