"""How often an API may be called by one robot.

Rule: bot.q.qq.com/wiki, the pages under `autogen/api` (2026). Undocumented: the code, 22009 here; streams have their
own.
"""

import re
from typing import TYPE_CHECKING

from imbridge.emulators.common.rates import Rates
from imbridge.emulators.qq.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.qq.routes import Call
    from imbridge.emulators.qq.world import World

SECOND, MINUTE = 1.0, 60.0
APIS: tuple[tuple[str, int, float], ...] = (
    (r"POST /v2/users/[^/]+/messages", 100, SECOND),
    (r"POST /v2/groups/[^/]+/messages", 100, SECOND),
    (r"POST /v2/users/[^/]+/stream_messages", 50, SECOND),
    (r"DELETE /v2/users/[^/]+/messages/.+", 10, SECOND),
    (r"DELETE /v2/groups/[^/]+/messages/.+", 10, SECOND),
    (r"POST /v2/users/[^/]+/files", 50, SECOND),
    (r"POST /v2/groups/[^/]+/files", 50, SECOND),
    (r"POST /v2/(users|groups)/[^/]+/upload_prepare", 10, SECOND),
    (r"POST /v2/(users|groups)/[^/]+/upload_part_finish", 10, SECOND),
    (r"GET /gateway", 10, MINUTE),
)
"""Method and path, the most calls, and in how many seconds."""


class Limits:
    """The rates of all robots."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._rates = [(re.compile(api), Rates((most, period))) for api, most, period in APIS]

    def take(self, call: "Call") -> None:
        """Counts a call.

        Raises:
            ApiError: It is one too many: HTTP 429.
        """
        if not self._world.settings.rate_limits or call.asked_by is None:
            return
        name = f"{call.request.method} {call.path}"
        for pattern, rates in self._rates:
            if pattern.fullmatch(name):
                if rates.take(call.asked_by.app_id)[0] > 0:
                    self._world.stats.rate_limited += 1
                    raise ApiError(50002 if "stream" in name else 22009, status=429)
                return
