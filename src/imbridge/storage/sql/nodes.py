"""Which processes share this storage, and which of them are gone."""

import asyncio
import logging
import os
import socket
from pathlib import Path

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.sql import tables
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now, in_words
from imbridge.storage.sql.ids import new_uid, plain

log = logging.getLogger(__name__)

_table = tables.nodes


class Nodes:
    """This process among the others: it says that it lives, and finds those that do not.

    A process is gone when its lease has ended, or when it ran on this machine and does not any more: so a process that
    is started again after a kill need not wait.
    """

    def __init__(self, database: Database, *, lease: float) -> None:
        """`lease`: seconds without a sign of life after which a process counts as gone."""
        self.id = new_uid()
        self.lease = lease
        self._database = database
        self._beating: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Say that we are there, and go on saying it."""
        async with self._database.changing() as connection:
            await self._enter(connection)
        self._beating = asyncio.create_task(self._beat(), name="storage:nodes")

    async def _enter(self, connection: AsyncConnection) -> None:
        host, process = identity()
        until = db_now() + self.lease
        await connection.execute(insert(_table).values(id=self.id, host=host, process=process, commits=0, until=until))

    async def leave(self) -> None:
        """What is ours and not done is free for others at once."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait((self._beating,))
            self._beating = None
        try:
            async with self._database.changing() as connection:
                await connection.execute(delete(_table).where(_table.c.id == self.id))
        except (SQLAlchemyError, OSError) as error:
            log.warning("could not say goodbye to the database (%s): others wait until the lease ends", in_words(error))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.lease / 3)
            try:
                async with self._database.changing() as connection:
                    done = await connection.execute(
                        update(_table).where(_table.c.id == self.id).values(until=db_now() + self.lease)
                    )
                    if not done.rowcount:  # we were silent for so long that somebody has cleaned up
                        await self._enter(connection)
            except (SQLAlchemyError, OSError) as error:
                log.warning("no sign of life could be given to the database (%s)", in_words(error))

    async def alive(self, connection: AsyncConnection, *, lock: bool = False) -> dict[int, float | None]:
        """The processes that live, ourselves among them, as far as can be told.

        Args:
            connection: Any.
            lock: Keep others from asking the same until the transaction ends: who takes over does so alone.

        Returns:
            Until when each one's lease runs; None for those that certainly live.
        """
        host, _ = identity()
        lives = (_table.c.until > db_now()).label("lives")
        query = select(_table.c.id, _table.c.host, _table.c.process, _table.c.until, lives).order_by(_table.c.id)
        rows = await connection.execute(query.with_for_update() if lock else query)
        found: dict[int, float | None] = {self.id: None}
        for row in rows:
            here = bool(host) and row.host == host
            if row.id != self.id and row.lives and (not here or _runs(row.process)):
                found[row.id] = None if here else row.until
        return found


def identity() -> tuple[str, str]:
    """This machine (or container) since it was started, and this process in it; empty where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = Path("/proc/self/ns/pid").readlink()
        return plain(f"{socket.gethostname()} {boot} {namespace}", 255), f"{os.getpid()} {_started(os.getpid())}"
    except (OSError, ValueError, IndexError):
        return "", ""


def _started(pid: int) -> str:
    """When a process was started, in ticks since the machine was.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def _runs(process: str) -> bool:
    pid, _, started = process.partition(" ")
    try:
        state = Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    except ValueError:
        return True  # not ours to judge
    return state[19] == started and state[0] not in {"Z", "X"}
