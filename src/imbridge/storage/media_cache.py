"""Which content a platform has already, so that it is uploaded once."""

from abc import ABC, abstractmethod
from typing import Any


class MediaCache(ABC):
    """What a platform gave for an upload, by account, kind and content, while the platform keeps it."""

    @abstractmethod
    async def put(self, account: str, kind: str, content: str, value: Any, *, seconds: float) -> None:
        """Keep the platform's key.

        Args:
            account: `platform:account`.
            kind: What it was uploaded as: `image`.
            content: A hash of the bytes.
            value: What the platform gave; any JSON value.
            seconds: For how long the platform keeps it.
        """

    @abstractmethod
    async def get(self, account: str, kind: str, content: str) -> Any:
        """The platform's key; None when there is none or the platform has forgotten it."""

    @abstractmethod
    async def drop(self, account: str, kind: str, content: str) -> None:
        """The platform does not know it any more."""
