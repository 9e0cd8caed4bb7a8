"""How often one person may use a skill."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from imbridge.policy.identity import account_of, sender_of
from imbridge.policy.permissions import Permissions
from imbridge.protocol import Event, Message
from imbridge.skills import BaseSkill


class SkillLimits:
    """Counts uses per skill and person, against `rate_limit`; to be given to `SkillSet` as `limit`.

    In any stretch of the period there are at most `count` uses; a refused one does not count. A person is
    (platform, account, user id). The counts live in this process and are gone with it.

    Args:
        permissions: Where the rates are.
        max_people: People and skills counted at once; beyond, whoever was quiet longest is forgotten.
        clock: Seconds, from any beginning.
    """

    def __init__(
        self, permissions: Permissions, *, max_people: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._permissions = permissions
        self._max_people = max_people
        self._clock = clock
        self._uses: OrderedDict[tuple[str, str, str], deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """People and skills that are counted now."""
        return len(self._uses)

    def __call__(self, skill: BaseSkill, item: Message | Event) -> float:
        """Count a use.

        Returns:
            0 when it may go on, or the seconds until it may. Events nobody caused are not limited.
        """
        rate = self._permissions.rule(skill).rate_limit
        sender = sender_of(item)
        if rate is None or sender is None:
            return 0.0
        now = self._clock()
        key = (skill.name, account_of(item), sender.id)
        uses = self._uses.setdefault(key, deque())
        self._uses.move_to_end(key)
        while len(self._uses) > self._max_people:
            self._uses.popitem(last=False)
        while uses and now - uses[0] >= rate.period:
            uses.popleft()
        if len(uses) >= rate.count:
            return uses[0] + rate.period - now
        uses.append(now)
        return 0.0
