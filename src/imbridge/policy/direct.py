"""Who may talk to our accounts in private."""

from collections.abc import Iterable

from imbridge.config import AccountConfig, DirectPolicy
from imbridge.policy.identity import Name, account_of, is_user, parse_name
from imbridge.protocol import ChannelKind, ConfigError, Event, Message


class DirectGate:
    """The gate for private chats, from each account's `dm_policy` and `allow_from`; groups pass it.

    Args:
        accounts: Their settings. Entries of `allow_from` may be ids, `platform:account/id`, or addresses.

    Raises:
        ConfigError: an entry of `allow_from` cannot be read.
    """

    def __init__(self, accounts: Iterable[AccountConfig]) -> None:
        self._allowed: dict[str, tuple[Name, ...] | None] = {}
        for account in accounts:
            is_open = account.dm_policy is DirectPolicy.OPEN
            try:
                names = tuple(parse_name(entry) for entry in account.allow_from)
            except ValueError as error:
                raise ConfigError(f"{account.key}: allow_from: {error}", key="allow_from") from error
            self._allowed[account.key] = None if is_open else names

    def may_write(self, item: Message | Event) -> bool:
        """Whether it may go on. Nobody may write in private to an account the gate was not told of."""
        if item.channel is None or item.channel.kind not in (ChannelKind.PRIVATE, ChannelKind.USER):
            return True
        names = self._allowed.get(account_of(item), ())
        return names is None or is_user(names, item)
