"""The storage and the notes that the settings name, opened to look. Importing this file loads the storage."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from imbridge.cli.options import settings_file
from imbridge.config.load import load_state, load_storage
from imbridge.protocol import ConfigError
from imbridge.storage import BaseNotebook, DurableStorage, SqliteNotebook
from imbridge.storage.making import make_storage


@asynccontextmanager
async def looking(file: Path | None) -> AsyncIterator[DurableStorage]:
    """Open it, whether a bot runs or not.

    Raises:
        ConfigError: nothing is kept, nothing is there yet, or it cannot be used.
    """
    path = settings_file(file)
    storage = make_storage(load_storage(path, environ=os.environ))
    if not isinstance(storage, DurableStorage):
        raise ConfigError(
            f"storage: {path or 'the environment'} keeps messages in memory (durability: memory, or storage: memory), "
            "where nobody else can look; see docs/storage.md",
            key="storage",
        )
    await storage.look()
    try:
        yield storage
    finally:
        await storage.close()


@asynccontextmanager
async def looking_at_notes(file: Path | None) -> AsyncIterator[BaseNotebook]:
    """Open the notes of accounts: those of the storage, or in the file that the option `state` names.

    Raises:
        ConfigError: nothing is kept, nothing is there yet, or it cannot be used.
    """
    state = load_state(settings_file(file), environ=os.environ)
    if state is not None:
        async with _opened(_file_of_notes(state)) as notebook:
            yield notebook
        return
    async with looking(file) as storage:
        if (of_storage := storage.notebook()) is None:
            raise ConfigError(f"storage: {storage.where} keeps no notes of accounts", key="storage")
        async with _opened(of_storage) as notebook:
            yield notebook


@asynccontextmanager
async def _opened(notebook: BaseNotebook) -> AsyncIterator[BaseNotebook]:
    await notebook.open()
    try:
        yield notebook
    finally:
        await notebook.close()


def _file_of_notes(path: Path) -> SqliteNotebook:
    if not path.exists():
        raise ConfigError(f"state: {path} does not exist; it is made when the bot runs", key="state")
    return SqliteNotebook(path)
