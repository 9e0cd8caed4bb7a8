"""The emulator: start it, fill it with accounts and followers, and talk."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from imbridge.emulators.common.wire import Wire
from imbridge.emulators.wechat import (
    api_custom,
    api_media,
    api_menu,
    api_qrcode,
    api_template,
    api_token,
    api_users,
    api_web,
    consent,
)
from imbridge.emulators.wechat.account import Account, Mode
from imbridge.emulators.wechat.callback import Callback
from imbridge.emulators.wechat.faults import Faults
from imbridge.emulators.wechat.follower import Follower
from imbridge.emulators.wechat.gateway import Gateway, Routes
from imbridge.emulators.wechat.ids import ALPHANUMERIC, HEX
from imbridge.emulators.wechat.media import Kind, Media
from imbridge.emulators.wechat.message import BotMessage, SentMessage
from imbridge.emulators.wechat.settings import EmulatorSettings
from imbridge.emulators.wechat.stats import Stats, Violation
from imbridge.emulators.wechat.templates import Template
from imbridge.emulators.wechat.world import World

MAX_BODY = 64 * 1024 * 1024
PARTS = (api_token, api_custom, api_media, api_users, api_template, api_menu, api_qrcode, api_web)


class WeChatEmulator:
    """The Official Account platform on this machine: it stands for `https://api.weixin.qq.com`.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        seed: The same seed gives the same ids.
        settings: The platform's numbers.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, seed: int = 0, settings: EmulatorSettings | None = None
    ) -> None:
        self.settings = settings or EmulatorSettings()
        self._host = host
        self._port = port
        self._world = World(seed, self.settings)
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
        """Cuts all connections and stops listening; stopping twice is nothing."""
        runner, self._runner = self._runner, None
        self.faults.clear()
        for callback in self._world.callbacks.values():
            await callback.close()
        self._world.callbacks.clear()
        if runner is not None:
            await runner.cleanup()

    @property
    def base_url(self) -> str:
        """What stands for `https://api.weixin.qq.com`: `http://127.0.0.1:PORT`."""
        if self._runner is None:
            raise RuntimeError("the emulator is not started: use `async with WeChatEmulator() as wechat`")
        return f"http://{self._host}:{self._port}"

    def add_account(
        self,
        name: str = "Demo",
        *,
        mode: Mode = "encrypted",
        app_id: str | None = None,
        secret: str | None = None,
        token: str | None = None,
        aes_key: str | None = None,
        allowed_ips: Iterable[str] | None = None,
    ) -> Account:
        """Adds an Official Account; what is not given is made up."""
        ids = self._world.ids
        account = Account(
            name=name,
            app_id=app_id or ids.app_id(),
            original_id=ids.original_id(),
            secret=secret or ids.text("secret", 32, HEX),
            token=token or ids.text("callback", 16, ALPHANUMERIC),
            aes_key=aes_key or ids.text("aes", 42, ALPHANUMERIC) + "0",
            mode=mode,
            allowed_ips=None if allowed_ips is None else frozenset(allowed_ips),
        )
        if account.app_id in self._world.accounts:
            raise ValueError(f"there is an account {account.app_id} already")
        self._world.accounts[account.app_id] = account
        return account

    def add_follower(self, name: str, *, account: Account | None = None, unionid: str = "") -> Follower:
        """Adds a person who follows an account already, or the only one there is; nobody is told."""
        if account is None:
            if len(self._world.accounts) != 1:
                raise ValueError(f"say which account {name} follows: there are {len(self._world.accounts)}")
            account = next(iter(self._world.accounts.values()))
        follower = Follower(self._world, name, account, self._world.ids.openid(), unionid)
        self._world.followers[follower.openid] = follower
        return follower

    def add_template(self, account: Account, content: str, *, title: str = "") -> Template:
        """Adds a message template with places like `{{first.DATA}}`."""
        return self._world.templates.add(account, content, title)

    def add_material(self, account: Account, kind: Kind, data: bytes, *, name: str = "") -> Media:
        """Adds permanent material; its media_id can be sent like that of temporary media."""
        return self._world.media.add(account, kind, data, name=name, permanent=True)

    def push_event(
        self, account: Account, fields: Mapping[str, Any], *, follower: Follower | None = None
    ) -> SentMessage:
        """Pushes any event: `Event` and what belongs to it; the rest is filled in.

        Args:
            account: To whose callback.
            fields: The fields; nested ones as mappings. They replace what is filled in.
            follower: Whose event it is; None: WeChat's own, as of a message to many.
        """
        who = follower or Follower(self._world, "WeChat", account, "mphelper", "")
        filled = {**self._world.envelope(who, "event"), **fields}
        return self._world.push(SentMessage(follower=who, kind=str(filled["MsgType"]), fields=filled))

    async def consents(self, follower: Follower, url: str) -> str:
        """Somebody opens an authorisation address and consents; returns where their browser is sent, with the code.

        Raises:
            ConsentPageError: The page shows an error instead of asking.
        """
        return consent.consents(self._world, follower, url)

    async def set_callback(self, account: Account, url: str, *, verify: bool = True) -> None:
        """Sets the account's callback address, which must pass the verification first, unless `verify` is False.

        Raises:
            CallbackRefusedError: It did not.
        """
        callback = Callback(account, self._world, url)
        try:
            if verify:
                await callback.verify()
        except BaseException:
            await callback.close()
            raise
        old = self._world.callbacks.get(account.app_id)
        self._world.callbacks[account.app_id] = callback
        if old is not None:
            await old.close()

    def callback(self, account: Account) -> Callback:
        """The account's callback address: for single requests that are forged, old or replayed.

        Raises:
            RuntimeError: It has none.
        """
        callback = self._world.callbacks.get(account.app_id)
        if callback is None:
            raise RuntimeError(f"{account.app_id} has no callback address: call set_callback first")
        return callback

    @property
    def messages(self) -> Sequence[BotMessage]:
        """The accounts' messages in the order of their arrival; the newest `settings.history`."""
        return self._world.messages

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
        """For watching callbacks and API calls."""
        return self._world.wire

    @property
    def world(self) -> World:
        """The state behind all this, for what the rest does not offer."""
        return self._world


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    # The default request refuses bodies above 1 MB; uploads are larger.
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)
