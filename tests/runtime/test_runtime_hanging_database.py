"""A database that hangs, under a bridge: platforms are told to come again, nothing gathers, all arrives once."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from databases import place
from runtime_world import account, counts, settings, skill, until
from wire import wired

from imbridge import Bridge, BridgeOptions
from imbridge.emulators.feishu import FeishuEmulator
from imbridge.runtime.intake import storing
from imbridge.storage import Box, EntryState
from imbridge.storage.core.storage import DatabaseStorage

SAID = 20
PENDING = EntryState.PENDING


@asynccontextmanager
async def hanging(
    kind: str, folder: Path
) -> AsyncIterator[tuple[DatabaseStorage, Callable[[], None], Callable[[], None]]]:
    """A storage, and what makes its database hang and go on."""
    async with place(kind, folder) as database:
        if kind == "sqlite":
            other = sqlite3.connect(folder / "imbridge.db", isolation_level=None, check_same_thread=False)
            yield database.storage(), lambda: other.execute("BEGIN IMMEDIATE"), lambda: other.execute("ROLLBACK")
            other.close()
            return
        async with wired(database) as (wire, over):
            yield over.storage(), wire.passes.clear, wire.passes.set


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb", "mongodb"])
async def test_a_database_that_hangs(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "STALLED_AFTER", 0.2)
    heard: Counter[str] = Counter()

    async def answer(msg: Any) -> str:
        heard[msg.text] += 1
        return f"did {msg.text}"

    options = BridgeOptions(max_waiting=8)
    async with (
        FeishuEmulator(settings=settings(redelivery=(0.1,) * 200)) as feishu,
        hanging(kind, tmp_path) as (storage, hang, go_on),
    ):
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        bridge = Bridge([account(feishu, app)], skills=[skill(answer)], storage=storage, options=options)
        async with bridge:
            await alice.says("before")
            await alice.receives("did before")
            while await storage.count(Box.INBOX, PENDING) or await storage.count(Box.OUTBOX, PENDING):
                await asyncio.sleep(0.01)  # what is said of it is written, too
            hang()
            for number in range(SAID):
                await alice.says(f"{number}")
            await until(lambda: feishu.stats.acks_failed >= SAID, what="the platform is told")
            assert 0 < counts(bridge)["storing"] <= options.max_waiting
            given = counts(bridge)["storing"]
            await asyncio.sleep(0.4)  # it comes again meanwhile
            assert counts(bridge)["storing"] == given
            assert storage._writer.waiting <= given
            go_on()
            await until(lambda: len(feishu.messages) == SAID + 1, timeout=30)
            await until(lambda: feishu.unacknowledged_events(app) == 0)
            assert heard == Counter(["before", *map(str, range(SAID))])
            assert counts(bridge)["storing"] == counts(bridge)["waiting"] == 0
            assert feishu.violations == []
