"""The contract, met by the back end in memory and by the double that the runtime's tests use."""

import pytest
from storage_double import GroupCommitStorage

from imbridge.storage import BaseStorage, MemoryStorage
from imbridge.testing.storage import DurableStorageContract, StorageContract


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    async def storage(self):
        storage = MemoryStorage()
        await storage.open()
        yield storage
        await storage.close()


class TestGroupCommitStorage(DurableStorageContract):
    @pytest.fixture
    async def storage(self):
        self.opened = [GroupCommitStorage(every=0)]
        await self.opened[0].open()
        yield self.opened[0]
        for storage in self.opened:
            await storage.close()

    async def reopen(self, storage: BaseStorage) -> BaseStorage:
        assert isinstance(storage, GroupCommitStorage)
        storage.crash()
        self.opened.append(GroupCommitStorage(storage.disk, every=0))
        await self.opened[-1].open()
        return self.opened[-1]
