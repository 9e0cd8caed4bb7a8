"""Jobs in a collection."""

from imbridge.storage.core.jobs import DatabaseJobs, due_again, first, job_id, job_of, planned
from imbridge.storage.jobs import Job
from imbridge.storage.mongo.access import Access, Change, Document
from imbridge.storage.mongo.database import MongoDatabase


class MongoJobs(DatabaseJobs[MongoDatabase]):
    """Jobs in the database."""

    async def renew(self, job: Job, *, seconds: float) -> bool:  # noqa: D102 - inherited
        async def renew(access: Access) -> bool:
            until = await access.now() + seconds
            return bool(await access.update("jobs", self._ours(job), {"$set": {"until": until}}))

        renewed: bool = await self._run(renew)
        return renewed

    async def done(self, job: Job, *, next_due: float | None = None, error: str = "") -> bool:  # noqa: D102 - inherited
        if next_due is None:
            return await self._deleted(self._ours(job))
        values = due_again(job, next_due, error)

        async def change(access: Access) -> bool:
            changed = {**values, "changed_at": await access.now()}
            return bool(await access.update("jobs", self._ours(job), {"$set": changed}))

        done: bool = await self._run(change)
        return done

    async def drop(self, name: str) -> bool:  # noqa: D102 - inherited
        return await self._deleted({"_id": job_id(name)})

    async def find(self, name: str) -> Job | None:  # noqa: D102 - inherited
        async with self._database.reading() as access:
            row = await access.one("jobs", {"_id": job_id(name)})
        return None if row is None else job_of(row)

    async def all(self, *, limit: int = 1000) -> list[Job]:  # noqa: D102 - inherited
        if limit <= 0:  # to MongoDB it means no limit
            return []
        async with self._database.reading() as access:
            return [
                job_of(row) for row in await access.find("jobs", {}, sort=[("due_at", 1), ("name", 1)], limit=limit)
            ]

    async def _put(self, job: Job, replace: bool, access: Access) -> bool:
        one = job_id(job.name)
        values = {**planned(job), "changed_at": await access.now()}
        there = await access.one("jobs", {"_id": one}, ["fence"])
        if there is None:
            await access.insert("jobs", [{**first(job), **values}])
            return True
        if replace:
            await access.update("jobs", {"_id": one}, {"$set": {"fence": there["fence"] + 1, "holder": 0, **values}})
        return replace

    async def _claim(self, job: Job, seconds: float, access: Access) -> bool:
        now = await access.now()
        mine = {"holder": self._nodes.id, "fence": job.fence + 1, "until": now + seconds}
        claim: Change = {"$set": mine, "$inc": {"attempts": 1}}
        this: Document = {"_id": job_id(job.name), "fence": job.fence}
        if await access.update("jobs", {**this, "until": {"$lte": now}}, claim):
            return True
        if await access.one("jobs", this, ["fence"]) is None:
            return False
        alive = list(await self._nodes.alive(access))  # who holds it may be gone
        return bool(await access.update("jobs", {**this, "holder": {"$nin": alive}}, claim))

    def _ours(self, job: Job) -> Document:
        mine = {"fence": job.fence, "holder": self._nodes.id}
        return {"_id": job_id(job.name), **mine, "until": {"$gt": 0}}  # 0: it is done already

    async def _deleted(self, wanted: Document) -> bool:
        async def delete(access: Access) -> bool:
            return bool(await access.delete("jobs", wanted))

        deleted: bool = await self._run(delete)
        return deleted
