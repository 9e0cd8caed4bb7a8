"""The accounts' callback addresses."""

from typing import TYPE_CHECKING

from imbridge.emulators.common.callback import BaseCallbacks
from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.callback import Callback
from imbridge.emulators.wechat.message import SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.wechat.world import World


class Callbacks(BaseCallbacks[Account, Callback]):
    """All of them."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world

    async def set(self, account: Account, url: str, *, verify: bool = True) -> None:
        """Sets an account's address; it must give the echo back first, unless `verify` is False.

        Raises:
            CallbackRefusedError: It did not.
        """
        await self._put(account, Callback(account, self._world, url), verify=verify)

    def of(self, account: Account) -> Callback:
        """The account's address.

        Raises:
            RuntimeError: It has none.
        """
        return self._of(account)

    def push(self, sent: SentMessage) -> None:
        """Sends a message or event until it is answered, in the background."""
        self._world.stats.pushed += 1
        callback = self._by_owner.get(sent.follower.account)
        if callback is None:
            self._world.stats.callbacks_without_address += 1
            sent.settle("no_address")
        else:
            callback.push(sent)

    def _named(self, owner: Account) -> str:
        return owner.app_id
