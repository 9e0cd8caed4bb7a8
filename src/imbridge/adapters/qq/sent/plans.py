"""How replies of several parts were planned: one that an earlier process left half said is planned the same way again.

What has a number already is not said twice; were the rest of it put together otherwise, some of it would be lost.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from imbridge.adapters.notes import Notes

_KIND = "plans"
_MOST = 1000
_KEPT = 86_400.0
"""Seconds for which a plan is known: nothing can be answered for longer."""

Plan = tuple[int, bool]
"""How many answers were left, and whether the bot could send Markdown."""


class Plans:
    """The plans of one bot, by the keys of its replies; the newest 1000."""

    def __init__(self, notes: Notes, *, now: Callable[[], float] = time.time) -> None:
        """None yet; `now` gives seconds since 1970."""
        self._notes = notes
        self._now = now
        self._plans: OrderedDict[str, Plan] = OrderedDict()

    async def restore(self) -> None:
        """What an earlier process has planned."""
        notes = await self._notes.read(_KIND, _read)
        for key, (plan, at) in sorted(notes.items(), key=lambda item: item[1][1]):
            if self._now() - at < _KEPT:
                self._plans[key] = plan
            else:
                self._notes.drop(_KIND, key)

    def of(self, key: str, plan: Plan) -> Plan:
        """The plan of a reply: this one, unless there is one already."""
        known = self._plans.get(key)
        if known is not None:
            return known
        self._plans[key] = plan
        self._notes.put(_KIND, key, {"left": plan[0], "markdown": plan[1], "at": self._now()})
        if len(self._plans) > _MOST:
            self._notes.drop(_KIND, self._plans.popitem(last=False)[0])
        return plan

    def knows(self, key: str) -> bool:
        """Whether a reply is planned."""
        return key in self._plans

    def forget(self, key: str) -> None:
        """Nothing of that reply is said: it is planned anew when it can be."""
        if self._plans.pop(key, None) is not None:
            self._notes.drop(_KIND, key)


def _read(note: Any) -> tuple[Plan, float]:
    return (int(note["left"]), bool(note["markdown"])), float(note["at"])
