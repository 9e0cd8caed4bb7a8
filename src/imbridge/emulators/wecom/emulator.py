"""The emulator: start it, fill it with apps and people, and talk."""

from collections.abc import Mapping, Sequence
from typing import Any

from imbridge.emulators.common.emulator import BaseEmulator
from imbridge.emulators.wecom import (
    api_appchat,
    api_approval,
    api_cards,
    api_departments,
    api_media,
    api_message,
    api_oauth,
    api_token,
    api_users,
    api_webhook,
)
from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.approvals import Approvals
from imbridge.emulators.wecom.callbacks import Callbacks
from imbridge.emulators.wecom.consent import consents
from imbridge.emulators.wecom.contacts import Contacts
from imbridge.emulators.wecom.corp_setup import CorpSetup
from imbridge.emulators.wecom.faults import Faults
from imbridge.emulators.wecom.gateway import Gateway, Routes
from imbridge.emulators.wecom.happenings import Happenings
from imbridge.emulators.wecom.message import AppMessage, SentMessage
from imbridge.emulators.wecom.settings import EmulatorSettings
from imbridge.emulators.wecom.stats import Stats
from imbridge.emulators.wecom.user import User
from imbridge.emulators.wecom.world import World

PARTS = (
    api_token,
    api_message,
    api_cards,
    api_media,
    api_appchat,
    api_users,
    api_departments,
    api_oauth,
    api_webhook,
    api_approval,
)


class WeComEmulator(CorpSetup, BaseEmulator[Stats, Faults]):
    """WeCom's servers on this machine, as the apps of one corp see them.

    `base_url` stands for `https://qyapi.weixin.qq.com` and for the OAuth hosts.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        seed: The same seed gives the same ids.
        settings: The platform's numbers.
        corp_name: What the corp is called.
    """

    _world: World

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        seed: int = 0,
        settings: EmulatorSettings | None = None,
        corp_name: str = "Demo Corp",
    ) -> None:
        self.settings = settings or EmulatorSettings()
        world = World(seed, self.settings, corp_name)
        self.contacts = Contacts(world)
        self.happenings = Happenings(world)
        routes = Routes()
        for part in PARTS:
            part.add_routes(routes)
        super().__init__(world, Gateway(world, routes).handle, host, port)

    async def _end(self) -> None:
        await self.callbacks.close()

    @property
    def corp_id(self) -> str:
        """The corp's id."""
        return self._world.corp_id

    @property
    def messages(self) -> Sequence[AppMessage]:
        """What the apps and group robots sent, in the order of arrival; the newest `settings.history`."""
        return tuple(self._world.messages)

    @property
    def callbacks(self) -> Callbacks:
        """The apps' addresses, and requests to them that are not as they should be."""
        return self._world.callbacks

    @property
    def approvals(self) -> Approvals:
        """Who asks for what, and who decides."""
        return self._world.approvals

    @property
    def world(self) -> World:
        """The state behind all this, for what the rest does not offer."""
        return self._world

    async def set_callback(self, app: App, url: str, *, verify: bool = True) -> None:
        """Sets an app's callback address; it must answer the echostr first, unless `verify` is False.

        Raises:
            CallbackRefusedError: It did not answer exactly the plain text within a second.
        """
        await self.callbacks.set(app, url, verify=verify)

    def push_event(self, app: App, xml_fields: Mapping[str, Any] | str, *, user: User | None = None) -> SentMessage:
        """Pushes any event.

        Args:
            app: To whose callback.
            xml_fields: The elements; ToUserName, FromUserName (`sys`, or the user), CreateTime and MsgType are added
                where they are missing. A text is the XML as it is, with or without `<xml>` around it.
            user: Whose event it is; they see a passive reply.
        """
        return self._world.push_event(app, xml_fields, user)

    async def consents(self, user: User | str, url: str) -> str:
        """Somebody opens a login page and agrees; returns where their browser is sent, with code and state.

        Args:
            user: A member, or the openid of somebody who is none.
            url: The page's address, with the emulator's host or the real one.

        Raises:
            ConsentPageError: The page shows an error instead.
        """
        return consents(self._world, user, url)
