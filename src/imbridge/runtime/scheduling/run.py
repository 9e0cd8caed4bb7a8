"""What a function that is asked at a time gets."""

from collections.abc import AsyncIterable, Callable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

from imbridge.protocol import Address, Channel, Degradation, Receipt, Reply, to_reply
from imbridge.runtime.delivery import Delivery
from imbridge.runtime.scheduling.plan import Plan
from imbridge.runtime.strictness import unless_refused
from imbridge.runtime.thinking import whole_answer
from imbridge.storage import Job, OutboxEntry

Check = Callable[[str], Any]


class ScheduledRun:
    """One time at which a job is due.

    What is said by it has keys that follow from the job and the time: when a run is repeated after a crash, what it
    says again is one message where the platform knows keys.

    Attributes:
        name: The job's name.
        due: When it is due, on the clocks of its time zone. It may be long past when nobody was there.
        to: Where what it returns is said.
        options: What the schedule gives it.
        attempt: 1, or more when an earlier process began it and did not finish, or it failed before (`retries`).
    """

    def __init__(self, job: Job, plan: Plan, delivery: Delivery, thinking: Any, check: Check) -> None:
        """`check` raises for an account that the bridge does not have."""
        self.name = plan.name
        self.due = datetime.fromtimestamp(job.due_at, plan.timing.zone)
        self.to = Address.of(plan.to)
        self.options: Mapping[str, Any] = {} if plan.call is None else plan.call.options
        self.attempt = job.attempts
        self._key = blake2b(f"{job.name} {job.due_at!r}".encode(), digest_size=12).hexdigest()
        self._delivery, self._thinking, self._check = delivery, thinking, check
        self._number = 0

    async def send(self, content: Any, *, to: Address | Channel | str | None = None) -> Receipt:
        """Say something now.

        Args:
            content: Anything sendable; a stream is sent whole when it has ended.
            to: Another address than the schedule's.

        Raises:
            DegradedError: it is strict, and something would be lost.
            ValueError: `to` is not an address.
            ConfigError: it names an account that this bridge does not have.
        """
        self._number += 1
        where = self.to.channel if to is None else to if isinstance(to, Channel) else Address(to).channel
        self._check(where.account_key)
        entry = await self._post(where, content, f"{self._key}-{self._number}")
        return unless_refused(await entry.receipt)

    async def say(self, content: Any) -> OutboxEntry:
        """Put what it is all about into the outbox."""
        return await self._post(self.to.channel, content, self._key)

    async def _post(self, where: Channel, content: Any, key: str) -> OutboxEntry:
        lost: tuple[Degradation, ...] = ()
        if isinstance(content, AsyncIterable):
            content, lost = await whole_answer(content, self._thinking)
        reply: Reply = to_reply(content)
        return await self._delivery.post(where, reply, key=key, hops=0, degradations=lost)

    def __repr__(self) -> str:
        return f"<run of {self.name!r} due at {self.due.isoformat()}>"
