"""Jobs in a collection."""

import secrets
from dataclasses import replace
from functools import partial

from imbridge.storage import json_values
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.nodes import Nodes
from imbridge.storage.core.work import ReadRow, RunStatements
from imbridge.storage.jobs import Job, Jobs
from imbridge.storage.mongo.access import Access, Change, Document
from imbridge.storage.mongo.database import MongoDatabase

_FENCES = 2**40


class MongoJobs(Jobs):
    """A claimed job is a lease on it."""

    def __init__(self, run: RunStatements, database: MongoDatabase, nodes: Nodes) -> None:
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
        async def renew(access: Access) -> bool:
            until = await access.now() + seconds
            return bool(await access.update("jobs", self._ours(job), {"$set": {"until": until}}))

        renewed: bool = await self._run(renew)
        return renewed

    async def done(self, job: Job, *, next_due: float | None = None, error: str = "") -> bool:  # noqa: D102 - inherited
        if next_due is None:
            return await self._deleted(self._ours(job))
        # A new number: who saw it while it was being done must not do it for the same time.
        again = {"due_at": next_due, "fence": job.fence + 1}
        values = {**again, "until": 0.0, "attempts": 0, "error": plain(error, 10_000)}

        async def change(access: Access) -> bool:
            changed = {**values, "changed_at": await access.now()}
            return bool(await access.update("jobs", self._ours(job), {"$set": changed}))

        done: bool = await self._run(change)
        return done

    async def drop(self, name: str) -> bool:  # noqa: D102 - inherited
        return await self._deleted({"_id": _id(name)})

    async def find(self, name: str) -> Job | None:  # noqa: D102 - inherited
        async with self._database.reading() as access:
            row = await access.one("jobs", {"_id": _id(name)})
        return None if row is None else _job(row)

    async def all(self, *, limit: int = 1000) -> list[Job]:  # noqa: D102 - inherited
        async with self._database.reading() as access:
            return [_job(row) for row in await access.find("jobs", {}, sort=[("due_at", 1), ("name", 1)], limit=limit)]

    async def _put(self, job: Job, replace: bool, access: Access) -> bool:
        one = _id(job.name)
        # A claim of the job that is replaced is over: its number is not this one's.
        data = json_values.written(job.data).decode()
        values = {"due_at": job.due_at, "data": data, "until": 0.0, "attempts": 0, "error": ""}
        values["changed_at"] = await access.now()
        there = await access.one("jobs", {"_id": one}, ["fence"])
        if there is None:
            # Not from 0: who still has a job of this name that was dropped must not claim this one.
            first = {"id": one, "name": plain(job.name, 255), "holder": 0, "fence": secrets.randbelow(_FENCES)}
            await access.insert("jobs", [{**first, **values}])
            return True
        if replace:
            await access.update("jobs", {"_id": one}, {"$set": {"fence": there["fence"] + 1, "holder": 0, **values}})
        return replace

    async def _claim(self, job: Job, seconds: float, access: Access) -> bool:
        now = await access.now()
        mine = {"holder": self._nodes.id, "fence": job.fence + 1, "until": now + seconds}
        claim: Change = {"$set": mine, "$inc": {"attempts": 1}}
        this: Document = {"_id": _id(job.name), "fence": job.fence}
        if await access.update("jobs", {**this, "until": {"$lte": now}}, claim):
            return True
        if await access.one("jobs", this, ["fence"]) is None:
            return False
        alive = list(await self._nodes.alive(access))  # who holds it may be gone
        return bool(await access.update("jobs", {**this, "holder": {"$nin": alive}}, claim))

    def _ours(self, job: Job) -> Document:
        mine = {"fence": job.fence, "holder": self._nodes.id}
        return {"_id": _id(job.name), **mine, "until": {"$gt": 0}}  # 0: it is done already

    async def _deleted(self, wanted: Document) -> bool:
        async def delete(access: Access) -> bool:
            return bool(await access.delete("jobs", wanted))

        deleted: bool = await self._run(delete)
        return deleted


def _job(row: ReadRow) -> Job:
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
