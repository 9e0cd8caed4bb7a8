"""Which groups several accounts are in, and how each of them addresses them."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence

from imbridge.adapters.base import Adapter
from imbridge.adapters.notes import Notes
from imbridge.protocol import Address, Channel, ChannelKind, ConfigError, ImbridgeError

log = logging.getLogger(__name__)

_NOTES = "groups"
_MOST = 10_000
_KEPT, _KEPT_AWAY = 600.0, 30.0
"""Seconds for which it is believed that a bot is in a group, and that it is not."""
_PATIENCE = 5.0
SHARED = (ChannelKind.GROUP, ChannelKind.GUILD)
"""Kinds of rooms with several people."""


class SharedChats:
    """Knows a group by one name, whichever account speaks of it.

    An account counts as a member of a group when settings say so, when something was delivered to it from there, or
    when the platform says so on being asked.

    Args:
        adapters: By account key.
        notes_of: The notes of an account; what it heard in earlier processes counts too.
        same: Groups that are one and the same, each as addresses.

    Raises:
        ConfigError: one of them is no address of a group.
    """

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        notes_of: Callable[[str], Notes],
        same: Iterable[Sequence[str]] = (),
    ) -> None:
        self._adapters = adapters
        self._notes_of = notes_of
        self._told: dict[str, dict[str, Channel]] = {}
        self._row_of: dict[tuple[str, str], str] = {}
        self._heard_in: dict[str, OrderedDict[str, str]] = {}
        self._asked: OrderedDict[tuple[str, str], asyncio.Future[tuple[float, bool]]] = OrderedDict()
        for number, row in enumerate(same, start=1):
            self._tell(f"same_chats {number}", row)

    def _tell(self, name: str, row: Sequence[str]) -> None:
        for written in row:
            try:
                channel = Address(written).channel
            except ValueError as error:
                raise ConfigError(f"same_chats: {error}", key="same_chats") from error
            if not is_shared(channel):
                raise ConfigError(f"same_chats: {written} is not the address of a group", key="same_chats")
            plain = channel.model_copy(update={"thread": None})
            self._told.setdefault(name, {})[channel.account_key] = plain
            self._row_of[channel.account_key, channel.id] = name

    async def recall(self, accounts: Iterable[str]) -> None:
        """Read what these accounts noted in earlier processes."""
        for account in accounts:
            heard = self._heard_in.setdefault(account, OrderedDict())
            for name, chat_id in (await self._notes_of(account).read(_NOTES, str)).items():
                heard.setdefault(name, chat_id)

    def name(self, channel: Channel) -> str:
        """What a group is called for all accounts; its address where nobody else can know it."""
        row = self._row_of.get((channel.account_key, channel.id))
        return row or self._own_name(channel) or channel.model_copy(update={"thread": None}).address

    def _own_name(self, channel: Channel) -> str:
        adapter = self._adapters.get(channel.account_key)
        found = adapter.chat_for_all(channel) if adapter is not None and is_shared(channel) else ""
        return f"{channel.platform} {found}" if found else ""

    def note(self, channel: Channel) -> None:
        """Something was delivered from a group: the account is in it."""
        name = self._own_name(channel)
        if not name:
            return
        heard = self._heard_in.setdefault(channel.account_key, OrderedDict())
        if heard.get(name) == channel.id:
            heard.move_to_end(name)
            return
        heard[name] = channel.id
        self._notes_of(channel.account_key).put(_NOTES, name, channel.id)
        while len(heard) > _MOST:
            oldest, _ = heard.popitem(last=False)
            self._notes_of(channel.account_key).drop(_NOTES, oldest)

    def knows(self, channel: Channel) -> bool:
        """Something came from this group, or the account was found to be in it."""
        return self._own_name(channel) in self._heard_in.get(channel.account_key, ())

    def leave(self, channel: Channel) -> None:
        """The account is in this group no more."""
        name = self._own_name(channel)
        if self._heard_in.get(channel.account_key, OrderedDict()).pop(name, None) is not None:
            self._notes_of(channel.account_key).drop(_NOTES, name)
        self._asked.pop((channel.account_key, name), None)

    async def seen_by(self, account: str, channel: Channel) -> Channel | None:
        """A group as another account addresses it; None when that is not known to be in it."""
        row = self._row_of.get((channel.account_key, channel.id))
        if row is not None and account in self._told[row]:
            return self._told[row][account].model_copy(update={"thread": channel.thread})
        name = self._own_name(channel)
        if not name:
            return None
        heard = self._heard_in.get(account, OrderedDict())
        there = channel.model_copy(update={"account": self._adapters[account].config.name, "name": None})
        if name in heard:
            return there.model_copy(update={"id": heard[name]})
        return there if await self._is_in(account, name, there) else None

    async def _is_in(self, account: str, name: str, channel: Channel) -> bool:
        clock = asyncio.get_running_loop().time
        asked = self._asked.get((account, name))
        if asked is not None:
            known = await asyncio.shield(asked)
            if clock() < known[0]:
                return known[1]
        asked = self._asked[account, name] = asyncio.get_running_loop().create_future()
        found = False
        try:
            found = await self._ask(account, channel)
        finally:
            asked.set_result((clock() + (_KEPT if found else _KEPT_AWAY), found))
            while len(self._asked) > _MOST:
                self._asked.popitem(last=False)
        return found

    async def _ask(self, account: str, channel: Channel) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._adapters[account].is_in(channel) is True
        except (ImbridgeError, TimeoutError) as error:
            why = str(error) or f"no answer within {_PATIENCE:g} s"
            log.warning("%s: nobody can tell whether %s is in that group: %s", channel.address, account, why)
            return False


def is_shared(channel: Channel) -> bool:
    """A room with several people, as opposed to a private chat or somebody as a target."""
    return channel.kind in SHARED
