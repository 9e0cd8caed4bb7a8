"""Jobs in a table."""

from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.storage.core.jobs import DatabaseJobs, due_again, first, job_id, job_of, planned
from imbridge.storage.jobs import Job
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now
from imbridge.storage.sql.tables import jobs as table


class SqlJobs(DatabaseJobs[Database]):
    """Jobs in the database."""

    async def renew(self, job: Job, *, seconds: float) -> bool:  # noqa: D102 - inherited
        return await self._changed(update(table).where(*self._ours(job)).values(until=db_now() + seconds))

    async def done(self, job: Job, *, next_due: float | None = None, error: str = "") -> bool:  # noqa: D102 - inherited
        if next_due is None:
            return await self._changed(delete(table).where(*self._ours(job)))
        values = due_again(job, next_due, error)
        return await self._changed(update(table).where(*self._ours(job)).values(**values, changed_at=db_now()))

    async def drop(self, name: str) -> bool:  # noqa: D102 - inherited
        return await self._changed(delete(table).where(table.c.id == job_id(name)))

    async def find(self, name: str) -> Job | None:  # noqa: D102 - inherited
        async with self._database.reading() as connection:
            rows = await connection.execute(select(table).where(table.c.id == job_id(name)))
            return next(map(job_of, rows.mappings()), None)

    async def all(self, *, limit: int = 1000) -> list[Job]:  # noqa: D102 - inherited
        async with self._database.reading() as connection:
            rows = await connection.execute(select(table).order_by(table.c.due_at, table.c.name).limit(limit))
            return [job_of(row) for row in rows.mappings()]

    async def _put(self, job: Job, replace: bool, connection: AsyncConnection) -> bool:
        one = job_id(job.name)
        values = planned(job)
        fence = await connection.scalar(select(table.c.fence).where(table.c.id == one))
        if fence is None:
            new = {**first(job), "state": "waiting", **values}
            await connection.execute(insert(table).values(**new, changed_at=db_now()))
            return True
        if replace:
            changed = {"fence": fence + 1, "holder": 0, **values}
            await connection.execute(update(table).where(table.c.id == one).values(**changed, changed_at=db_now()))
        return replace

    async def _claim(self, job: Job, seconds: float, connection: AsyncConnection) -> bool:
        mine = {"holder": self._nodes.id, "fence": job.fence + 1, "until": db_now() + seconds}
        this = table.c.id == job_id(job.name), table.c.fence == job.fence
        claim = update(table).where(*this).values(**mine, attempts=table.c.attempts + 1)
        if (await connection.execute(claim.where(table.c.until <= db_now()))).rowcount:
            return True
        if await connection.scalar(select(table.c.id).where(*this)) is None:
            return False
        alive = list(await self._nodes.alive(connection))  # who holds it may be gone
        return bool((await connection.execute(claim.where(table.c.holder.not_in(alive)))).rowcount)

    def _ours(self, job: Job) -> tuple[ColumnElement[bool], ...]:
        mine = table.c.fence == job.fence, table.c.holder == self._nodes.id
        return table.c.id == job_id(job.name), *mine, table.c.until > 0  # 0: it is done already

    async def _changed(self, statement: Any) -> bool:
        async def change(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(statement)).rowcount)

        done: bool = await self._run(change)
        return done
