"""The contract, met by each database, whose process is killed."""

from collections.abc import AsyncIterator

import pytest
from databases import Place

from imbridge.storage import BaseStorage
from imbridge.testing.storage import DeadLetterContract
from imbridge.testing.storage_child import Nursery, StorageInChild
from imbridge.testing.storage_kept import MediaContract, NotesContract, TokensContract


class TestSqlStorage(DeadLetterContract, NotesContract, TokensContract, MediaContract):
    @pytest.fixture
    async def storage(self, database: Place, nursery: Nursery) -> AsyncIterator[BaseStorage]:
        self.opened: list[StorageInChild] = []
        self.database, self.nursery = database, nursery
        yield await self._open()
        for storage in self.opened:
            await storage.close()

    async def _open(self) -> StorageInChild:
        self.opened.append(self.database.in_child(self.nursery))
        await self.opened[-1].open()
        return self.opened[-1]

    async def reopen(self, storage: BaseStorage) -> BaseStorage:
        assert isinstance(storage, StorageInChild)
        await storage.kill()
        return await self._open()
