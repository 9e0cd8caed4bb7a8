"""Notes of accounts in a database: what goes wrong, who else is there, and what cannot be read by others."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from databases import Place
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage import BaseNotebook, DurableStorage, StorageError
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.notebook import Notebook
from imbridge.storage.core.sealing import Sealing

ACCOUNT = "qq:work"


@pytest.fixture
async def storage(database: Place) -> AsyncIterator[DurableStorage]:
    storage = database.storage()
    await storage.open()
    yield storage
    await storage.close()


async def opened(storage: DurableStorage) -> BaseNotebook:
    notebook = storage.notebook()
    await notebook.open()
    return notebook


class _Away:
    """A writer whose database is away for some tries."""

    def __init__(self, storage: DurableStorage, *, tries: int = 0, refuses: str = "") -> None:
        self.storage = storage
        self.tries = tries
        self.refuses = refuses
        self.batches: list[int] = []

    async def run(self, statements: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
        batch = statements.args[0]  # type: ignore[attr-defined]
        if self.tries:
            self.tries -= 1
            raise StorageError("the server is away", passing=True)
        if any(key[2] == self.refuses for key in batch):
            raise StorageError("the row is refused")
        self.batches.append(len(batch))
        return await self.storage._run(statements)

    def notebook(self) -> Notebook:
        kind = type(self.storage._notebook)
        return kind(self.run, self.storage._database, self.storage._nodes, Sealing())


class TestWriting:
    async def test_many_notes_are_few_transactions(self, storage: DurableStorage) -> None:
        notes = (await opened(storage)).of(ACCOUNT)
        before = storage.transactions
        for number in range(3000):
            notes.put("window", str(number % 1000), number)
            if number % 100 == 0:
                await asyncio.sleep(0)
        await notes.flush()
        assert 0 < storage.transactions - before <= 30

    async def test_what_is_written_while_it_is_away_is_written_when_it_is_back(
        self, storage: DurableStorage, caplog: pytest.LogCaptureFixture
    ) -> None:
        away = _Away(storage, tries=2)
        notebook = away.notebook()
        await notebook.open()
        notes = notebook.of(ACCOUNT)
        notes.put("card", "a", 1)
        await notes.flush()  # a try has failed: nobody waits for ever
        assert away.tries <= 1
        notes.put("card", "a", 2)
        notes.put("card", "b", 3)
        assert await notes.all("card") == {"a": 2, "b": 3}
        while not away.batches:
            await notes.flush()
        await notebook.close()
        assert "could not be written (the server is away); trying again" in caplog.text
        assert await (await opened(storage)).of(ACCOUNT).all("card") == {"a": 2, "b": 3}

    async def test_what_is_lost_at_the_end_is_told(
        self, storage: DurableStorage, caplog: pytest.LogCaptureFixture
    ) -> None:
        notebook = _Away(storage, tries=1000).notebook()
        await notebook.open()
        notebook.of(ACCOUNT).put("card", "a", "canary-value")
        await notebook.close()
        await notebook.close()
        assert "closed with 1 notes that could not be written" in caplog.text
        notebook.of(ACCOUNT).put("card", "a", 2)
        assert "it is not kept" in caplog.text
        assert "canary" not in caplog.text

    async def test_one_that_is_refused_costs_no_other(
        self, storage: DurableStorage, caplog: pytest.LogCaptureFixture
    ) -> None:
        notebook = _Away(storage, refuses="n5").notebook()
        await notebook.open()
        for number in range(9):
            notebook.of(ACCOUNT).put("card", f"n{number}", number)
        await notebook.close()
        assert caplog.text.count("could not be written: the row is refused") == 1
        known = await (await opened(storage)).of(ACCOUNT).all("card")
        assert known == {f"n{number}": number for number in range(9) if number != 5}


class TestReading:
    async def test_before_it_is_opened_notes_are_in_memory(self, database: Place) -> None:
        storage = database.storage()
        notebook = storage.notebook()
        with pytest.raises(RuntimeError, match="open the storage before"):
            await notebook.open()
        notes = notebook.of(ACCOUNT)
        notes.put("card", "early", 1)
        notes.put("card", "gone", 1)
        notes.drop("card", "gone")
        assert await notes.all("card") == {"early": 1}
        assert await notes.left("card") == {}
        await notes.flush()
        await storage.open()
        await notebook.open()
        await storage.close()  # which closes its notebook
        again = database.storage()
        await again.open()
        assert await (await opened(again)).of(ACCOUNT).all("card") == {"early": 1}
        await again.close()

    async def test_what_is_changed_before_it_is_read_counts(self, database: Place) -> None:
        first = database.storage()
        await first.open()
        notes = (await opened(first)).of(ACCOUNT)
        for name in ("changed", "dropped", "stays"):
            notes.put("card", name, "old")
        await first.close()
        second = database.storage()
        await second.open()
        notes = (await opened(second)).of(ACCOUNT)  # an account that was not known when it was opened
        notes.put("card", "changed", "new")
        notes.drop("card", "dropped")
        assert await notes.all("card") == {"changed": "new", "stays": "old"}
        await second.close()
        third = database.storage()
        await third.open()
        assert await (await opened(third)).of(ACCOUNT).all("card") == {"changed": "new", "stays": "old"}
        await third.close()

    async def test_what_is_over_is_forgotten_some_time(self, storage: DurableStorage, database: Place) -> None:
        notes = (await opened(storage)).of(ACCOUNT)
        notes.put("webhook", "old", 1, until=1.0)
        notes.put("webhook", "new", 1, until=4e9)
        notes.put("webhook", "for ever", 1)
        await notes.flush()
        assert await storage.clean() == 1
        assert sorted(await database.rows("notes", "name")) == [("for ever",), ("new",)]


class TestOthers:
    async def test_what_another_process_is_still_at_is_not_left(self, storage: DurableStorage, database: Place) -> None:
        ours = (await opened(storage)).of(ACCOUNT)
        ours.put("open_card", "a", 1)
        await ours.flush()
        other = database.storage()
        await other.open()
        theirs = (await opened(other)).of(ACCOUNT)
        assert await theirs.all("open_card") == {"a": 1}
        assert await theirs.left("open_card") == {}
        theirs.put("open_card", "b", 2)
        await other.close()
        assert await ours.left("open_card") == {"b": 2}

    async def test_one_elsewhere_is_waited_for(self, database: Place) -> None:
        gone = database.storage(lease=60)
        await gone.open()
        (await opened(gone)).of(ACCOUNT).put("open_card", "a", 1)
        await gone.notebook().of(ACCOUNT).flush()
        await database.change("nodes", {"host": "elsewhere"})
        await _silence(gone._nodes)
        heir = database.storage(lease=3.0)
        await heir.open()
        notes = (await opened(heir)).of(ACCOUNT)
        finding = asyncio.create_task(notes.left("open_card"))
        done, _ = await asyncio.wait((finding,), timeout=0.2)
        assert not done  # it may live
        await database.change("nodes", {"until": 1.0}, {"id": gone._nodes.id})
        assert await finding == {"a": 1}
        await heir.close()
        await gone.close()

    async def test_one_elsewhere_that_lives_keeps_its_own(self, database: Place) -> None:
        lives = database.storage(lease=3.0)
        await lives.open()
        (await opened(lives)).of(ACCOUNT).put("open_card", "a", 1)
        await lives.notebook().of(ACCOUNT).flush()
        await database.change("nodes", {"host": "elsewhere"})
        other = database.storage(lease=3.0)
        await other.open()
        assert await (await opened(other)).of(ACCOUNT).left("open_card") == {}
        await other.close()
        await lives.close()


async def _silence(nodes: Nodes) -> None:
    assert nodes._beating is not None
    nodes._beating.cancel()
    await asyncio.wait((nodes._beating,))


class TestKeys:
    async def test_notes_are_encrypted_and_keys_can_change(
        self, database: Place, caplog: pytest.LogCaptureFixture
    ) -> None:
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()

        first = await database.opened(keys=[old])
        (await opened(first)).of(ACCOUNT).put("webhook", "a", "canary-value")
        await first.close()
        ((value,),) = await database.rows("notes", "value")
        assert "canary" not in str(value)
        both = await database.opened(keys=[new, old])
        assert await both.tokens.rotate() == 1
        assert await (await opened(both)).of(ACCOUNT).all("webhook") == {"a": "canary-value"}
        await both.close()
        last = await database.opened(keys=[new])
        assert await (await opened(last)).of(ACCOUNT).all("webhook") == {"a": "canary-value"}
        await last.close()
        without = await database.opened()
        with caplog.at_level(logging.ERROR):
            assert await (await opened(without)).of(ACCOUNT).all("webhook") == {}
        assert "1 notes cannot be read, and are left out" in caplog.text
        await without.close()
