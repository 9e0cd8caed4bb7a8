"""The apps' callback addresses: what is delivered to them, and requests that are not as they should be."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.callback import BaseCallbacks, CallbackT
from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.callback_answer import PROPER, CallbackAnswer, Forged
from imbridge.emulators.dingtalk.callback_events import EventCallback
from imbridge.emulators.dingtalk.callback_robot import RobotCallback

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.message import PushedEvent, SentMessage
    from imbridge.emulators.dingtalk.world import World


class Addresses(BaseCallbacks[App, CallbackT]):
    """The addresses of one kind, by app."""

    async def put(self, app: App, callback: CallbackT, *, verify: bool) -> None:
        """Gives an app its address.

        Raises:
            CallbackRefusedError: It should prove itself and did not.
        """
        await self._put(app, callback, verify=verify)

    def find(self, app: App) -> CallbackT | None:
        """An app's address, if it has one."""
        return self._by_owner.get(app)

    def of(self, app: App) -> CallbackT:
        """An app's address.

        Raises:
            RuntimeError: It has none.
        """
        return self._of(app)

    def _named(self, owner: App) -> str:
        return owner.name


class Callbacks:
    """Reached as `ding.callbacks`. An app with an address gets nothing of that kind over the stream any more."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._robots: Addresses[RobotCallback] = Addresses()
        self._events: Addresses[EventCallback] = Addresses()

    async def set(self, app: App, url: str, *, events_url: str | None = None, verify: bool = True) -> None:
        """Sets an app's addresses.

        Args:
            app: Whose.
            url: Where its robot's messages go; empty: nowhere but over the stream.
            events_url: Where its events go, encrypted.
            verify: Whether `events_url` must answer `check_url` before it is taken.

        Raises:
            CallbackRefusedError: It did not.
        """
        if events_url:
            await self._events.put(app, EventCallback(app, self._world, events_url), verify=verify)
        if url:
            await self._robots.put(app, RobotCallback(app, self._world, url), verify=verify)

    async def close(self) -> None:
        """Forgets all addresses and ends what is under way."""
        await self._robots.close()
        await self._events.close()

    # --- what the platform delivers -----------------------------------------------------------------------------------

    def takes_message(self, app: App, sent: "SentMessage") -> bool:
        """Starts the delivery of a message, if the app has an address for them."""
        callback = self._robots.find(app)
        if callback is None:
            return False
        callback.start(sent)
        return True

    def takes_event(self, app: App, pushed: "PushedEvent") -> bool:
        """Starts the delivery of an event, if the app has an address for them."""
        callback = self._events.find(app)
        if callback is None:
            return False
        callback.start(pushed)
        return True

    # --- single requests ----------------------------------------------------------------------------------------------

    async def verify(self, app: App, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends a `check_url` once more.

        Raises:
            CallbackRefusedError: The address did not pass.
        """
        return await self._events.of(app).verify(forged)

    async def send_event(self, app: App, event: Mapping[str, Any] | str, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends one event by itself, without repetitions, and returns the answer.

        Args:
            app: Whose address.
            event: The plain text: an object with EventType and the rest, or the text as it is.
            forged: How the request differs from a proper one.
        """
        return await self._events.of(app).send(event, forged)

    async def send_message(self, app: App, data: Mapping[str, Any], forged: Forged = PROPER) -> CallbackAnswer:
        """Posts one robot message by itself and returns the answer.

        Args:
            app: Whose address.
            data: The body, as `SentMessage.data` has it.
            forged: How the request differs from a proper one.
        """
        return await self._robots.of(app).send(data, forged)

    async def replay_event(self, app: App) -> CallbackAnswer:
        """Sends the app's last event request once more, byte by byte, and returns the answer."""
        return await self._events.of(app).replay()

    async def replay_message(self, app: App) -> CallbackAnswer:
        """Posts the app's last message once more, byte by byte, and returns the answer."""
        return await self._robots.of(app).replay()
