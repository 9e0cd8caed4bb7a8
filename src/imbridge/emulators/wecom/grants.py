"""OAuth codes and user tickets.

Rules: https://developer.work.weixin.qq.com/document/path/91022, /path/91023 (code: once, five minutes), /path/95833
(user_ticket: 1800 s).
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.errors import ApiError
from imbridge.emulators.wecom.settings import EmulatorSettings

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User

KEPT = 10_000


@dataclass(slots=True)
class Grant:
    """Somebody who came through a page: a member, or another person's openid."""

    who: "User | str"
    agent_id: int | None
    private: bool
    expires: float
    used: bool = False


class Grants:
    """All codes and tickets that were issued."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._codes: Newest[str, Grant] = Newest(KEPT)
        self._tickets: Newest[str, Grant] = Newest(KEPT)

    def new_code(self, who: "User | str", agent_id: int | None, *, private: bool) -> str:
        """A code for somebody.

        Args:
            who: A member, or the openid of somebody else.
            agent_id: The app it is for; None: any of the corp.
            private: Whether they agreed to show their private fields.
        """
        code = self._ids.text("code", 43)
        self._codes[code] = Grant(who, agent_id, private, time.monotonic() + self._settings.code_lifetime)
        return code

    def use_code(self, code: str, app: App) -> Grant:
        """What a code stands for, once.

        Raises:
            ApiError: 40029 it is unknown, used, or another app's; 42003 it has expired.
        """
        grant = self._codes.get(code)
        if grant is None or grant.used or grant.agent_id not in {None, app.agent_id}:
            raise ApiError(40029)
        grant.used = True
        if time.monotonic() > grant.expires:
            raise ApiError(42003)
        return grant

    def new_ticket(self, grant: Grant, app: App) -> str:
        """A `user_ticket` for who agreed to show their private fields."""
        ticket = self._ids.text("ticket", 64)
        lifetime = time.monotonic() + self._settings.ticket_lifetime
        self._tickets[ticket] = Grant(grant.who, app.agent_id, private=True, expires=lifetime)
        return ticket

    def of_ticket(self, ticket: object, app: App) -> Grant:
        """What a ticket stands for.

        Raises:
            ApiError: 84015 it is unknown or another app's, 84014 it has expired.
        """
        grant = self._tickets.get(ticket) if isinstance(ticket, str) else None
        if grant is None or grant.agent_id != app.agent_id:
            raise ApiError(84015)
        if time.monotonic() > grant.expires:
            raise ApiError(84014)
        return grant
