"""The emulator: start it, fill it with apps and people, and talk."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from imbridge.emulators.common.wire import Wire
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
from imbridge.emulators.wecom.stats import Stats, Violation
from imbridge.emulators.wecom.user import User
from imbridge.emulators.wecom.world import World

MAX_BODY = 64 * 1024 * 1024
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


class WeComEmulator(CorpSetup):
    """WeCom's servers on this machine, as the apps of one corp see them.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        seed: The same seed gives the same ids.
        settings: The platform's numbers.
        corp_name: What the corp is called.
    """

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
        self._host = host
        self._port = port
        self._world = World(seed, self.settings, corp_name)
        self.contacts = Contacts(self._world)
        self.happenings = Happenings(self._world)
        self._runner: web.ServerRunner | None = None
        routes = Routes()
        for part in PARTS:
            part.add_routes(routes)
        self._gateway = Gateway(self._world, routes)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts listening."""
        if self._runner is not None:
            raise RuntimeError("the emulator is already started")
        server = web.Server(self._gateway.handle, request_factory=_request, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port)
        try:
            await site.start()
        except BaseException:
            await runner.cleanup()
            raise
        self._port = runner.addresses[0][1]
        self._runner = runner
        self._world.base_url = self.base_url

    async def stop(self) -> None:
        """Cancels what is under way and stops listening; stopping twice is nothing."""
        runner, self._runner = self._runner, None
        self.faults.clear()
        await self.callbacks.close()
        if runner is not None:
            await runner.cleanup()

    @property
    def base_url(self) -> str:
        """What stands for `https://qyapi.weixin.qq.com` and for the OAuth hosts: `http://127.0.0.1:PORT`."""
        if self._runner is None:
            raise RuntimeError("the emulator is not started: use `async with WeComEmulator() as wecom`")
        return f"http://{self._host}:{self._port}"

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
    def stats(self) -> Stats:
        """Counters."""
        return self._world.stats

    @property
    def violations(self) -> list[Violation]:
        """The platform's rules that clients broke."""
        return self._world.violations

    @property
    def faults(self) -> Faults:
        """Faults on demand."""
        return self._world.faults

    @property
    def wire(self) -> Wire:
        """For watching calls and callbacks."""
        return self._world.wire

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


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    # The default request refuses bodies above 1 MB; uploads are larger.
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)
