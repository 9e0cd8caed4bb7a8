"""A SQLite file in a thread of its own, where many statements are one step."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import exc

_STATEMENTS = 512
"""Kept ready: there is one for each number of rows; with Python's own 128, most rows had one compiled anew."""
ResultT = TypeVar("ResultT")
P = ParamSpec("P")


class FileThread:
    """One connection, and the thread that uses it."""

    def __init__(self, path: str, *, timeout: float, set_up: Callable[[Any], None]) -> None:
        """Nothing is connected yet.

        Args:
            path: Of the file.
            timeout: Seconds to wait for another process that writes.
            set_up: Prepares a new connection.
        """
        self._path = path
        self._timeout = timeout
        self._set_up = set_up
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imbridge-storage")
        self._connection: sqlite3.Connection | None = None

    @property
    def is_connected(self) -> bool:
        """Whether it was needed yet."""
        return self._connection is not None

    async def run(
        self, step: "Callable[Concatenate[sqlite3.Connection, P], ResultT]", *args: P.args, **kwargs: P.kwargs
    ) -> ResultT:
        """Have something done with the connection.

        Raises:
            DBAPIError: SQLite refuses it, as SQLAlchemy has it.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._run(step, *args, **kwargs))

    async def close(self) -> None:
        """Let go, when what was begun is done."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown(wait=False)

    def _run(
        self, step: "Callable[Concatenate[sqlite3.Connection, P], ResultT]", *args: P.args, **kwargs: P.kwargs
    ) -> ResultT:
        try:
            if self._connection is None:
                there = f"{Path(self._path).absolute().as_uri()}?mode=rw"  # a file that was taken away is not made anew
                self._connection = sqlite3.connect(
                    there,
                    uri=True,
                    timeout=self._timeout,
                    isolation_level=None,
                    check_same_thread=False,
                    cached_statements=_STATEMENTS,
                )
                self._set_up(self._connection)
            return step(self._connection, *args, **kwargs)
        except sqlite3.Error as error:
            raise exc.DBAPIError.instance("a step", None, error, sqlite3.Error, hide_parameters=True) from error

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
