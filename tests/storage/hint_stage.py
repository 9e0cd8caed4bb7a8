"""Two processes on one database that hand things over to each other, with hints or without."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from databases import Place
from processes import Process, until

from imbridge.storage.core import hinting, sharing
from imbridge.storage.core.hinting import Hinting
from imbridge.transport.reconnect import ReconnectPolicy

CHAT = "feishu:a/group/one"


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
