"""The credentials of one account, in a storage that survives."""

from typing import Any

from imbridge.adapters.kept_tokens import KeptTokens, MemoryTokens
from imbridge.storage.base import BaseStorage
from imbridge.storage.durable import DurableStorage


class AccountTokens(KeptTokens):
    """One account's view of a storage's tokens."""

    def __init__(self, storage: DurableStorage, account: str) -> None:
        """`account` is its key (`feishu:work`); the storage may make its tokens when it is opened."""
        self._storage = storage
        self._account = account

    async def put(  # noqa: D102 - inherited
        self, kind: str, name: str, value: Any, *, expires_at: float | None = None
    ) -> None:
        await self._storage.tokens.put(self._account, kind, name, value, expires_at=expires_at)

    async def get(self, kind: str, name: str) -> Any:  # noqa: D102 - inherited
        return await self._storage.tokens.get(self._account, kind, name)

    async def drop(self, kind: str, name: str) -> None:  # noqa: D102 - inherited
        await self._storage.tokens.drop(self._account, kind, name)


def tokens_of(storage: BaseStorage, account: str) -> KeptTokens:
    """Where an account's credentials are: in the storage, if it survives."""
    return AccountTokens(storage, account) if isinstance(storage, DurableStorage) else MemoryTokens()
