"""Where the notes of a bridge's accounts are: with the messages, unless they have a file of their own."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from runtime_world import account

from imbridge import Bridge, BridgeOptions
from imbridge.adapters.notes import Notes
from imbridge.emulators.feishu import App, FeishuEmulator
from imbridge.storage import BaseStorage, MemoryStorage, SqlStorage


@pytest.fixture
def app(feishu: FeishuEmulator) -> App:
    return feishu.add_app()


def notes_of(bridge: Bridge) -> Notes:
    return bridge.adapter("feishu:work").context.notes


async def write(feishu: FeishuEmulator, app: App, storage: BaseStorage, **options: Any) -> None:
    bridge = Bridge([account(feishu, app)], storage=storage, options=BridgeOptions(**options))
    async with bridge:
        notes_of(bridge).put("test", "a", {"n": 1})


async def read(feishu: FeishuEmulator, app: App, storage: BaseStorage, **options: Any) -> dict[str, Any]:
    bridge = Bridge([account(feishu, app)], storage=storage, options=BridgeOptions(**options))
    async with bridge:
        return await notes_of(bridge).all("test")


async def test_a_durable_storage_has_them_too(feishu: FeishuEmulator, app: App, tmp_path: Path) -> None:
    await write(feishu, app, SqlStorage(tmp_path / "bot.db"))
    assert await read(feishu, app, SqlStorage(tmp_path / "bot.db")) == {"a": {"n": 1}}


async def test_a_file_of_their_own_wins(feishu: FeishuEmulator, app: App, tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    await write(feishu, app, SqlStorage(tmp_path / "bot.db"), state=state)
    assert await read(feishu, app, SqlStorage(tmp_path / "bot.db")) == {}
    assert await read(feishu, app, MemoryStorage(), state=state) == {"a": {"n": 1}}


async def test_with_neither_they_end_with_the_bridge(feishu: FeishuEmulator, app: App) -> None:
    storage = MemoryStorage()
    await write(feishu, app, storage)
    assert await read(feishu, app, storage) == {}


@pytest.mark.parametrize("known", [False, True])
async def test_asking_who_we_are_opens_no_storage(
    feishu: FeishuEmulator, app: App, tmp_path: Path, known: bool
) -> None:
    where = tmp_path / "bot.db"
    if known:
        await write(feishu, app, SqlStorage(where))
    bridge = Bridge([account(feishu, app)], storage=SqlStorage(where))
    notes_of(bridge).put("test", "b", 2)
    assert (await bridge.probe())["feishu:work"].ok
    assert where.exists() == known
    if known:
        with closing(sqlite3.connect(where)) as connection:
            assert connection.execute("SELECT name FROM imbridge_notes WHERE kind = 'test'").fetchall() == [("a",)]
