"""Session webhooks: an address in every message to a robot, at which it can be answered for a while."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.group import Group

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World

PATH = "/robot/sendBySession"


@dataclass(slots=True, eq=False)
class Session:
    """An address.

    Attributes:
        app: Whose robot answers.
        user: Whose message it was.
        chat: The group it was in; None: a single chat.
        expires: Until when (`time.monotonic`), as the message says.
        revoked: It ended before its time, which nobody was told.
    """

    app: App
    user: "User"
    chat: Group | None
    expires: float
    revoked: bool = False

    @property
    def alive(self) -> bool:
        """Whether it can still be used."""
        return not self.revoked and not self.overdue

    @property
    def overdue(self) -> bool:
        """Whether its time is over."""
        return time.monotonic() >= self.expires


class Sessions:
    """All session webhooks."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._all: Newest[str, Session] = Newest(world.settings.history)

    def add(self, app: App, user: "User", chat: Group | None) -> tuple[str, int]:
        """A new address and its end in milliseconds since the epoch."""
        world = self._world
        key, lifetime = world.ids.hex("session", 32), world.settings.session_lifetime
        self._all[key] = Session(app, user, chat, time.monotonic() + lifetime)
        return f"{world.base_url}{PATH}?session={key}", int((time.time() + lifetime) * 1000)

    def find(self, key: str) -> Session | None:
        """A session, dead or alive."""
        return self._all.get(key)

    def expire_all(self) -> int:
        """Ends every session; returns how many lived."""
        living = [session for session in self._all.values() if session.alive]
        for session in living:
            session.revoked = True
        return len(living)
