"""The emulator: start it, fill it with accounts and followers, and talk."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from imbridge.emulators.common.emulator import BaseEmulator
from imbridge.emulators.common.ids import ALPHANUMERIC
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
from imbridge.emulators.wechat.media import Kind, Media
from imbridge.emulators.wechat.message import BotMessage, SentMessage
from imbridge.emulators.wechat.settings import EmulatorSettings
from imbridge.emulators.wechat.stats import Stats
from imbridge.emulators.wechat.templates import Template
from imbridge.emulators.wechat.world import World

PARTS = (api_token, api_custom, api_media, api_users, api_template, api_menu, api_qrcode, api_web)


class WeChatEmulator(BaseEmulator[Stats, Faults]):
    """The Official Account platform on this machine; `base_url` stands for `https://api.weixin.qq.com`.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        seed: The same seed gives the same ids.
        settings: The platform's numbers.
    """

    _world: World

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, seed: int = 0, settings: EmulatorSettings | None = None
    ) -> None:
        self.settings = settings or EmulatorSettings()
        world = World(seed, self.settings)
        routes = Routes()
        for part in PARTS:
            part.add_routes(routes)
        super().__init__(world, Gateway(world, routes).handle, host, port)

    async def _end(self) -> None:
        await self._world.callbacks.close()

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
            secret=secret or ids.hex("secret", 32),
            token=token or ids.text("callback", 16, ALPHANUMERIC),
            aes_key=aes_key or ids.aes_key(),
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
        await self._world.callbacks.set(account, url, verify=verify)

    def callback(self, account: Account) -> Callback:
        """The account's callback address: for single requests that are forged, old or replayed.

        Raises:
            RuntimeError: It has none.
        """
        return self._world.callbacks.of(account)

    @property
    def messages(self) -> Sequence[BotMessage]:
        """The accounts' messages in the order of their arrival; the newest `settings.history`."""
        return self._world.messages

    @property
    def world(self) -> World:
        """The state behind all this, for what the rest does not offer."""
        return self._world
