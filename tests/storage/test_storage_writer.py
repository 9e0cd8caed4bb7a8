"""The writer itself, over commits that fail as a test wants it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from imbridge.storage.core.work import FinishInbound, Unit
from imbridge.storage.core.writer import Writer
from imbridge.storage.errors import StorageError


class Database:
    """Takes everything, or nothing."""

    def __init__(self) -> None:
        self.away = False
        self.breaks: BaseException | None = None
        self.written: list[int] = []

    async def commit(self, units: Sequence[Unit]) -> list[Any]:
        await asyncio.sleep(0)
        if self.breaks is not None:
            raise self.breaks
        if self.away:
            return [StorageError("away", passing=True) for _ in units]
        self.written += [_number(unit) for unit in units]
        return [None] * len(units)


def _unit(number: int) -> Unit:
    return Unit((FinishInbound(number),))


def _number(unit: Unit) -> int:
    (piece,) = unit.pieces
    assert isinstance(piece, FinishInbound)
    return piece.uid


async def owing(database: Database, count: int) -> Writer:
    """A writer that could not write so much of what nobody waits for."""
    writer = Writer(database.commit, max_units=10)
    writer.start()
    database.away = True
    for number in range(count):
        writer.tell(_unit(number))
    with pytest.raises(StorageError):
        await writer.ask(_unit(-1))
    return writer


async def test_what_is_owed_is_written_at_once_when_the_database_is_back() -> None:
    database = Database()
    writer = await owing(database, 95)
    database.away = False
    await writer.ask(_unit(100))  # brings the first ten with it, and wakes those behind them
    while len(database.written) < 96:
        begun = writer.transactions
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert writer.transactions > begun, "the writer sleeps, and owes"
    assert [number for number in database.written if number != 100] == list(range(95))
    await writer.close()


async def test_closing_writes_all_that_is_owed(caplog: pytest.LogCaptureFixture) -> None:
    database = Database()
    writer = await owing(database, 95)
    database.away = False
    await writer.close()
    assert database.written == list(range(95))
    assert "not written" not in caplog.text


async def test_closing_while_the_database_is_away_ends(caplog: pytest.LogCaptureFixture) -> None:
    database = Database()
    writer = await owing(database, 95)
    await writer.close()
    assert "closed with 95 things not written" in caplog.text


async def test_who_waits_for_a_writer_that_breaks_is_told() -> None:
    database = Database()
    writer = Writer(database.commit, max_units=2)
    writer.start()
    database.breaks = LookupError("a bug")
    asked = [writer.ask(_unit(number)) for number in range(5)]
    outcome = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 5)
    assert all(isinstance(error, StorageError) for error in outcome)
    with pytest.raises(StorageError, match="not open"):
        await writer.ask(_unit(6))
    with pytest.raises(LookupError, match="a bug"):
        await writer.close()
