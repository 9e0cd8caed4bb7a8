"""Hints wake the process that something was handed to. Nothing depends on them but the time that it waits."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from databases import Place, SqlPlace, place
from processes import Process, until
from redis.asyncio import Redis
from redis_server import RedisServer, redis_url
from wire import Wire, wired

from imbridge.protocol import ConfigError
from imbridge.storage.core import hinting, sharing
from imbridge.storage.core.hinting import Hinting
from imbridge.storage.hints import BaseHints, HintsError
from imbridge.transport.reconnect import ReconnectPolicy

CHAT = "feishu:a/group/one"
WAYS = {
    "postgresql over LISTEN": ("postgresql", None),
    "postgresql over redis": ("postgresql", redis_url),
    "mariadb over redis": ("mariadb", redis_url),
    "mongodb over redis": ("mongodb", redis_url),
    "sqlite over redis": ("sqlite", redis_url),
}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
async def way(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Place, dict[str, Any]]]:
    """A database, and the options for hints there."""
    kind, url = request.param
    options = {} if url is None else {"hints": url()}
    async with place(kind, tmp_path) as database:
        yield database, options


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A server of the test's own."""
    server = RedisServer(tmp_path)
    await server.start()
    yield server
    await server.kill()


@asynccontextmanager
async def two(database: Place, **options: Any) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes that know of each other; the first one has the chat."""
    made = [Process(database.storage(shared=True, **options)) for _ in range(2)]
    try:
        for process in made:
            await process.storage.open()
            process.storage.share(process.partner)
        for process in made:
            await process.storage._nodes.say_so()
        await made[0].receive(CHAT, "first")
        yield made[0], made[1]
    finally:
        for process in made:
            await process.storage.close()


def hints_of(process: Process) -> Hinting:
    assert process.storage._sharing is not None
    assert process.storage._sharing._hinting is not None
    return process.storage._sharing._hinting


async def come(*processes: Process) -> None:
    await until(lambda: all(hints_of(process).works for process in processes), seconds=30)


async def looks_no_more(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on it finds what was handed to it by a hint, or not at all."""
    for name in ("_LOOK", "_LOOK_RARE"):
        monkeypatch.setattr(sharing, name, 10_000.0)
    monkeypatch.setattr(hinting, "_CHECK", 10_000.0)
    hints_of(process)._heard.set()  # the look that is waited for comes now
    await until(lambda: not hints_of(process)._heard.is_set())


def try_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses grow to half a second and not to a minute, for as long as a test takes on a busy machine."""
    monkeypatch.setattr(hinting, "ReconnectPolicy", partial(ReconnectPolicy, cap=0.5, base=0.2))


async def hand(here: Process, there: Process, *keys: str) -> None:
    """Each is taken before the next one comes: none is found by the look for another one."""
    for key in keys:
        assert (await there.receive(CHAT, key)).handed_over
        await until(lambda awaited=key: here.partner.keys()[-1:] == [awaited], seconds=30)


def told(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == hinting.__name__ and one.levelno == level]


# -- they come --------------------------------------------------------------------------------------------------------


async def test_a_hint_wakes_the_process_that_has_the_chat(
    way: tuple[Place, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, options = way
    async with two(database, **options) as (here, there):
        await come(here, there)
        await looks_no_more(here, monkeypatch)
        await hand(here, there, "1", "2", "3", "4", "5")
        assert here.partner.keys() == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_without_hints_nobody_is_woken(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above: what is handed over there would stay where it is."""
    for name in ("_LOOK", "_LOOK_RARE"):
        monkeypatch.setattr(sharing, name, 10_000.0)
    async with place(kind, tmp_path) as database, two(database, hints="none") as (here, there):
        assert (await there.receive(CHAT, "1")).handed_over
        await asyncio.sleep(1.0)
        assert here.partner.taken == []
        await here.receive("feishu:a/group/two", "2")
        assert here.partner.keys() == ["1"], "it was there, and is taken by the way"


async def test_a_process_that_goes_on_under_another_number_hears_hints_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hinting, "_CHECK", 0.1)
    async with place("postgresql", tmp_path) as database, two(database) as (here, there):
        await come(here, there)
        before = here.storage._nodes.id
        await here.storage._nodes.rejoin(before)
        assert not hints_of(here).works, "those for the old number are not its own"
        await come(here)
        assert (await here.receive("feishu:a/group/two", "0")).fence == here.storage._nodes.id != before
        await looks_no_more(here, monkeypatch)
        assert (await there.receive("feishu:a/group/two", "1")).handed_over
        await until(lambda: here.partner.keys() == ["1"])


async def test_a_chat_that_moved_meanwhile_is_hinted_at_when_what_was_left_is_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place("postgresql", tmp_path) as database, two(database) as (here, there):
        await come(here, there)
        dead = await here.receive(CHAT, "dead")
        assert await here.storage.give_up(dead, "it is tried")
        await looks_no_more(here, monkeypatch)
        assert await there.storage.retry("inbox", dead.uid) == [dead.uid]
        assert await there.take_over() == []
        await until(lambda: here.partner.keys() == ["dead"])


async def test_installations_on_one_broker_do_not_hear_each_other(tmp_path: Path) -> None:
    url = redis_url()
    async with (
        place("mariadb", tmp_path) as first,
        place("mariadb", tmp_path) as second,
        two(first, hints=url) as (here, there),
        two(second, hints=url) as (other, another),
    ):
        await come(here, there, other, another)
        for process in (other, another):
            hints_of(process)._heard.clear()
            hints_of(process)._echo.clear()
        await hand(here, there, "1", "2")
        assert not hints_of(other)._echo.is_set()
        assert not hints_of(another)._echo.is_set()


async def test_many_hints_are_few_looks_and_no_transactions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = redis_url()
    async with place("mariadb", tmp_path) as database, two(database, hints=url) as (here, there):
        await come(here, there)
        await looks_no_more(here, monkeypatch)
        looks = 0
        shares = here.storage._shares
        assert shares is not None
        waits = shares.waits

        async def counted() -> bool:
            nonlocal looks
            looks += 1
            return await waits()

        monkeypatch.setattr(shares, "waits", counted)
        before = here.storage.transactions
        async with Redis.from_url(url) as client:
            for _ in range(20):
                async with client.pipeline(transaction=False) as pipeline:
                    for _ in range(100):
                        pipeline.publish(f"imbridge_{here.storage._nodes.id}", b"")
                    assert sum(await pipeline.execute()) == 100, "it hears them"
        await until(lambda: looks > 0)
        assert looks < 500
        assert here.storage.transactions == before
        await hand(here, there, "1", "2")


async def test_what_is_handed_over_at_once_is_taken_in_order_and_in_few_transactions(tmp_path: Path) -> None:
    async with place("postgresql", tmp_path) as database, two(database) as (here, there):
        await come(here, there)
        before = here.storage.transactions
        keys = [str(number) for number in range(300)]
        await asyncio.gather(*(there.receive(CHAT, key) for key in keys))
        await until(lambda: len(here.partner.taken) == len(keys), seconds=30)
        assert here.partner.keys() == keys
        assert here.storage.transactions - before < 100


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
        (BrokenHints, "ValueError in test_storage_hints.py:"),
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
