"""What an account has uploaded, in a storage that survives: known to every process that shares it."""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from imbridge.adapters.kept_uploads import KeptUploads, NotedUploads, Upload
from imbridge.adapters.notes import Notes
from imbridge.storage.base import BaseStorage
from imbridge.storage.durable import DurableStorage
from imbridge.storage.errors import StorageError

ResultT = TypeVar("ResultT")

_LONGEST = 365 * 86_400.0
"""Seconds for which an upload is kept that the platform never forgets."""
_PATIENCE = 2.0
"""Seconds that the storage may take: an upload is dear, but a person waits for what is sent."""


class StoredUploads(KeptUploads):
    """One account's view of a storage's media cache."""

    def __init__(self, storage: DurableStorage, account: str) -> None:
        """`account` is its key (`feishu:work`); the storage may make its media cache when it is opened."""
        self._storage = storage
        self._account = account

    async def known(self) -> dict[str, Upload]:  # noqa: D102 - inherited
        return {}

    async def find(self, name: str) -> Upload | None:  # noqa: D102 - inherited
        kind, _, content = name.rpartition("|")
        note = await _soon(self._storage.media.get(self._account, kind, content))
        try:
            return None if note is None else Upload.read(note)
        except (TypeError, KeyError):
            return None  # of another version: it is uploaded anew

    async def put(self, name: str, upload: Upload) -> None:  # noqa: D102 - inherited
        kind, _, content = name.rpartition("|")
        seconds = _LONGEST if upload.until is None else upload.until - time.time()
        await _soon(self._storage.media.put(self._account, kind, content, upload.note(), seconds=seconds))

    def drop(self, name: str) -> None:
        """It is left to its end there: what another process uses must not go because there is no room in this one."""


async def _soon(work: Awaitable[ResultT]) -> ResultT:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await work
    except TimeoutError:
        raise StorageError(f"no answer within {_PATIENCE:g} s", passing=True) from None


def uploads_of(storage: BaseStorage, account: str, notes: Notes) -> KeptUploads:
    """Where an account's uploads are: in the storage, if it survives; else among its notes."""
    return StoredUploads(storage, account) if isinstance(storage, DurableStorage) else NotedUploads(notes)
