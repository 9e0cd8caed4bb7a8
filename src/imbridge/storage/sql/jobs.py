"""Jobs in a table."""

import secrets
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage import json_values
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.work import RunStatements
from imbridge.storage.jobs import Job, Jobs
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.tables import jobs as table

_FENCES = 2**40


class SqlJobs(Jobs):
    """A claimed job is a lease on it."""

    def __init__(self, run: RunStatements, database: Database, nodes: Nodes) -> None:
        """`run` has statements carried out by the writer."""
        self._run = run
        self._database = database
        self._nodes = nodes

    async def put(self, job: Job, *, replace: bool = True) -> bool:  # noqa: D102 - inherited
        written: bool = await self._run(partial(self._put, job, replace))
        return written

    async def claim(self, job: Job, *, seconds: float) -> Job | None:  # noqa: D102 - inherited
        claimed: bool = await self._run(partial(self._claim, job, seconds))
        return replace(job, fence=job.fence + 1, attempts=job.attempts + 1) if claimed else None

    async def renew(self, job: Job, *, seconds: float) -> bool:  # noqa: D102 - inherited
        return await self._changed(update(table).where(*self._ours(job)).values(until=db_now() + seconds))

    async def done(self, job: Job, *, next_due: float | None = None, error: str = "") -> bool:  # noqa: D102 - inherited
        if next_due is None:
            return await self._changed(delete(table).where(*self._ours(job)))
        # A new number: who saw it while it was being done must not do it for the same time.
        again = {"due_at": next_due, "fence": job.fence + 1}
        values = {**again, "until": 0.0, "attempts": 0, "error": plain(error, 10_000)}
        return await self._changed(update(table).where(*self._ours(job)).values(**values, changed_at=db_now()))

    async def drop(self, name: str) -> bool:  # noqa: D102 - inherited
        return await self._changed(delete(table).where(table.c.id == _id(name)))

    async def find(self, name: str) -> Job | None:  # noqa: D102 - inherited
        async with self._database.reading() as connection:
            rows = await connection.execute(select(table).where(table.c.id == _id(name)))
            return next(map(_job, rows.mappings()), None)

    async def all(self, *, limit: int = 1000) -> list[Job]:  # noqa: D102 - inherited
        async with self._database.reading() as connection:
            rows = await connection.execute(select(table).order_by(table.c.due_at, table.c.name).limit(limit))
            return [_job(row) for row in rows.mappings()]

    async def _put(self, job: Job, replace: bool, connection: AsyncConnection) -> bool:
        one = _id(job.name)
        # A claim of the job that is replaced is over: its number is not this one's.
        data = json_values.written(job.data).decode()
        values = {"due_at": job.due_at, "data": data, "until": 0.0, "attempts": 0, "error": ""}
        fence = await connection.scalar(select(table.c.fence).where(table.c.id == one))
        if fence is None:
            # Not from 0: who still has a job of this name that was dropped must not claim this one.
            begin = {"state": "waiting", "holder": 0, "fence": secrets.randbelow(_FENCES)}
            first = {"id": one, "name": plain(job.name, 255), **begin}
            await connection.execute(insert(table).values(**first, **values, changed_at=db_now()))
            return True
        if replace:
            changed = {"fence": fence + 1, "holder": 0, **values}
            await connection.execute(update(table).where(table.c.id == one).values(**changed, changed_at=db_now()))
        return replace

    async def _claim(self, job: Job, seconds: float, connection: AsyncConnection) -> bool:
        mine = {"holder": self._nodes.id, "fence": job.fence + 1, "until": db_now() + seconds}
        this = table.c.id == _id(job.name), table.c.fence == job.fence
        claim = update(table).where(*this).values(**mine, attempts=table.c.attempts + 1)
        if (await connection.execute(claim.where(table.c.until <= db_now()))).rowcount:
            return True
        if await connection.scalar(select(table.c.id).where(*this)) is None:
            return False
        alive = list(await self._nodes.alive(connection))  # who holds it may be gone
        return bool((await connection.execute(claim.where(table.c.holder.not_in(alive)))).rowcount)

    def _ours(self, job: Job) -> tuple[ColumnElement[bool], ...]:
        mine = table.c.fence == job.fence, table.c.holder == self._nodes.id
        return table.c.id == _id(job.name), *mine, table.c.until > 0  # 0: it is done already

    async def _changed(self, statement: Any) -> bool:
        async def change(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(statement)).rowcount)

        done: bool = await self._run(change)
        return done


def _job(row: RowMapping) -> Job:
    return Job(
        name=row["name"],
        due_at=row["due_at"],
        data=json_values.read(row["data"]),
        attempts=row["attempts"],
        error=row["error"],
        fence=row["fence"],
    )


def _id(name: str) -> str:
    return digest("job", name)
