"""Telling the apps of something that happened."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.message import PushedEvent

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.world import World


class Told(tuple[PushedEvent, ...]):
    """The events that told the apps, one for each app."""

    __slots__ = ()

    async def taken(self, timeout: float = 10.0) -> bool:
        """Waits for the end of all deliveries; whether every app took its event.

        Raises:
            TimeoutError: One is still under way after `timeout` seconds.
        """
        return all([await event.taken(timeout) for event in self])


def tell(world: "World", event_type: str, fields: Mapping[str, Any], app: "App | None" = None) -> Told:
    """Pushes an event to one app, or to all: each has its own event id."""
    apps = [app] if app is not None else list(world.apps.values())
    return Told(world.pushes.event(one, event_type, dict(fields)) for one in apps)
