"""Reading sessions: those that are asked for in one turn of the event loop are one query."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic

from imbridge.storage import json_values
from imbridge.storage.core.database import DatabaseT
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.portions import AT_ONCE
from imbridge.storage.core.work import SaveSession, Statements
from imbridge.storage.errors import StorageError

State = dict[str, dict[str, Any]]
Tell = Callable[[Statements], None]
"""Has statements carried out by the writer; nobody waits for them."""


class SessionReader(ABC, Generic[DatabaseT]):
    """Reads conversations' states. One that is read is in use, and is kept for longer."""

    def __init__(self, database: DatabaseT, tell: Tell, *, noted_every: float | None) -> None:
        """Nothing is read yet; `noted_every` is `Retention.use_noted_every`."""
        self._database = database
        self._tell = tell
        self._noted_every = noted_every
        self._wanted: dict[str, list[asyncio.Future[State]]] = {}
        self._task: asyncio.Task[None] | None = None

    def load(self, lane: str) -> "asyncio.Future[State]":
        """A conversation's state; empty when it has none."""
        future: asyncio.Future[State] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(session_id(lane), []).append(future)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read(), name="storage:sessions")
        return future

    async def close(self) -> None:
        """Wait for what is being read."""
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def _read(self) -> None:
        while self._wanted:
            ids = list(self._wanted)[:AT_ONCE]
            waiting = {one: self._wanted.pop(one) for one in ids}
            try:
                found = await self._found(ids)
            except (StorageError, RuntimeError) as error:
                passing = isinstance(error, StorageError) and error.passing
                for future in (future for futures in waiting.values() for future in futures if not future.done()):
                    future.set_exception(StorageError(f"a session is not known: {error}", passing=passing))
                continue
            for one, futures in waiting.items():
                for future in (future for future in futures if not future.done()):
                    try:  # each its own: a skill changes what it gets
                        future.set_result(json_values.read(found[one][0]) if one in found else {})
                    except ValueError as error:
                        future.set_exception(StorageError(f"a session cannot be read: {error}"))
            now = time.time()
            if aged := [one for one, (_, used_at) in found.items() if has_aged(used_at, now, self._noted_every)]:
                self._tell(partial(self._note_use, ids=aged))

    @abstractmethod
    async def _found(self, ids: Sequence[str]) -> Mapping[str, tuple[str, float]]:
        """States as JSON, and when their use was noted last, by the ids of their rows.

        Raises:
            StorageError: they could not be read.
        """

    @abstractmethod
    async def _note_use(self, connection: Any, ids: Sequence[str]) -> None:
        """Note that these are in use now."""


def has_aged(used_at: float, now: float, noted_every: float | None) -> bool:
    """Whether it is to be noted again that a session is in use."""
    return noted_every is not None and used_at < now - noted_every


def session_id(lane: str) -> str:
    """The id of a conversation's row."""
    return digest("session", lane)


def session_saved(lane: str, state: State) -> SaveSession:
    """The piece of work that keeps a state.

    Raises:
        StorageError: it holds something that is no JSON value.
    """
    try:
        text = json_values.written(state).decode()
    except ValueError as error:
        raise StorageError(f"{lane}: the session holds something that is no JSON value: {error}") from error
    one = session_id(lane)
    return SaveSession(one, {"id": one, "lane": plain(lane, 512), "state": text})
