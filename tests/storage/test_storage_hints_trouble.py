"""Hints that do not come, or break: what was handed over is found all the same, and nobody waits for a broker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from databases import SqlPlace, place
from hint_stage import CHAT, come, hand, hints_of, looks_no_more, told, try_again_soon, two
from processes import Process, until
from redis_server import RedisServer
from wire import Wire, wired

from imbridge.protocol import ConfigError
from imbridge.storage.core import hinting
from imbridge.storage.hints import BaseHints, HintsError


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A server of the test's own."""
    server = RedisServer(tmp_path)
    await server.start()
    yield server
    await server.kill()


# -- they do not come --------------------------------------------------------------------------------------------------


async def test_a_broker_that_is_killed_and_comes_back(
    tmp_path: Path, redis: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_again_soon(monkeypatch)
    caplog.set_level(logging.INFO, hinting.__name__)
    async with place("mariadb", tmp_path) as database, two(database, hints=redis.url) as (here, there):
        await come(here, there)
        await hand(here, there, "1")
        await redis.kill()
        await until(lambda: not hints_of(here).works and not hints_of(there).works, seconds=30)
        await hand(here, there, "2", "3")
        warned = told(caplog, logging.WARNING)
        assert len(warned) == 2, "each process says it once"
        assert f"hints do not come over redis://127.0.0.1:{redis.port} (" in warned[0]
        await redis.start()
        await come(here, there)
        assert len(told(caplog, logging.WARNING)) == 2
        assert [text.partition(", after")[0] for text in told(caplog, logging.INFO)] == [
            f"hints come over redis://127.0.0.1:{redis.port} again"
        ] * 2
        await looks_no_more(here, monkeypatch)
        await hand(here, there, "4", "5")


async def test_a_broker_that_is_away_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_again_soon(monkeypatch)
    server = RedisServer(tmp_path)
    async with place("mongodb", tmp_path) as database, two(database, hints=server.url) as (here, there):
        await hand(here, there, "1", "2")
        assert not hints_of(here).works
        await until(lambda: len(told(caplog, logging.WARNING)) == 2)
        await server.start()
        try:
            await come(here, there)
            await looks_no_more(here, monkeypatch)
            await hand(here, there, "3", "4")
        finally:
            await server.kill()


async def test_a_wrong_password_is_told_without_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = RedisServer(tmp_path, "--requirepass", "the-right-one")
    await server.start()
    url = server.url.replace("//", "//:hush-hush@")
    try:
        async with place("mariadb", tmp_path) as database, two(database, hints=url) as (here, there):
            await hand(here, there, "1", "2")
            await until(lambda: len(told(caplog, logging.WARNING)) == 2)
            assert "AuthenticationError" in told(caplog, logging.WARNING)[0]
            assert hints_of(here)._hints.where == server.url
    finally:
        await server.kill()
    assert "hush-hush" not in caplog.text


async def test_the_right_password_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = RedisServer(tmp_path, "--requirepass", "the-right-one")
    await server.start()
    url = server.url.replace("//", "//:the-right-one@")
    try:
        async with place("mariadb", tmp_path) as database, two(database, hints=url) as (here, there):
            await come(here, there)
            await looks_no_more(here, monkeypatch)
            await hand(here, there, "1", "2")
    finally:
        await server.kill()


@pytest.mark.parametrize("does", ["LISTEN%", "NOTIFY%"])
async def test_a_connection_for_hints_that_the_server_ends(
    does: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hinting, "_CHECK", 0.1)
    caplog.set_level(logging.INFO, hinting.__name__)
    async with place("postgresql", tmp_path) as database, two(database) as (here, there):
        assert isinstance(database, SqlPlace)
        await come(here, there)
        ended = await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = :schema AND query LIKE :does",
            schema=database.schema,
            does=does,
        )
        assert ended == [(True,), (True,)]
        await until(lambda: len(told(caplog, logging.WARNING)) == 2, seconds=30)
        await come(here, there)
        assert len(told(caplog, logging.INFO)) == 2
        await looks_no_more(here, monkeypatch)
        await hand(here, there, "1", "2", "3")


async def test_the_whole_way_to_the_database_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try_again_soon(monkeypatch)
    async with place("postgresql", tmp_path) as database, wired(database) as (wire, over), two(over) as (here, there):
        await come(here, there)
        await wire.down()
        await until(lambda: not hints_of(here).works and not hints_of(there).works, seconds=30)
        await wire.up()
        await come(here, there)
        await hand(here, there, "1", "2")


class DeafWire(Wire):
    """As a pooler in transaction mode: what PostgreSQL has to say unasked reaches nobody."""

    async def _pass(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, client: asyncio.StreamWriter, *, asks: bool
    ) -> None:
        if asks:
            await super()._pass(source, target, client, asks=asks)
            return
        try:
            while True:
                head = await source.readexactly(5)
                body = await source.readexactly(int.from_bytes(head[1:]) - 4)
                if head[:1] != b"A":  # NotificationResponse
                    target.write(head + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._end(target)


async def test_a_pooler_that_passes_no_hints_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hinting, "_PATIENCE", 0.5)
    try_again_soon(monkeypatch)
    caplog.set_level(logging.DEBUG, hinting.__name__)
    async with place("postgresql", tmp_path) as database:
        url = urlsplit(database.url)
        wire = DeafWire(url.hostname or "", url.port or 5432)
        await wire.up()
        over = url._replace(netloc=f"{url.username}@127.0.0.1:{wire.port}", query="sslmode=disable").geturl()
        try:
            async with two(SqlPlace("postgresql", over, database.schema)) as (here, there):
                await until(lambda: len(told(caplog, logging.WARNING)) == 2, seconds=30)
                assert "a pooler in transaction mode" in told(caplog, logging.WARNING)[0]
                await hand(here, there, "1", "2", "3")
                await until(lambda: len(told(caplog, logging.DEBUG)) >= 4, seconds=30)
                assert all("LISTEN hears nothing" in text for text in told(caplog, logging.DEBUG)), "it was tried again"
                assert len(told(caplog, logging.WARNING)) == 2
        finally:
            await wire.down()


# -- brokers of somebody's own -----------------------------------------------------------------------------------------


class OwnHints(BaseHints):
    """Brings to a process what it says to itself, and loses the rest."""

    def __init__(self) -> None:
        self._name = ""
        self._said = asyncio.Event()
        self.said: list[str] = []
        self.opened = self.closed = 0

    async def open(self, name: str) -> None:
        self._name = name
        self.opened += 1

    async def hear(self) -> None:
        await self._said.wait()
        self._said.clear()

    async def say(self, names: Collection[str]) -> None:
        self.said += names
        if self._name in names:
            self._said.set()

    async def close(self) -> None:
        self.closed += 1


async def test_what_is_lost_is_found_all_the_same(tmp_path: Path) -> None:
    async with place("sqlite", tmp_path) as database:
        here, there = (Process(database.storage(shared=True, hints=OwnHints())) for _ in range(2))
        for process in (here, there):
            await process.storage.open()
            process.storage.share(process.partner)
        await come(here, there)
        await here.receive(CHAT, "first")
        await hand(here, there, "1", "2")
        name = f"imbridge_{here.storage._nodes.id}"
        own = hints_of(there)._hints
        assert isinstance(own, OwnHints)
        assert name in own.said, "it was said, and lost"
        for process in (here, there):
            await process.storage.close()
        assert own.opened == 1
        assert own.closed


class BrokenHints(OwnHints):
    async def open(self, name: str) -> None:
        await super().open(name)
        raise ValueError("cannot reach nats://me:hush-hush@broker")


class EndingHints(OwnHints):
    """It breaks at the very moment when it is given up."""

    async def hear(self) -> None:
        try:
            await super().hear()
        except asyncio.CancelledError:
            raise HintsError("it is gone") from None


async def test_a_broker_that_breaks_when_it_is_given_up_holds_up_nobody(tmp_path: Path) -> None:
    async with place("sqlite", tmp_path) as database:
        process = Process(database.storage(shared=True, hints=EndingHints()))
        await process.storage.open()
        await come(process)
        async with asyncio.timeout(20):
            await process.storage.close()
        assert not hints_of(process).works


class MuteHints(OwnHints):
    async def say(self, names: Collection[str]) -> None:
        raise HintsError("it takes nothing")


class HangingHints(OwnHints):
    async def open(self, name: str) -> None:
        await super().open(name)
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (BrokenHints, "ValueError in test_storage_hints_trouble.py:"),
        (MuteHints, "it takes nothing"),
        (HangingHints, "no answer in 0.2 s"),
    ],
)
async def test_a_broker_that_fails_is_told_once_and_tried_again(
    kind: type[OwnHints], why: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind is HangingHints:
        monkeypatch.setattr(hinting, "_PATIENCE", 0.2)
    try_again_soon(monkeypatch)
    caplog.set_level(logging.DEBUG)
    own = kind()
    async with place("sqlite", tmp_path) as database:
        here, there = Process(database.storage(shared=True, hints=own)), Process(database.storage(shared=True))
        for process in (here, there):
            await process.storage.open()
            process.storage.share(process.partner)
        await here.storage._nodes.say_so()
        await here.receive(CHAT, "first")
        await hand(here, there, "1", "2")
        await until(lambda: own.opened > 2, seconds=30)
        [warned] = told(caplog, logging.WARNING)
        assert f"hints do not come over {kind.__name__} ({why}" in warned
        for process in (here, there):
            await process.storage.close()
    assert own.closed > own.opened
    assert "hush-hush" not in caplog.text


def test_hints_are_for_those_who_share() -> None:
    with pytest.raises(ConfigError, match="set shared to true"):
        SqlPlace("sqlite", "sqlite:///x.db").storage(hints="redis://127.0.0.1")


@pytest.mark.parametrize("url", ["redis://me:hush-hush@host:port", "redis://me:hush-hush@host?no_such=1", "hush-hush"])
def test_no_error_holds_what_is_secret(url: str) -> None:
    with pytest.raises(ConfigError, match="hints: this is no URL of Redis") as raised:
        SqlPlace("sqlite", "sqlite:///x.db").storage(shared=True, hints=url)
    assert "hush" not in str(raised.value)
    assert raised.value.__cause__ is None
