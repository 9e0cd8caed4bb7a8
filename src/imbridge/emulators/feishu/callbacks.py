"""The apps' callback addresses, and requests to them that are not as they should be."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.callback import BaseCallbacks
from imbridge.emulators.feishu import events, old_events
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.callback import Callback
from imbridge.emulators.feishu.forged import PROPER, CallbackAnswer, Forged

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World


class Callbacks(BaseCallbacks[App, Callback]):
    """Reached as `feishu.callbacks`."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world

    async def set(self, app: App, url: str, *, verify: bool = True) -> None:
        """Switches the app to HTTP callbacks; the address must pass the challenge first, unless `verify` is False.

        Raises:
            CallbackRefusedError: It did not.
        """
        callback = Callback(app, self._world, url)
        await self._put(app, callback, verify=verify)
        self._world.queue(app).callback = callback

    async def challenge(self, app: App, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends the challenge once more.

        Raises:
            CallbackRefusedError: The address did not pass.
        """
        return await self._of(app).verify(forged)

    async def send(
        self,
        app: App,
        event_type: str,
        event: dict[str, Any],
        forged: Forged = PROPER,
        *,
        old: bool = False,
        event_id: str | None = None,
    ) -> CallbackAnswer:
        """Sends one event by itself, without acknowledgement or another push, and returns the answer.

        Args:
            app: Whose address.
            event_type: The event's type.
            event: The event's body.
            forged: How the request differs from a proper one.
            old: Schema 1.0 instead of 2.0.
            event_id: Its id (or uuid); None makes one up.
        """
        envelope = old_events.envelope if old else events.envelope
        shown = app if forged.token is None else replace(app, verification_token=forged.token)
        event_id = event_id or self._world.ids.hex("event")
        payload = envelope(shown, event_id, event_type, event, self._world.settings.tenant_key)
        return await self._of(app).send(payload, forged)

    async def replay(self, app: App) -> CallbackAnswer:
        """Sends the last request once more, byte by byte, and returns the answer."""
        return await self._of(app).replay()

    def _named(self, owner: App) -> str:
        return owner.app_id
