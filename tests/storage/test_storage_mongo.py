"""What is MongoDB's alone: which servers will do, a transaction that nobody ends, a server that is killed."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from databases import MongoPlace, mongo_collections, mongo_place
from mongo_server import Secantus, needs_secantus

from imbridge.config.storage import DatabaseOptions, StorageSpec
from imbridge.protocol import ConfigError
from imbridge.storage import MongoStorage, StorageError
from imbridge.storage.making import make_storage
from imbridge.storage.mongo.access import Access
from imbridge.storage.mongo.schema import HEAD, INDEXES
from imbridge.testing.storage_entries import SENT, inbox_entry, outbox_entry


@pytest.fixture
async def own_server(tmp_path: Path) -> AsyncIterator[Secantus]:
    """A server that may be killed."""
    needs_secantus()
    server = Secantus(tmp_path, "--sync-on-commit")  # without it a kill of the server loses its last commits
    await server.starting()
    yield server
    await server.stopping()


@pytest.fixture
def leaving_sockets() -> Iterator[None]:
    """pymongo forgets the socket of a connection that is broken off while it is made: it is ours to sweep up."""
    yield
    gc.collect()


@pytest.mark.usefixtures("leaving_sockets")
@pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning")
class TestServers:
    async def test_one_without_transactions_is_refused_with_what_to_do(self, tmp_path: Path) -> None:
        needs_secantus()
        server = Secantus(tmp_path, "--standalone")
        await server.starting()
        try:
            with pytest.raises(ConfigError, match="--replSet rs0"):
                await MongoStorage(server.url).open()
        finally:
            await server.stopping()

    async def test_one_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("imbridge.storage.mongo.database._SELECTION", 200)
        with pytest.raises(ConfigError, match=r"mongodb://127.0.0.1:1/bot cannot be used") as raised:
            await MongoStorage("mongodb://root:hush@127.0.0.1:1/bot?appname=hush&directConnection=true").open()
        assert "hush" not in str(raised.value)

    @pytest.mark.parametrize(
        "url", ["mongodb://ro:ot:hush@host/x", "mongodb://", "mongodb://host:hush/x", "mysql://root:hush@host/x"]
    )
    async def test_what_is_no_url_is_not_repeated(self, url: str) -> None:
        with pytest.raises(ConfigError, match="no URL of MongoDB") as raised:
            await MongoStorage(url).open()
        assert "hush" not in str(raised.value)

    async def test_one_that_is_killed_loses_nothing_and_gets_later_what_was_done(self, own_server: Secantus) -> None:
        async with mongo_place(own_server.url) as database:
            storage = database.storage(patience=10.0)
            await storage.open()
            entries = [inbox_entry("a", f"e{number}") for number in range(30)]
            assert await asyncio.gather(*map(storage.add_inbound, entries)) == [True] * 30
            answer = outbox_entry("k")
            await storage.add_outbound(answer)
            await own_server.stopping(kill=True)
            with pytest.raises(StorageError) as raised:
                await storage.add_inbound(inbox_entry("a", "refused"))
            assert raised.value.passing
            for entry in entries[:10]:
                storage.finish_inbound(entry)
            storage.finish_outbound(answer, SENT)
            await own_server.starting()
            while await database.count("outbox") or await database.count("inbox") != 20:  # it is tried again by itself
                await asyncio.sleep(0.1)
            assert await storage.add_inbound(inbox_entry("a", "refused"))
            assert not await storage.add_inbound(inbox_entry("a", "e0"))
            await storage.close()


class TestCollections:
    async def test_what_was_made_in_part_is_completed(self, mongodb: MongoPlace) -> None:
        storage = await mongodb.opened()
        await storage.close()
        for name in ("version", "jobs", "log"):
            await mongodb.drop(name)
        again = await mongodb.opened()
        assert await again.jobs.all() == []
        await again.close()
        assert await mongodb.rows("version", "version") == [(HEAD,)]
        async with mongo_collections(mongodb.url) as collections:
            for name, indexes in INDEXES.items():
                assert len(await collections[f"imbridge_{name}"].index_information()) == 1 + len(indexes), name

    async def test_to_look_makes_nothing(self, mongodb: MongoPlace) -> None:
        with pytest.raises(ConfigError, match="nothing is kept there yet"):
            await mongodb.storage().look()
        async with mongo_collections(mongodb.url) as collections:
            assert await collections.list_collection_names() == []


async def test_what_a_process_was_in_the_middle_of_does_not_hold_up_its_heir(mongodb: MongoPlace) -> None:
    """A server goes on with a transaction for a minute after its process is gone."""
    gone, heir = await mongodb.opened(), await mongodb.opened()
    assert await gone.add_inbound(inbox_entry("a", "e"))
    under_way = asyncio.Event()

    async def stand_still(access: Access) -> None:
        await access.update("commits", {"_id": gone._nodes.id}, {"$set": {"number": 7}})
        await access.update("inbox", {}, {"$set": {"lane": "another"}})
        under_way.set()
        await asyncio.Event().wait()

    still = asyncio.create_task(gone._database.transaction(stand_still))  # type: ignore[attr-defined]
    await under_way.wait()
    for task in (gone._nodes._beating, gone._nodes._watching):
        assert task is not None
        task.cancel()
    await mongodb.change("nodes", {"until": 1.0, "host": "elsewhere"}, {"id": gone._nodes.id})
    heir._nodes._contact_since -= heir._nodes.lease
    async with asyncio.timeout(20):
        assert [entry.dedup_keys for entry in await heir.unfinished_inbound()] == [("e",)]
    still.cancel()
    await asyncio.wait((still,))
    await heir.close()
    await gone.close()


class TestSettings:
    def test_a_url_is_enough(self) -> None:
        options = DatabaseOptions(url="mongodb+srv://me:hush@cluster.example/bot", shared=None)  # type: ignore[arg-type]
        storage = make_storage(StorageSpec(database=options))
        assert isinstance(storage, MongoStorage)
        assert storage.where == "mongodb+srv://cluster.example/bot"
        assert storage._nodes.shared

    def test_a_schema_is_another_databases_word(self) -> None:
        options = DatabaseOptions(url="mongodb://host/bot", schema_name="bot")  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match="a schema is PostgreSQL's"):
            make_storage(StorageSpec(database=options))

    def test_without_its_driver_it_is_said_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in sys.modules if name.startswith("imbridge.storage.mongo")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "pymongo", None)
        options = DatabaseOptions(url="mongodb://host/bot")  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match=r"pip install 'imbridge\[mongodb\]'"):
            make_storage(StorageSpec(database=options))
