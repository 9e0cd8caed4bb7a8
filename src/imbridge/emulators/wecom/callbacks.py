"""The apps' callback addresses: what is delivered to them, and requests that are not as they should be."""

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.callback import BaseCallbacks
from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.callback import Callback
from imbridge.emulators.wecom.callback_answer import PROPER, CallbackAnswer, Forged
from imbridge.emulators.wecom.message import SentMessage, UndeliveredError
from imbridge.emulators.wecom.xml_text import elements

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User
    from imbridge.emulators.wecom.world import World


class Callbacks(BaseCallbacks[App, Callback]):
    """Reached as `wecom.callbacks`."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world

    async def set(self, app: App, url: str, *, verify: bool = True) -> None:
        """Sets an app's address; it must answer the echostr first, unless `verify` is False.

        Raises:
            CallbackRefusedError: It did not.
        """
        await self._put(app, Callback(app, self._world, url), verify=verify)

    def addressed(self) -> list[App]:
        """The apps that have an address."""
        return list(self._by_owner)

    async def verify(self, app: App, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends an echostr once more.

        Raises:
            CallbackRefusedError: The address did not pass.
        """
        return await self._of(app).verify(forged)

    async def send(self, app: App, fields: Mapping[str, Any] | str, forged: Forged = PROPER) -> CallbackAnswer:
        """Sends one request by itself, without repetitions, and returns the answer.

        Args:
            app: Whose address.
            fields: The inner XML: a mapping of elements, or the text as it is.
            forged: How the request differs from a proper one.
        """
        return await self._of(app).send(self.xml(fields), forged)

    async def replay(self, app: App) -> CallbackAnswer:
        """Sends the app's last request once more, byte by byte, and returns the answer."""
        return await self._of(app).replay()

    def push(self, app: App, fields: Mapping[str, Any] | str, *, user: "User | None" = None) -> SentMessage:
        """Gives a message or an event out for delivery.

        Args:
            app: Whose address.
            fields: The inner XML: a mapping of elements, or the text as it is.
            user: Who sees a passive reply to it.
        """
        known = fields if isinstance(fields, Mapping) else {}
        sent = SentMessage(
            msg_id=str(known.get("MsgId", "")),
            create_time=int(known.get("CreateTime", time.time())),
            xml=self.xml(fields),
            outcome=asyncio.get_running_loop().create_future(),
            event=str(known.get("Event", "")),
            response_code=str(known.get("ResponseCode", "")),
        )
        callback = self._by_owner.get(app)
        if callback is None:
            self._world.stats.callbacks_unheard += 1
            sent.outcome.set_exception(UndeliveredError(f"{app.name} has no callback address"))
            sent.outcome.exception()  # nobody has to wait for it
            return sent
        self._world.stats.callbacks += 1
        callback.start(sent, user)
        return sent

    def xml(self, fields: Mapping[str, Any] | str) -> str:
        """The inner XML of a callback."""
        if isinstance(fields, str):
            return fields if fields.lstrip().startswith("<xml") else f"<xml>{fields}</xml>"
        return f"<xml>{elements(fields, self._world.settings.cdata)}</xml>"

    def _named(self, owner: App) -> str:
        return owner.name
