"""Bringing an event to a bot: over the gateway, or to its callback address."""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.qq.bot import Bot
from imbridge.emulators.qq.pushed import Pushed

if TYPE_CHECKING:
    from imbridge.emulators.qq.world import World


class Dispatch:
    """Events of all bots."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.by_id: Newest[tuple[Bot, str], Pushed] = Newest(world.settings.history)

    def send(self, bot: Bot, event_type: str, data: Any, *, key: str, event_id: str | None = None) -> Pushed:
        """Sends an event to a bot.

        Args:
            bot: For whom.
            event_type: `t`.
            data: `d`.
            key: What decides on the shard: a guild's number or an openid.
            event_id: The payload's id; a new one if it is left out.
        """
        world = self._world
        pushed = Pushed(bot, event_type, event_id or world.ids.event_id(event_type), data, key, created=world.now())
        self.by_id[bot, pushed.event_id] = pushed
        world.stats.events += 1
        copies = 1
        if world.faults.active:
            doubled = world.faults.take("duplicate_events", event_type)
            copies += int(doubled.facts["copies"]) if doubled else 0
        if not world.webhooks.takes(pushed, copies) and not world.gateway.put(pushed, copies):
            world.stats.events_lost += 1
            pushed.settle(taken=False)
        return pushed
