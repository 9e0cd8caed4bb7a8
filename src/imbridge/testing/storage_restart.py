"""What the tests of a storage that survives need of whoever runs them."""

from abc import ABC, abstractmethod

from imbridge.storage import BaseStorage


class RestartContract(ABC):
    """Of a storage that survives. It holds no tests itself."""

    @abstractmethod
    async def reopen(self, storage: BaseStorage) -> BaseStorage:
        """End the storage as `kill -9` would (`StorageInChild.kill`), and open it anew."""
