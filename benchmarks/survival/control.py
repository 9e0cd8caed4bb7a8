"""What the harness changes in a running child: the room on its disk, and its clock.

The parent writes the file and sends SIGUSR1; the child reads it then, and when it starts.
"""

import json
import os
import signal
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self

_NAME = "control.json"


def tell(pid: int, folder: Path, *, full: bool = False, clock: float = 0.0) -> None:
    """Change it: `full` lets SQLite's file grow no more, `clock` is how many seconds the clock is ahead."""
    prepare(folder, full=full, clock=clock)
    os.kill(pid, signal.SIGUSR1)


def prepare(folder: Path, *, full: bool = False, clock: float = 0.0) -> None:
    """The same for children that are born later."""
    (folder / _NAME).write_text(json.dumps({"full": full, "clock": clock}))


class Control:
    """The child's side; nothing is changed where nobody has written the file before it starts."""

    def __init__(self, folder: Path, move: Callable[[float], None], julian_day: Callable[[str], float]) -> None:
        """`move` puts the clock, `julian_day` is what it says to SQLite."""
        self._file = folder / _NAME
        self._full = False
        self._move = move
        self._julian_day = julian_day

    def install(self) -> None:
        """Be there from now on."""
        if not self._file.exists():
            return
        self._read()
        signal.signal(signal.SIGUSR1, lambda *_: self._read())
        self._watch_sqlite()

    def _read(self) -> None:
        told: dict[str, Any] = json.loads(self._file.read_text())
        self._full = told["full"]
        self._move(told["clock"])

    def _watch_sqlite(self) -> None:
        """Every transaction begins with a bound: SQLite takes the pages that are there, and refuses the next one."""
        control, connect = self, sqlite3.connect

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, parameters: Any = ()) -> Self:
                if sql.startswith("BEGIN"):
                    super().execute(f"PRAGMA max_page_count = {1 if control._full else 1 << 30}")
                return super().execute(sql, parameters)

        class Connection(sqlite3.Connection):
            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, **named)
                self.create_function("julianday", 1, control._julian_day)

            def cursor(self, factory: Any = Cursor) -> Any:
                return super().cursor(factory)

        setattr(sqlite3, "connect", partial(connect, factory=Connection))  # noqa: B010 - an assignment has another type
