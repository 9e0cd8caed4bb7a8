"""Who may talk to an account in private."""

from imbridge.config import AccountConfig, DirectPolicy
from imbridge.policy.identity import is_user, parse_name
from imbridge.protocol import ChannelKind, ConfigError, Event, Message


class DirectGate:
    """The gate of one account for private chats; groups pass it.

    Args:
        config: The account's settings: `dm_policy` and `allow_from`. Its entries may be ids, `platform:account/id`, or
            addresses.

    Raises:
        ConfigError: an entry of `allow_from` cannot be read.
    """

    def __init__(self, config: AccountConfig) -> None:
        self._open = config.dm_policy is DirectPolicy.OPEN
        try:
            self._allowed = tuple(parse_name(entry) for entry in config.allow_from)
        except ValueError as error:
            raise ConfigError(f"{config.key}: allow_from: {error}", key="allow_from") from error

    def admits(self, item: Message | Event) -> bool:
        """Whether it may go on. An event that belongs to no conversation passes."""
        if self._open or item.channel is None or item.channel.kind not in (ChannelKind.PRIVATE, ChannelKind.USER):
            return True
        return is_user(self._allowed, item)
