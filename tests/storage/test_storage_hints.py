"""Hints wake the process that something was handed to. Nothing depends on them but the time that it waits."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from databases import Place, place
from hint_stage import CHAT, come, hand, hints_of, looks_no_more, two
from processes import until
from redis.asyncio import Redis
from redis_server import redis_url

from imbridge.storage.core import hinting, sharing

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
