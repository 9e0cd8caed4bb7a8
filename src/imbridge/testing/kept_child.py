"""Notes, tokens and media of a storage that runs in a process of its own."""

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from imbridge.adapters.notes import Notes
from imbridge.storage import BaseNotebook, BaseStorage, MediaCache, Tokens

if TYPE_CHECKING:
    import asyncio

Call = Callable[..., "asyncio.Future[Any]"]
_OF_ACCOUNT = "notebook.of:"


def called(storage: BaseStorage, method: str) -> Callable[..., Any]:
    """In the child: what a call of the parent names.

    Raises:
        LookupError: it is about notes, and the storage keeps none.
    """
    if not method.startswith("notebook."):
        found: Callable[..., Any] = attrgetter(method)(storage)
        return found
    notebook = storage.notebook()
    if notebook is None:
        raise LookupError(f"{type(storage).__name__} keeps no notes: its notebook() is None")
    if not method.startswith(_OF_ACCOUNT):
        return getattr(notebook, method.partition(".")[2])  # type: ignore[no-any-return]  # by its name

    def of_account(account: str, *arguments: Any, **keywords: Any) -> Any:
        return getattr(notebook.of(account), method.removeprefix(_OF_ACCOUNT))(*arguments, **keywords)

    return of_account


class NotebookInChild(BaseNotebook):
    """Forwards every call."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def open(self) -> None:
        await self._call("notebook.open")

    async def close(self) -> None:
        await self._call("notebook.close")

    def of(self, account: str) -> Notes:
        return _NotesInChild(self._call, account)

    async def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:
        notes: dict[str, dict[str, Any]] = await self._call("notebook.of_kind", kind)
        return notes


class _NotesInChild(Notes):
    def __init__(self, call: Call, account: str) -> None:
        self._call = call
        self._account = account

    async def all(self, kind: str) -> dict[str, Any]:
        notes: dict[str, Any] = await self._call(_OF_ACCOUNT + "all", self._account, kind)
        return notes

    async def reread(self, kind: str) -> dict[str, Any]:
        notes: dict[str, Any] = await self._call(_OF_ACCOUNT + "reread", self._account, kind)
        return notes

    async def left(self, kind: str) -> dict[str, Any]:
        notes: dict[str, Any] = await self._call(_OF_ACCOUNT + "left", self._account, kind)
        return notes

    def put(self, kind: str, name: str, value: Any, *, until: float | None = None) -> None:
        self._tell("put", kind, name, value, until=until)

    def drop(self, kind: str, name: str) -> None:
        self._tell("drop", kind, name)

    async def flush(self) -> None:
        await self._call(_OF_ACCOUNT + "flush", self._account)

    def _tell(self, method: str, *arguments: Any, **keywords: Any) -> None:
        self._call(_OF_ACCOUNT + method, self._account, *arguments, **keywords).add_done_callback(
            lambda future: future.exception()
        )


class TokensInChild(Tokens):
    """Forwards every call."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def put(self, account: str, kind: str, name: str, value: Any, *, expires_at: float | None = None) -> None:
        await self._call("tokens.put", account, kind, name, value, expires_at=expires_at)

    async def get(self, account: str, kind: str, name: str) -> Any:
        return await self._call("tokens.get", account, kind, name)

    async def drop(self, account: str, kind: str, name: str) -> None:
        await self._call("tokens.drop", account, kind, name)

    async def names(self, account: str, kind: str) -> list[str]:
        names: list[str] = await self._call("tokens.names", account, kind)
        return names

    async def rotate(self) -> int:
        count: int = await self._call("tokens.rotate")
        return count


class MediaInChild(MediaCache):
    """Forwards every call."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def put(self, account: str, kind: str, content: str, value: Any, *, seconds: float) -> None:
        await self._call("media.put", account, kind, content, value, seconds=seconds)

    async def get(self, account: str, kind: str, content: str) -> Any:
        return await self._call("media.get", account, kind, content)

    async def drop(self, account: str, kind: str, content: str) -> None:
        await self._call("media.drop", account, kind, content)
