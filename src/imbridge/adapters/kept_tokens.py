"""Credentials that an account is given while it runs, as by people who let it act for them."""

from abc import ABC, abstractmethod
from typing import Any


class KeptTokens(ABC):
    """One account's credentials: JSON values by kind and name. They are in no log, error or repr."""

    @abstractmethod
    async def put(self, kind: str, name: str, value: Any, *, expires_at: float | None = None) -> None:
        """Keep a value, in the place of the one of that name; done when it is kept.

        Args:
            kind: What sort of value it is: `user_token`.
            name: Whose.
            value: Any JSON value.
            expires_at: From when on nobody needs it (seconds since 1970).

        Raises:
            ImbridgeError: it could not be kept.
        """

    @abstractmethod
    async def get(self, kind: str, name: str) -> Any:
        """The value, also one that another process has put; None when there is none.

        Raises:
            ImbridgeError: it could not be read.
        """

    @abstractmethod
    async def drop(self, kind: str, name: str) -> None:
        """Forget it.

        Raises:
            ImbridgeError: it could not be dropped.
        """


class MemoryTokens(KeptTokens):
    """Credentials that end with the process."""

    def __init__(self) -> None:
        """None yet."""
        self._values: dict[tuple[str, str], Any] = {}

    async def put(  # noqa: D102 - inherited
        self, kind: str, name: str, value: Any, *, expires_at: float | None = None
    ) -> None:
        self._values[kind, name] = value

    async def get(self, kind: str, name: str) -> Any:  # noqa: D102 - inherited
        return self._values.get((kind, name))

    async def drop(self, kind: str, name: str) -> None:  # noqa: D102 - inherited
        self._values.pop((kind, name), None)
