"""Credentials that a bridge gets while it runs, and needs again after a restart."""

from abc import ABC, abstractmethod
from typing import Any


class Tokens(ABC):
    """Values by account, kind and name; encrypted where a key is configured. Values are in no log, error or repr."""

    @property
    def encrypted(self) -> bool:
        """Whether a key is configured, so that values cannot be read by whoever reads the storage."""
        return False

    @abstractmethod
    async def put(self, account: str, kind: str, name: str, value: Any, *, expires_at: float | None = None) -> None:
        """Keep a JSON value; done when it is kept.

        Args:
            account: `platform:account`.
            kind: What sort of value it is: `user_token`.
            name: Whose, or which one.
            value: Any JSON value.
            expires_at: When it counts no more (seconds since 1970).
        """

    @abstractmethod
    async def get(self, account: str, kind: str, name: str) -> Any:
        """The value; None when there is none or it has expired.

        Raises:
            StorageError: it is encrypted with a key that is not configured, or was tampered with.
        """

    @abstractmethod
    async def drop(self, account: str, kind: str, name: str) -> None:
        """Forget it."""

    @abstractmethod
    async def names(self, account: str, kind: str) -> list[str]:
        """The names of all that have not expired."""

    @abstractmethod
    async def rotate(self) -> int:
        """Encrypt everything with the first key, the notes of accounts too; how many values that changed.

        Older keys are not needed afterwards.
        """
