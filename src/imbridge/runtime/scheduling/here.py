"""The jobs of one conversation, as a skill plans them."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from imbridge.config.schedule import METHOD
from imbridge.protocol import Channel, ScheduledJob
from imbridge.runtime.scheduling.plan import Call
from imbridge.runtime.scheduling.planner import Planner

_ALL = 1_000_000
"""So many jobs are looked through for those of a conversation."""


class JobsHere:
    """Plans what is said in a conversation, by the skill that answers a message there.

    A skill's names are its own in each conversation, as its session is: nobody who writes in one replaces or drops what
    is planned in another.
    """

    def __init__(self, planner: Planner, channel: Channel, skill: str, message_id: str) -> None:
        """For a skill that answers a message."""
        self._planner = planner
        self._channel = channel
        self._skill = skill
        self._message_id = message_id
        self._number = 0

    async def schedule(
        self,
        content: Any = None,
        *,
        name: str | None = None,
        method: str | None = None,
        options: Mapping[str, Any] | None = None,
        missed: str,
        timeout: Any,
        retries: int,
        **when: Any,
    ) -> ScheduledJob:
        """Have something said here later, or have the skill asked for it; see `Message.schedule`."""
        if content is not None and (method is not None or options is not None):
            raise ValueError("method and options are of a skill that is asked; leave the content out")
        call = Call(self._skill, method or METHOD, dict(options or {})) if content is None else None
        timing = self._planner.timing(**when)
        if name is not None:
            name = self._own(name)
        elif when.get("after") is not None:
            # Counted from now, it is another moment when the message is handled again after a crash.
            self._number += 1
            name = _digest(self._channel.account_key, self._message_id, self._skill, str(self._number), size=5)
        how = {"missed": missed, "timeout": timeout, "retries": retries}
        return await self._planner.plan(content, to=self._channel, timing=timing, name=name, call=call, **how)

    async def jobs(self) -> tuple[ScheduledJob, ...]:
        """All that is planned here, the next first, whoever planned it."""
        here = self._channel.address
        return tuple(job for job in await self._planner.jobs(limit=_ALL) if job.to == here)

    async def unschedule(self, name: str) -> bool:
        """Take one of them back, by the name that it was given or that is listed; False when there is none."""
        names = {name, self._own(name)}
        found = [job.name for job in await self.jobs() if job.name in names]
        return any([await self._planner.drop(one) for one in found])

    def _own(self, name: str) -> str:
        return f"{name}-{_digest(self._skill, self._channel.address, size=4)}" if name else name


def _digest(*parts: str, size: int) -> str:
    return blake2b("\n".join(parts).encode(), digest_size=size).hexdigest()
