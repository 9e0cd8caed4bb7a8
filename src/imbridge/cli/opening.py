"""The storage that the settings name, opened to look. Importing this file loads the storage."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from imbridge.cli.options import settings_file
from imbridge.config.load import load_storage
from imbridge.protocol import ConfigError
from imbridge.storage import DurableStorage
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
