"""Who may talk to our accounts in private."""

from collections.abc import Callable, Iterable

from imbridge.config import AccountConfig, DirectPolicy
from imbridge.policy.identity import Name, account_of, is_user, parse_name
from imbridge.protocol import ButtonClicked, Channel, ChannelKind, ConfigError, Event, MenuClicked, Message


class DirectGate:
    """The gate for private chats, from each account's `dm_policy` and `allow_from`; groups pass it.

    Args:
        accounts: Their settings. Entries of `allow_from` may be ids, `platform:account/id`, or addresses.
        knows_kind: False when a channel's kind is a guess: who says or clicks something there has to be allowed.

    Raises:
        ConfigError: an entry of `allow_from` cannot be read.
    """

    def __init__(
        self, accounts: Iterable[AccountConfig], *, knows_kind: Callable[[Channel], bool] = lambda channel: True
    ) -> None:
        self._knows_kind = knows_kind
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
        names = self._allowed.get(account_of(item), ())
        return names is None or not self._may_be_private(item) or is_user(names, item)

    def _may_be_private(self, item: Message | Event) -> bool:
        """It happens in private, or may do so: menus are in private chats, and not every click tells where it was."""
        channel = item.channel
        if channel is None:
            return isinstance(item, ButtonClicked | MenuClicked)
        if channel.kind in (ChannelKind.PRIVATE, ChannelKind.USER):
            return True
        return isinstance(item, Message | ButtonClicked) and not self._knows_kind(channel)
